#include "tests/chaos/chaos_test.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/chaos/process_tree.h"
#include "tests/chaos/result_table.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kSettings[] =
    "  check_interval: 1s\n  silence_limit: 3s\n  start_budget: 2s\n"
    "  start_limit: 4s\n  stop_grace: 1s\n  handshake_timeout: 10s\n"
    "  probe_timeout: 500ms\n";

// Prints what was found once all tests of this program are over.
class TablePrinter : public ::testing::Environment {
 public:
  void TearDown() override { std::cout << "\n" << ResultTable() << std::flush; }
};

const auto* const kTablePrinter =
    ::testing::AddGlobalTestEnvironment(new TablePrinter);

std::string TestName() {
  const auto* const info =
      ::testing::UnitTest::GetInstance()->current_test_info();
  return absl::StrCat(info->test_suite_name(), ".", info->name());
}

}  // namespace

// ---- The daemon

void ChaosTest::Open(const std::vector<std::string>& arguments,
                     const std::string& more,
                     const std::vector<std::string>& variables) {
  std::vector<std::string> all = {"--tick-interval-ms", "1000"};
  for (const std::string& argument : arguments) {
    if (argument == "{bad}") {
      all.insert(all.end(),
                 {"--bad-starts", "1", "--state-file", place_ / "starts"});
    } else {
      all.push_back(argument);
    }
  }
  // YAML takes no key twice: what a case sets replaces what all have.
  std::string settings = kSettings;
  for (size_t at = 0; at < more.size(); at = more.find('\n', at) + 1) {
    const std::string key = more.substr(at, more.find(':', at) + 1 - at);
    const size_t found = settings.find(key);
    if (found == settings.npos) continue;
    settings.erase(found, settings.find('\n', found) + 1 - found);
  }
  OpenWith(LaunchFake(all) + settings + more, variables);
}

void ChaosTest::OpenWith(const std::string& gateway_lines,
                         const std::vector<std::string>& variables) {
  WriteConfig(gateway_lines);
  StartDaemon(variables);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
  // A channel of its own for each test of this program.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  stub_ = v1::GatewayService::NewStub(grpc::CreateCustomChannel(
      "unix:" + socket(), grpc::InsecureChannelCredentials(), arguments));
  watch_ = std::make_unique<Watch>(*stub_);
  ASSERT_TRUE(watch_->Await(
      [](const Seen& seen) { return !seen.statuses.empty(); }, patience_));
  descriptors_ = DescriptorsOf(daemon_->pid());
}

v1::GatewayStatus ChaosTest::Status() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(5));
  v1::GetStatusResponse response;
  const grpc::Status status = stub_->GetStatus(&context, {}, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.status();
}

grpc::Status ChaosTest::Rpc(const std::string& method,
                            const std::string& params) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(10));
  v1::RpcRequest request;
  request.set_method(method);
  request.set_params_json(params);
  v1::RpcResponse response;
  return stub_->Rpc(&context, request, &response);
}

bool ChaosTest::AwaitStatus(
    const std::function<bool(const v1::GatewayStatus&)>& is_so) {
  return watch_->Await(
      [&](const Seen& seen) {
        return !seen.statuses.empty() && is_so(seen.statuses.back());
      },
      patience_);
}

void ChaosTest::AwaitPhase(v1::GatewayStatus::Phase phase) {
  ASSERT_TRUE(AwaitStatus([&](const auto& status) {
    return status.phase() == phase;
  })) << "not in "
      << v1::GatewayStatus::Phase_Name(phase) << " but "
      << Status().ShortDebugString();
}

// ---- What faults are made of

void ChaosTest::Signal(int number) const { ::kill(pid_, number); }

void ChaosTest::Send(const std::string& method, const std::string& params) {
  v1::RpcRequest request;
  request.set_method(method);
  request.set_params_json(params);
  sent_.push_back(std::make_unique<PendingRpc>(*stub_, request, seconds(60)));
}

void ChaosTest::StealPort(Behaviour behaviour) {
  FakeGatewayOptions options;
  options.port = port();
  options.token = "";
  options.behaviour = behaviour;
  ASSERT_TRUE(WaitFor([&] {
    thief_ = std::make_unique<FakeGateway>(options);
    return thief_->status().ok();
  }));
}

bool ChaosTest::Await(const std::function<bool(const Seen&)>& since_fault) {
  return watch_->Await(
      [&](const Seen& seen) { return since_fault(seen.Since(before_)); },
      patience_);
}

bool ChaosTest::IsFoundHealthy() {
  const auto before = Status().health().checked_at();
  const auto is_later = [&](const auto& at) {
    return std::pair(at.seconds(), at.nanos()) >
           std::pair(before.seconds(), before.nanos());
  };
  return WaitFor(
      [&] {
        const v1::HealthCheck health = Status().health();
        return health.ok() && is_later(health.checked_at());
      },
      patience_);
}

void ChaosTest::GiveStop() {
  stop_ = std::make_unique<PendingStop>(*stub_, v1::StopRequest(), patience_);
}

void ChaosTest::BeginStart() {
  start_ =
      std::make_unique<PendingStart>(*stub_, v1::StartRequest(), patience_);
}

// ---- One case

void ChaosTest::HoldCall(const Case& one, bool waiting) {
  v1::RpcRequest request;
  const char* const usual = waiting ? "fake.echo" : "fake.ignore";
  request.set_method(one.method == nullptr ? usual : one.method);
  request.set_params_json(one.params);
  request.set_wait_until_running(waiting);
  held_ = std::make_unique<PendingRpc>(*stub_, request, one.call_timeout);
  // Answered after the one before was sent.
  if (waiting) return;
  ASSERT_TRUE(Rpc("fake.echo").ok());
}

void ChaosTest::Reach(const Case& one) {
  const bool started = one.point != Point::kStopped;
  if (started) BeginStart();
  switch (one.point) {
    case Point::kStopped:
      return;
    case Point::kWaitingForPort:
      ASSERT_TRUE(AwaitStatus([](const auto& status) {
        return status.phase() == State::PHASE_WAITING_FOR_PORT &&
               status.has_pid();
      }));
      return HoldCall(one, true);
    case Point::kWaitingForReady:
      AwaitPhase(State::PHASE_WAITING_FOR_READY);
      return HoldCall(one, true);
    case Point::kConnecting:
      AwaitPhase(State::PHASE_CONNECTING);
      return HoldCall(one, true);
    case Point::kRunning:
    case Point::kReconnecting:
    case Point::kRelaunching:
    case Point::kTerminating:
    case Point::kRestartDelay:
      break;
  }
  const auto started_well = start_->Wait(patience_);
  ASSERT_TRUE(started_well && started_well->ok())
      << started_well->error_message();
  start_.reset();
  pid_ = Status().pid();
  if (one.point == Point::kRunning) return HoldCall(one, false);
  if (one.point == Point::kReconnecting) {
    ASSERT_TRUE(Rpc("fake.behave", R"({"behaviour":"upgrade_503"})").ok());
    Send("fake.drop");
    AwaitPhase(State::PHASE_BACKING_OFF);
    HoldCall(one, true);
  } else if (one.point == Point::kRelaunching) {
    Signal(SIGKILL);
    ASSERT_TRUE(AwaitStatus([](const auto& status) {
      return status.phase() == State::PHASE_BACKING_OFF && !status.has_pid();
    }));
    HoldCall(one, true);
  } else if (one.point == Point::kTerminating) {
    HoldCall(one, false);
    GiveStop();
    AwaitPhase(State::PHASE_TERMINATING);
  } else {
    restart_ = std::make_unique<PendingRestart>(*stub_, v1::RestartRequest(),
                                                patience_);
    AwaitPhase(State::PHASE_RESTART_DELAY);
    HoldCall(one, true);
  }
}

void ChaosTest::BeginFault() {
  const v1::GatewayStatus status = Status();
  if (status.has_pid()) pid_ = status.pid();
  before_ = watch_->Now();
  BeginRecovery();
}

void ChaosTest::Inject(const Case& one) {
  BeginFault();
  ASSERT_NO_FATAL_FAILURE(one.inject(*this));
  ExpectEnd(one);
  const std::string reason =
      one.reason == v1::REASON_UNSPECIFIED ? "" : ", " + Name(one.reason);
  const std::string call = held_ ? "; call " + Name(one.call) : "";
  Keep(one.fault, Name(one.point),
       absl::StrCat(Name(one.state), ", ", Name(one.process), reason, call),
       seen_);
  held_.reset();
  ReturnPort();
}

void ChaosTest::Run(const Case& one) {
  ASSERT_NO_FATAL_FAILURE(Reach(one));
  ASSERT_NO_FATAL_FAILURE(Inject(one));
  if (one.mend) one.mend();
  ExpectWorks();
  ExpectNoOtherChild();
  ExpectNothingLeft();
  ExpectSoundLog();
}

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
