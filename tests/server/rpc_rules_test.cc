// What calls are promised of order, bounds, time and the gateway's states.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/pending_rpc.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kNotSent = v1::GatewayError::OUTCOME_NOT_SENT;
constexpr auto kSentUnknown = v1::GatewayError::OUTCOME_SENT_UNKNOWN;
constexpr auto kReplied = v1::GatewayError::OUTCOME_REPLIED;

void ExpectFailure(const grpc::Status& status, StatusCode code,
                   const std::string& reason,
                   v1::GatewayError::Outcome outcome) {
  EXPECT_EQ(status.error_code(), code) << status.error_message();
  EXPECT_EQ(ReasonOf(status), reason) << status.error_message();
  const auto error = GatewayErrorOf(status);
  ASSERT_TRUE(error) << status.error_message();
  EXPECT_EQ(error->outcome(), outcome) << status.error_message();
}

v1::RpcRequest Patient(v1::RpcRequest request) {
  request.set_wait_until_running(true);
  return request;
}

v1::RpcRequest Final(v1::RpcRequest request) {
  request.set_await_final(true);
  return request;
}

// One call at a time, and one more whose final answer is awaited.
core::Config OneOfEach() {
  core::Config config;
  config.calls.max_in_flight = 1;
  config.calls.max_accepted = 1;
  return config;
}

// A server that is attached to a fake gateway.
class RpcRulesTest : public ::testing::Test {
 protected:
  explicit RpcRulesTest(FakeGatewayOptions options = {},
                        core::Config config = {})
      : gateway_(std::move(options)), served_(Attached(std::move(config))) {}

  core::Config Attached(core::Config config) {
    config.machine = AttachTo(gateway_).machine;
    return config;
  }

  void SetUp() override { ASSERT_TRUE(Start(stub()).ok()); }

  v1::GatewayService::Stub& stub() { return served_.stub(); }
  uint64_t LogEnd() { return GetStatus(stub()).log_position().sequence(); }

  // Which of the params [0], [1], ... came to the gateway, in order.
  std::vector<int> Arrived() const {
    std::vector<int> arrived;
    for (const std::string& frame : gateway_.frames()) {
      const size_t at = frame.find(R"("params":[)");
      if (at != std::string::npos) arrived.push_back(frame[at + 10] - '0');
    }
    return arrived;
  }

  FakeGateway gateway_;
  ServedGateway served_;
};

// ---- Order and places

class OneAtATimeTest : public RpcRulesTest {
 protected:
  OneAtATimeTest()
      : RpcRulesTest({.agent_delay = milliseconds(hours(1))}, OneOfEach()) {}

  // Takes the one place, until it is destroyed or cancelled.
  std::unique_ptr<PendingRpc> Occupy() {
    auto call = std::make_unique<PendingRpc>(stub(), RpcOf("fake.ignore"));
    EXPECT_TRUE(gateway_.WaitForMethod("fake.ignore"));
    return call;
  }
  std::unique_ptr<PendingRpc> Echo(int number) {
    return std::make_unique<PendingRpc>(
        stub(), RpcOf("fake.echo", "[" + std::to_string(number) + "]"));
  }
};

TEST_F(OneAtATimeTest, SendsInOrderOfArrivalOnceAPlaceIsFree) {
  const auto unanswered = Occupy();
  std::vector<std::unique_ptr<PendingRpc>> queued;
  for (int i = 0; i < 5; ++i) queued.push_back(Echo(i));

  unanswered->Cancel();

  for (auto& call : queued) EXPECT_TRUE(call->Status().ok());
  EXPECT_THAT(Arrived(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(unanswered->Status().error_code(), StatusCode::CANCELLED);
}

TEST_F(OneAtATimeTest, NeverSendsWhatWasCancelledInTheQueue) {
  const auto unanswered = Occupy();
  const auto first = Echo(1);
  const auto second = Echo(2);

  first->Cancel();
  // The server tells the ends of two calls in any order: one first.
  EXPECT_EQ(first->Status().error_code(), StatusCode::CANCELLED);
  GetStatus(stub());
  unanswered->Cancel();

  EXPECT_TRUE(second->Status().ok());
  EXPECT_THAT(Arrived(), ElementsAre(2));
}

TEST_F(OneAtATimeTest, EndsACallInTheQueueAtItsDeadlineUnsent) {
  const auto unanswered = Occupy();
  PendingRpc queued(stub(), RpcOf("fake.echo", "[1]"), milliseconds(2500));

  ExpectFailure(queued.Status(), StatusCode::DEADLINE_EXCEEDED, "TIMED_OUT",
                kNotSent);
  EXPECT_THAT(Arrived(), ElementsAre());
}

TEST_F(OneAtATimeTest, GivesThePlaceOfAnAcceptedCallToAnother) {
  PendingRpc agent(stub(), Final(RpcOf("agent", R"({"message":"ok"})")));
  ASSERT_TRUE(gateway_.WaitForMethod("agent"));

  EXPECT_TRUE(Call(stub(), "health").ok());
  EXPECT_FALSE(agent.IsOver());

  const auto beyond = PendingRpc(stub(), Final(RpcOf("agent", "{}"))).Status();
  ExpectFailure(beyond, StatusCode::RESOURCE_EXHAUSTED, "QUEUE_FULL", kReplied);

  agent.Cancel();
  EXPECT_EQ(agent.Status().error_code(), StatusCode::CANCELLED);
  PendingRpc next(stub(), Final(RpcOf("agent", "{}")));
  EXPECT_TRUE(Call(stub(), "health").ok());
  EXPECT_FALSE(next.IsOver()) << "it was accepted, and has no answer yet";
}

TEST_F(OneAtATimeTest, DoesNotKnowTheOutcomeOfAnAcceptedCallThatIsCutOff) {
  PendingRpc agent(stub(), Final(RpcOf("agent", R"({"message":"ok"})")));
  ASSERT_TRUE(gateway_.WaitForMethod("agent"));
  ASSERT_TRUE(Call(stub(), "health").ok());

  gateway_.DropAll();

  ExpectFailure(agent.Status(), StatusCode::ABORTED, "CONNECTION_LOST",
                kSentUnknown);
}

// ---- Answers that nobody waits for

TEST_F(RpcRulesTest, MakesNoEventOfALateAnswer) {
  const uint64_t before = LogEnd();
  PendingRpc held(stub(), RpcOf("fake.hold", "{}"));
  ASSERT_TRUE(gateway_.WaitForMethod("fake.hold"));
  held.Cancel();
  ASSERT_EQ(held.Status().error_code(), StatusCode::CANCELLED);

  ASSERT_TRUE(Call(stub(), "fake.release").ok());
  ASSERT_TRUE(Call(stub(), "fake.duplicate").ok());
  ASSERT_TRUE(Call(stub(), "fake.emit").ok());

  ASSERT_TRUE(WaitFor([&] { return LogEnd() > before; }));
  EXPECT_EQ(LogEnd(), before + 1) << "of the event alone";
}

TEST_F(RpcRulesTest, MakesNoEventOfASecondAnswerThatIsNotAwaited) {
  const uint64_t before = LogEnd();
  ASSERT_TRUE(Call(stub(), "agent", R"({"message":"ok"})").ok());
  // Comes 20 ms after that of the first, and so after its second answer.
  ASSERT_TRUE(PendingRpc(stub(), Final(RpcOf("agent", R"({"message":"ok"})")))
                  .Status()
                  .ok());
  ASSERT_TRUE(Call(stub(), "fake.emit").ok());

  ASSERT_TRUE(WaitFor([&] { return LogEnd() > before; }));
  EXPECT_EQ(LogEnd(), before + 1);
}

// ---- Sizes

TEST_F(RpcRulesTest, DiscardsAnAnswerAbove32MiBAndNothingElse) {
  constexpr int kLimit = 32 * 1024 * 1024;
  const auto huge = [](int bytes) {
    return RpcOf("fake.huge", R"({"bytes":)" + std::to_string(bytes) + "}");
  };
  PendingRpc held(stub(), RpcOf("fake.hold", R"({"still":"here"})"));
  ASSERT_TRUE(gateway_.WaitForMethod("fake.hold"));

  PendingRpc largest(stub(), huge(kLimit - 2));
  ASSERT_TRUE(largest.Status().ok()) << largest.Status().error_message();
  EXPECT_EQ(largest.response().result_json().size(), size_t{kLimit});

  PendingRpc too_large(stub(), huge(kLimit + 100'000));
  ExpectFailure(too_large.Status(), StatusCode::RESOURCE_EXHAUSTED,
                "ANSWER_TOO_LARGE", kReplied);

  ASSERT_TRUE(Call(stub(), "fake.release").ok());
  ASSERT_TRUE(held.Status().ok()) << "the socket stayed";
  EXPECT_EQ(held.response().result_json(), R"({"still":"here"})");
}

TEST_F(RpcRulesTest, BoundsWhatIsSaidOfAnError) {
  const grpc::Status status =
      Call(stub(), "fake.error",
           R"({"code":"UNAVAILABLE","message":")" + std::string(5'000, 'm') +
               R"(","details":")" + std::string(50'000, 'd') +
               R"(","payload":")" + std::string(50'000, 'p') + R"("})");

  EXPECT_LE(status.error_message().size(), 1024u);
  EXPECT_GT(status.error_message().size(), 900u);
  EXPECT_LE(status.error_details().size(), 4096u);
  ExpectFailure(status, StatusCode::FAILED_PRECONDITION, "UNAVAILABLE",
                kReplied);
  EXPECT_TRUE(GatewayErrorOf(status)->truncated());
}

// ---- What the gateway says

TEST_F(RpcRulesTest, GivesTheGatewaysCodesTheirStatus) {
  const auto status = [this](const std::string& params) {
    return Call(stub(), "fake.error", params);
  };
  const std::pair<const char*, StatusCode> kCodes[] = {
      {"INVALID_REQUEST", StatusCode::INVALID_ARGUMENT},
      {"FORBIDDEN", StatusCode::PERMISSION_DENIED},
      {"NOT_PAIRED", StatusCode::FAILED_PRECONDITION},
      {"NOT_LINKED", StatusCode::FAILED_PRECONDITION},
      {"APPROVAL_NOT_FOUND", StatusCode::NOT_FOUND},
      {"AGENT_TIMEOUT", StatusCode::DEADLINE_EXCEEDED},
      {"UNAVAILABLE", StatusCode::FAILED_PRECONDITION}};
  for (const auto& [code, expected] : kCodes) {
    ExpectFailure(status(std::string(R"({"code":")") + code + "\"}"), expected,
                  code, kReplied);
  }
  ExpectFailure(status(R"({"code":"UNAVAILABLE","retryable":true})"),
                StatusCode::UNAVAILABLE, "UNAVAILABLE", kReplied);
  ExpectFailure(
      status(R"({"code":"INVALID_REQUEST","message":"missing scope: a.b"})"),
      StatusCode::PERMISSION_DENIED, "INVALID_REQUEST", kReplied);
  const auto other = status(R"({"code":"NEW_ONE","message":"no"})");
  ExpectFailure(other, StatusCode::UNKNOWN, "NEW_ONE", kReplied);
  EXPECT_THAT(other.error_message(), HasSubstr(R"("code":"NEW_ONE")"));
}

TEST_F(RpcRulesTest, WaitsForTheAnswerAlmostAsLongAsItsCaller) {
  const auto begin = steady_clock::now();
  PendingRpc call(stub(), RpcOf("fake.ignore"), milliseconds(1'000));

  EXPECT_EQ(call.Status().error_code(), StatusCode::DEADLINE_EXCEEDED);

  EXPECT_GE(steady_clock::now() - begin, milliseconds(975));
}

// ---- States

TEST(RpcWhileStartingTest, FailsAtOnceOrWaits) {
  FakeGateway gateway;
  gateway.SetReady(false);
  ServedGateway served(AttachTo(gateway));
  grpc::ClientContext context;
  v1::StartRequest start;
  start.set_no_wait(true);
  v1::StartResponse started;
  ASSERT_TRUE(served.stub().Start(&context, start, &started).ok());
  ASSERT_TRUE(WaitForState(served.stub(), v1::GatewayStatus::STATE_STARTING));

  PendingRpc waiting(served.stub(), Patient(RpcOf("health")));
  ExpectFailure(Call(served.stub(), "health"), StatusCode::UNAVAILABLE,
                "NOT_RUNNING", kNotSent);
  EXPECT_FALSE(waiting.IsOver());

  gateway.SetReady(true);
  EXPECT_TRUE(waiting.Status().ok()) << waiting.Status().error_message();
}

TEST(RpcWhileStoppingTest, FailsAtOnceOrWaitsWhereAStartFollows) {
  ServedGateway served(LaunchFake({"--slow-term-ms", "2000"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  grpc::ClientContext context;
  v1::RestartRequest restart;
  restart.set_no_wait(true);
  v1::RestartResponse restarted;
  ASSERT_TRUE(served.stub().Restart(&context, restart, &restarted).ok());
  ASSERT_TRUE(WaitForState(served.stub(), v1::GatewayStatus::STATE_STOPPING));

  PendingRpc waiting(served.stub(), Patient(RpcOf("health")));
  ExpectFailure(Call(served.stub(), "health"), StatusCode::UNAVAILABLE,
                "NOT_RUNNING", kNotSent);
  EXPECT_EQ(GetStatus(served.stub()).state(),
            v1::GatewayStatus::STATE_STOPPING);

  EXPECT_TRUE(waiting.Status().ok()) << waiting.Status().error_message();
}

TEST(RpcWhileStoppingTest, FailsWhereNoStartFollows) {
  ServedGateway served(LaunchFake({"--ignore-sigterm"}));
  ASSERT_TRUE(Start(served.stub()).ok());
  auto stop = [&](bool force) {
    grpc::ClientContext context;
    v1::StopRequest request;
    request.set_force(force);
    request.mutable_grace()->set_seconds(300);
    v1::StopResponse response;
    return served.stub().Stop(&context, request, &response).ok();
  };
  auto stopped = std::async(std::launch::async, stop, false);
  ASSERT_TRUE(WaitForState(served.stub(), v1::GatewayStatus::STATE_STOPPING));

  PendingRpc call(served.stub(), Patient(RpcOf("health")));

  ExpectFailure(call.Status(), StatusCode::FAILED_PRECONDITION, "NOT_RUNNING",
                kNotSent);
  EXPECT_TRUE(stop(true));
  EXPECT_TRUE(stopped.get());
}

TEST(RpcInErrorTest, FailsAndSaysWhatToDo) {
  ServedGateway served(LaunchFake({"--exit-code", "1"}));
  ASSERT_FALSE(Start(served.stub()).ok());
  ASSERT_TRUE(WaitForState(served.stub(), v1::GatewayStatus::STATE_ERROR));

  PendingRpc call(served.stub(), Patient(RpcOf("health")));

  ExpectFailure(call.Status(), StatusCode::FAILED_PRECONDITION, "NOT_RUNNING",
                kNotSent);
  EXPECT_THAT(call.Status().error_message(), HasSubstr("start"));
}

// ---- Traces

constexpr char kTraceParent[] =
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

// What the gateway gets of a call with this metadata.
std::string FrameOfTraced(ServedGateway& served, FakeGateway& gateway,
                          const std::string& traceparent) {
  gateway.ClearFrames();
  grpc::ClientContext context;
  context.AddMetadata("traceparent", traceparent);
  v1::RpcResponse response;
  const auto status =
      served.stub().Rpc(&context, RpcOf("fake.echo", "{}"), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return gateway.WaitForMethod("fake.echo").value_or("");
}

TEST_F(RpcRulesTest, HandsATraceOnToTheGateway) {
  EXPECT_THAT(
      FrameOfTraced(served_, gateway_, kTraceParent),
      HasSubstr(std::string(R"("traceparent":")") + kTraceParent + '"'));
}

TEST_F(RpcRulesTest, IgnoresATraceThatIsNotInOrder) {
  for (const char* const text :
       {"", "00", "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        R"(00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0")"}) {
    const std::string frame = FrameOfTraced(served_, gateway_, text);
    EXPECT_THAT(frame, HasSubstr("fake.echo")) << text;
    EXPECT_THAT(frame, Not(HasSubstr("traceparent"))) << text;
  }
}

TEST(RpcToAnOldGatewayTest, HasNoTrace) {
  FakeGateway gateway({.protocol = 3});
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());

  const std::string frame = FrameOfTraced(served, gateway, kTraceParent);

  EXPECT_THAT(frame, HasSubstr("fake.echo"));
  EXPECT_THAT(frame, Not(HasSubstr("traceparent")));
}

}  // namespace
}  // namespace clawplane::testing
