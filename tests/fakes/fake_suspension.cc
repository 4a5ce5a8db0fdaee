// The methods by which the gateway finishes its work, as 2026.9.6 has them.

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_handshake.h"
#include "tests/fakes/fake_methods.h"

namespace clawplane::testing {
namespace {

constexpr char kLease[] = "lease-1";
constexpr int64_t kLeaseMs = 120'000;
constexpr int64_t kRetryMs = 20'000;

std::string State(const FakeSuspension& suspension) {
  const int64_t work = suspension.work;
  std::string state =
      absl::StrCat(R"({"status":)", work > 0 ? R"("draining")" : R"("ready")",
                   R"(,"suspensionId":)", Quote(kLease), R"(,"expiresAtMs":)",
                   NowMs() + kLeaseMs);
  if (work == 0) return state + "}";
  return absl::StrCat(
      state, R"(,"retryAfterMs":)", kRetryMs, R"(,"activeCount":)", work,
      R"(,"blockers":[{"kind":"root-request","count":)", work, R"(,"message":)",
      Quote(absl::StrCat(work, " active requests")), "}]}");
}

void Prepare(const FakeCall& call) {
  if (!call.params.Flag("drain")) return call.Refuse("only with drain here");
  call.server().suspension().leased = true;
  call.server().TellSuspension();
  call.Answer(State(call.server().suspension()));
}

void AnswerStatus(const FakeCall& call) {
  const FakeSuspension& suspension = call.server().suspension();
  if (!suspension.leased) return call.Answer(R"({"status":"running"})");
  if (call.params.String("suspensionId", "") != kLease) {
    return call.Refuse("another lease is held");
  }
  call.Answer(State(suspension));
}

void Resume(const FakeCall& call) {
  call.server().suspension().leased = false;
  call.server().TellSuspension();
  call.Answer(R"({"ok":true,"status":"running","resumed":true})");
}

// {count}: so much work there is from now on.
void SetWork(const FakeCall& call) {
  call.Answer(R"({"ok":true})");
  call.server().SetWork(call.params.Integer("count", 1), true);
}

// The lease is over, as after two minutes.
void Expire(const FakeCall& call) {
  call.server().suspension().leased = false;
  call.Answer(R"({"ok":true})");
}

}  // namespace

void FakeServer::TellSuspension() {
  const char* const phase = !suspension_.leased    ? "accepting"
                            : suspension_.work > 0 ? "draining"
                                                   : "prepared";
  Broadcast("gateway.suspension", absl::StrCat(R"({"phase":")", phase, "\"}"));
}

void FakeServer::SetWork(int64_t work, bool tell) {
  suspension_.work = work;
  if (tell && suspension_.leased) TellSuspension();
}

const FakeMethodTable& SuspensionMethods() {
  static const auto* const kMethods = new FakeMethodTable{
      {"gateway.suspend.prepare", {"operator.admin", Prepare}},
      {"gateway.suspend.status", {"operator.read", AnswerStatus}},
      {"gateway.suspend.resume", {"operator.admin", Resume}},
      {"fake.work", {"", SetWork}},
      {"fake.expire_lease", {"", Expire}},
  };
  return *kMethods;
}

}  // namespace clawplane::testing
