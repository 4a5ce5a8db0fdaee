// What is looked at after each fault.

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/chaos/chaos_test.h"
#include "tests/chaos/process_tree.h"
#include "tests/chaos/result_table.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::string TestName() {
  const auto* const info =
      ::testing::UnitTest::GetInstance()->current_test_info();
  return absl::StrCat(info->test_suite_name(), ".", info->name());
}

}  // namespace

std::string ChaosTest::Describe(const v1::GatewayStatus& status,
                                const Seen& since) {
  const Process process = !status.has_pid()      ? Process::kNone
                          : status.pid() == pid_ ? Process::kSame
                                                 : Process::kOther;
  std::string text = absl::StrCat(Name(status.state()), ", ", Name(process));
  for (int i = v1::Reason_MIN; i <= v1::Reason_MAX; ++i) {
    const auto reason = static_cast<v1::Reason>(i);
    if (i == 0 || !v1::Reason_IsValid(i) || !since.Has(reason)) continue;
    absl::StrAppend(&text, ", ", Name(reason));
  }
  return text;
}

void ChaosTest::ExpectEnd(const Case& one) {
  const auto ended = [&](const Seen& since) {
    if (one.also && !one.also(since)) return false;
    if (since.statuses.empty() && !one.also) return false;
    const v1::GatewayStatus& status = since.statuses.empty()
                                          ? before_.statuses.back()
                                          : since.statuses.back();
    if (status.state() != one.state) return false;
    switch (one.process) {
      case Process::kSame:
        return status.pid() == pid_;
      case Process::kOther:
        return status.has_pid() && status.pid() != pid_;
      case Process::kNone:
        return !status.has_pid();
    }
    return false;
  };
  const bool as_expected = Await(ended);
  took_ =
      std::chrono::duration_cast<milliseconds>(steady_clock::now() - fault_at_);
  const v1::GatewayStatus status = Status();
  const Seen since = watch_->Now().Since(before_);
  seen_ = Describe(status, since);
  EXPECT_TRUE(as_expected) << status.ShortDebugString();
  if (one.reason != v1::REASON_UNSPECIFIED) {
    EXPECT_TRUE(since.Has(one.reason)) << seen_;
  }
  if (one.state == State::STATE_RUNNING) {
    EXPECT_FALSE(status.has_error()) << status.error().ShortDebugString();
  }
  if (one.process != Process::kSame && pid_ != 0) {
    EXPECT_FALSE(IsAlive(pid_));
  }
  ExpectOrderEnded(one.state);
  ExpectCallsEnded(one);
}

void ChaosTest::ExpectCallsEnded(const Case& one) {
  for (const auto& sent : sent_) {
    EXPECT_TRUE(sent->Wait(patience_)) << "the call that did the fault hangs";
  }
  sent_.clear();
  if (!held_) return;
  const auto call = held_->Wait(patience_);
  absl::StrAppend(&seen_, "; call ", call ? Name(call->error_code()) : "hangs");
  ASSERT_TRUE(call) << "the call made before the fault hangs";
  EXPECT_EQ(call->error_code(), one.call) << call->error_message();
}

void ChaosTest::ExpectOrderEnded(v1::GatewayStatus::State state) {
  const auto expect = [&](auto& order, bool succeeds) {
    if (order == nullptr) return;
    const auto status = order->Wait(patience_);
    ASSERT_TRUE(status) << "an order given before the fault hangs";
    EXPECT_EQ(status->ok(), succeeds) << status->error_message();
    order.reset();
  };
  expect(start_, state == State::STATE_RUNNING);
  expect(restart_, state == State::STATE_RUNNING);
  expect(stop_, true);
}

void ChaosTest::ExpectWorks() {
  if (Status().state() != State::STATE_RUNNING) {
    BeginStart();
    const auto started = start_->Wait(patience_);
    ASSERT_TRUE(started);
    EXPECT_TRUE(started->ok()) << started->error_message();
    start_.reset();
  }
  const grpc::Status answered = Rpc("fake.echo");
  EXPECT_TRUE(answered.ok()) << answered.error_message();
}

void ChaosTest::ExpectNoOtherChild() {
  const std::set<pid_t> expected = {static_cast<pid_t>(Status().pid())};
  EXPECT_EQ(ChildrenOf(daemon_->pid()), expected);
}

void ChaosTest::ExpectNothingLeft() {
  GiveStop();
  const auto stopped = stop_->Wait(patience_);
  ASSERT_TRUE(stopped && stopped->ok());
  stop_.reset();
  EXPECT_EQ(Status().state(), State::STATE_STOPPED);
  EXPECT_THAT(ChildrenOf(daemon_->pid()), ::testing::IsEmpty());
  const auto more = [&] {
    return MoreDescriptors(descriptors_, DescriptorsOf(daemon_->pid()));
  };
  EXPECT_TRUE(WaitFor([&] { return more().empty(); }, seconds(5))) << more();
}

void ChaosTest::ExpectSoundLog() {
  const uint64_t end = Status().log_position().sequence();
  EXPECT_TRUE(watch_->Await(
      [&](const Seen& seen) {
        return !seen.events.empty() && seen.events.back().sequence() >= end;
      },
      patience_));
  const Seen seen = watch_->Now();
  EXPECT_EQ(FaultOfLog(seen.events), "");
  uint64_t revision = 0;
  for (const v1::GatewayStatus& status : seen.statuses) {
    EXPECT_GT(status.revision(), revision) << "an older status came later";
    revision = status.revision();
  }
  EXPECT_EQ(Status().revision(), revision);
  watch_.reset();
}

void ChaosTest::Keep(const std::string& fault, const std::string& phase,
                     const std::string& expected, const std::string& seen) {
  KeepResult(TestName() + "." + fault, {fault, phase, expected, seen, took_});
}

}  // namespace clawplane::testing
