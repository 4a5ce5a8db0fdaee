// What becomes of calls while the gateway cannot be reached, and when it goes.

#include "core/model/text.h"
#include "tests/core/io/manager_call_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

// ---- The gateway does not run

TEST_F(ManagerCallTest, RefusesCallsWhileStoppedAndSaysWhatToDo) {
  Begin(Mode::kAttach);

  const Answer answer = Ask("fake.echo");
  const Answer patient = Result(Call(Patient("fake.echo")));

  ExpectFailed(answer, Reason::kNotRunning, Outcome::kNotSent);
  EXPECT_THAT(answer.failed->fault.next_step, HasSubstr("start"));
  ExpectFailed(patient, Reason::kNotRunning, Outcome::kNotSent);
}

TEST_F(ManagerCallTest, RefusesCallsInErrorWithTheCause) {
  ServeForeign({BehaviourKind::kRefuseToken});
  Begin(Mode::kAttach);
  EXPECT_TRUE(Result(Start()).fault);

  const Answer answer = Ask("fake.echo");

  ExpectFailed(answer, Reason::kNotRunning, Outcome::kNotSent);
  EXPECT_THAT(answer.failed->fault.message, HasSubstr("token mismatch"));
}

TEST_F(ManagerCallTest, PutsCallsOffWhileStarting) {
  Begin(Mode::kAttach);
  Start();

  ExpectFailed(Ask("fake.echo"), Reason::kNotRunning, Outcome::kNotSent, true);
}

TEST_F(ManagerCallTest, LetsCallsWaitUntilItRuns) {
  Begin(Mode::kAttach);
  Start();
  const auto first = Call(Patient("fake.echo", "[1]"));
  const auto second = Call(Patient("fake.echo", "[2]"));
  ServeForeign();

  AwaitState(State::kRunning, Time::kFlies);

  EXPECT_EQ(Result(first).payload, "[1]");
  EXPECT_EQ(Result(second).payload, "[2]");
}

TEST_F(ManagerCallTest, LetsCallsWaitThroughARestart) {
  RunLaunched();
  OnStrand([this] { life().on_terminate.reset(); });
  const auto restart = Restart();
  ExpectFailed(Ask("fake.echo"), Reason::kNotRunning, Outcome::kNotSent, true);
  const auto patient = Call(Patient("fake.echo"));

  OnStrand([this] { life().Exit(ExitStatus::Exited(0)); });

  EXPECT_FALSE(Result(restart).fault);
  EXPECT_TRUE(Result(patient).answered());
}

TEST_F(ManagerCallTest, EndsWaitingCallsWhenStopped) {
  Begin(Mode::kAttach);
  Start();
  const auto call = Call(Patient("fake.echo"));

  Stop();

  ExpectFailed(Result(call), Reason::kNotRunning, Outcome::kNotSent);
}

// ---- The connection is lost

TEST_F(ManagerCallTest, KnowsNotWhatBecameOfASentCall) {
  FakeGateway& gateway = RunAttached();
  const auto call = Call(Request("fake.ignore"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.ignore"));

  gateway.DropAll();

  ExpectFailed(Result(call), Reason::kConnectionLost, Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, KnowsNotWhatBecameOfACallThatIsAnsweredByAClose) {
  RunAttached();

  ExpectFailed(Ask("fake.drop"), Reason::kConnectionLost,
               Outcome::kSentUnknown);
  AwaitState(State::kRunning, Time::kFlies);
  ExpectFailed(Ask("fake.close", R"({"code":1012})"), Reason::kConnectionLost,
               Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, KnowsNotWhatBecameOfAnAcceptedCall) {
  FakeGatewayOptions options = Options();
  options.agent_delay = minutes(10);
  foreign_ = std::make_unique<FakeGateway>(options);
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);
  const auto call = Call(Final("agent", R"({"message":"ok"})"));
  EXPECT_TRUE(Ask("fake.echo").answered());

  foreign_->DropAll();

  ExpectFailed(Result(call), Reason::kConnectionLost, Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, KnowsThatWhatWasNeverWrittenWasNotSent) {
  FakeGateway& gateway = RunAttached();
  EXPECT_TRUE(Ask("fake.pause_reading", R"({"ms":600000})").answered());
  // More than the buffers of both ends hold.
  const auto begun = Call(
      Request("fake.echo", Concat("[\"", std::string(16'000'000, 'x'), "\"]")));
  const auto behind = Call(Request("fake.echo"));

  gateway.DropAll();

  ExpectFailed(Result(begun), Reason::kConnectionLost, Outcome::kSentUnknown);
  ExpectFailed(Result(behind), Reason::kConnectionLost, Outcome::kNotSent,
               true);
}

TEST_F(ManagerCallTest, KeepsQueuedCallsThatWaitWhenTheConnectionIsLost) {
  config_.calls.max_in_flight = 1;
  FakeGateway& gateway = RunAttached();
  const auto sent = Call(Request("fake.ignore"));
  const auto hasty = Call(Request("fake.echo"));
  const auto patient = Call(Patient("fake.echo"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.ignore"));

  gateway.DropAll();

  ExpectFailed(Result(sent), Reason::kConnectionLost, Outcome::kSentUnknown);
  ExpectFailed(Result(hasty), Reason::kNotRunning, Outcome::kNotSent, true);
  EXPECT_FALSE(patient->has_value());
  AwaitState(State::kRunning, Time::kFlies);
  EXPECT_TRUE(Result(patient).answered());
}

TEST_F(ManagerCallTest, EndsCallsWhenTheGatewayIsStopped) {
  FakeGateway& gateway = RunAttached();
  const auto call = Call(Request("fake.ignore"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.ignore"));

  Stop();

  ExpectFailed(Result(call), Reason::kConnectionLost, Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, EndsCallsWhenTheProcessDies) {
  FakeGateway& gateway = RunLaunched();
  const auto call = Call(Request("fake.ignore"));
  ASSERT_TRUE(gateway.WaitForMethod("fake.ignore"));

  OnStrand([this] { life().Exit(ExitStatus::Exited(1)); });

  ExpectFailed(Result(call), Reason::kConnectionLost, Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, CarriesManyCallsAtOnce) {
  FakeGateway& gateway = RunAttached();
  std::vector<Later<Answer>> calls;
  for (int i = 0; i < 1000; ++i) {
    calls.push_back(Call(Request("fake.echo", Concat("[", i, "]"))));
  }

  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Result(calls[i]).payload, Concat("[", i, "]"));
  }
  EXPECT_EQ(gateway.connections(), 1);
}

}  // namespace
}  // namespace clawplane::core
