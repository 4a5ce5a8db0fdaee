// What becomes of calls.

#include "core/model/text.h"
#include "tests/core/io/manager_call_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- Answers

TEST_F(ManagerCallTest, CarriesPayloadsUntouched) {
  RunAttached();
  const std::string params =
      R"({"b": 1,"a":[ 9007199254740993, 1.50E3 ],"a":"\u00e9ü\u2028"})";

  const Answer answer = Ask("fake.echo", params);

  EXPECT_EQ(answer.payload, params);
}

TEST_F(ManagerCallTest, TellsNoPayloadFromANullOne) {
  RunAttached();

  const Answer none = Ask("fake.no_payload");
  const Answer null = Ask("fake.echo", "null");
  const Answer omitted = Ask("fake.echo");

  EXPECT_TRUE(none.answered());
  EXPECT_EQ(none.payload, std::nullopt);
  EXPECT_EQ(null.payload, "null");
  EXPECT_EQ(omitted.payload, std::nullopt);
}

TEST_F(ManagerCallTest, GivesTheFinalOfTwoAnswersWhenAskedTo) {
  RunAttached();

  const Answer answer =
      Result(Call(Final("agent", R"({"message":"ok","runId":"r1"})")));

  ASSERT_TRUE(answer.payload);
  EXPECT_THAT(*answer.payload, HasSubstr(R"("status":"ok")"));
}

TEST_F(ManagerCallTest, GivesAFinalRefusalWithItsPayload) {
  RunAttached();

  const Answer answer = Result(Call(Final("agent", R"({"message":"bad"})")));

  ASSERT_TRUE(answer.refused);
  EXPECT_EQ(answer.refused->error.code, "UNAVAILABLE");
  EXPECT_THAT(answer.refused->payload_json, HasSubstr(R"("status":"error")"));
}

TEST_F(ManagerCallTest, GivesTheFirstOfTwoAnswersOtherwise) {
  FakeGatewayOptions options = Options();
  options.agent_delay = {};
  foreign_ = std::make_unique<FakeGateway>(options);
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);

  const Answer answer = Ask("agent", R"({"message":"ok"})");
  Ask("fake.delay", R"({"ms":1})");

  ASSERT_TRUE(answer.payload);
  EXPECT_THAT(*answer.payload, HasSubstr(R"("status":"accepted")"));
  EXPECT_THAT(EventsOf(EventKind::kUnrecognizedMessage), IsEmpty());
}

TEST_F(ManagerCallTest, TakesTheFirstOfDuplicateAnswers) {
  RunAttached();

  const Answer answer = Ask("fake.duplicate");
  Ask("fake.echo");

  EXPECT_EQ(answer.payload, R"({"answer":1})");
  EXPECT_THAT(EventsOf(EventKind::kUnrecognizedMessage), IsEmpty());
}

TEST_F(ManagerCallTest, MakesAnEventOfAnAnswerToWhatWasNeverAsked) {
  RunAttached();

  EXPECT_TRUE(Ask("fake.answer_unknown").answered());

  const auto events = EventsOf(EventKind::kUnrecognizedMessage);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_THAT(std::get<UnrecognizedDetail>(events[0].what.detail).why,
              HasSubstr("\"never-sent\""));
}

TEST_F(ManagerCallTest, ReadsAnAnswerThatIsNotOkWithoutAnError) {
  RunAttached();

  const Answer answer = Ask("fake.ok_false");

  ASSERT_TRUE(answer.refused);
  EXPECT_EQ(answer.refused->error.code, "");
  EXPECT_EQ(answer.refused->error_json, "");
}

TEST_F(ManagerCallTest, GivesAllThatARefusalSays) {
  RunAttached();

  const Answer answer =
      Ask("fake.error", R"({"code":"BUSY","message":"later","retryable":true,)"
                        R"("retryAfterMs":250,"details":{"a":1}})");

  ASSERT_TRUE(answer.refused);
  EXPECT_EQ(answer.refused->error.code, "BUSY");
  EXPECT_EQ(answer.refused->error.message, "later");
  EXPECT_TRUE(answer.refused->error.retryable);
  EXPECT_EQ(answer.refused->error.retry_after, std::chrono::milliseconds(250));
  EXPECT_EQ(answer.refused->error.details_json, R"({"a":1})");
}

TEST_F(ManagerCallTest, TakesJsonRpcResponsesForAnswers) {
  FakeGateway& gateway = RunAttached();
  CallId good_id = 0;
  CallId bad_id = 0;
  const auto good = Call(Request("fake.ignore"), &good_id);
  const auto bad = Call(Request("fake.ignore"), &bad_id);
  EXPECT_TRUE(Ask("fake.echo").answered());

  gateway.SendRaw(
      Concat(R"({"jsonrpc":"2.0","id":)", good_id, R"(,"result":{"a":1}})"));
  gateway.SendRaw(Concat(R"({"jsonrpc":"2.0","id":")", bad_id,
                         R"(","error":{"code":-32601,"message":"no"}})"));

  EXPECT_EQ(Result(good).payload, R"({"a":1})");
  const Answer refused = Result(bad);
  ASSERT_TRUE(refused.refused);
  EXPECT_EQ(refused.refused->error.message, "no");
}

TEST_F(ManagerCallTest, DiscardsAnAnswerOverTheLimitAndKeepsTheSocket) {
  FakeGateway& gateway = RunAttached();

  const Answer answer = Ask("fake.huge", R"({"bytes":3000000})");

  ExpectFailed(answer, Reason::kAnswerTooLarge, Outcome::kReplied);
  EXPECT_TRUE(Ask("fake.echo").answered());
  EXPECT_EQ(gateway.connections(), 1);
  EXPECT_THAT(EventsOf(EventKind::kUnrecognizedMessage), IsEmpty());
}

TEST_F(ManagerCallTest, SendsTheNextCallAfterAnAnswerOverTheLimit) {
  config_.calls.max_in_flight = 1;
  RunAttached();

  const auto huge = Call(Request("fake.huge", R"({"bytes":3000000})"));
  const auto next = Call(Request("fake.echo"));

  EXPECT_TRUE(Result(huge).failed);
  EXPECT_TRUE(Result(next).answered());
}

TEST_F(ManagerCallTest, TakesAnAnswerInABinaryFrame) {
  RunAttached();

  EXPECT_EQ(Ask("fake.binary", R"({"answer":true})").payload, R"({"ok":true})");
}

TEST_F(ManagerCallTest, SurvivesMessagesThatAreNotUnderstood) {
  FakeGateway& gateway = RunAttached();

  EXPECT_TRUE(Ask("fake.garbage").answered());
  EXPECT_TRUE(Ask("fake.binary").answered());

  EXPECT_EQ(EventsOf(EventKind::kUnrecognizedMessage).size(), 2u);
  EXPECT_EQ(gateway.connections(), 1);
}

TEST_F(ManagerCallTest, AnswersInTheOrderOfTheAnswers) {
  RunAttached();
  const auto first = Call(Request("fake.hold", R"({"n":1})"));
  const auto second = Call(Request("fake.hold", R"({"n":2})"));

  EXPECT_TRUE(Ask("fake.release").answered());

  EXPECT_EQ(Result(first).payload, R"({"n":1})");
  EXPECT_EQ(Result(second).payload, R"({"n":2})");
}

// ---- Waiting

TEST_F(ManagerCallTest, EndsASentCallAtItsDeadlineWithAnUnknownOutcome) {
  RunAttached();
  CallRequest request = Request("fake.ignore");
  OnStrand([&] { request.deadline = alarm_.Now().steady + seconds(5); });
  const auto call = Call(request);
  EXPECT_TRUE(Ask("fake.echo").answered());

  Advance(seconds(5) - std::chrono::nanoseconds(1));
  EXPECT_FALSE(call->has_value());
  Advance(std::chrono::nanoseconds(1));

  ExpectFailed(Result(call), Reason::kTimedOut, Outcome::kSentUnknown);
}

TEST_F(ManagerCallTest, EndsAQueuedCallAtItsDeadlineAsNotSent) {
  Begin(Mode::kAttach);
  Start();
  AwaitPhase(Phase::kBackingOff);
  CallRequest request = Patient("fake.echo");
  OnStrand([&] {
    request.deadline = alarm_.Now().steady + std::chrono::milliseconds(1);
  });
  const auto call = Call(request);

  Advance(std::chrono::milliseconds(1));

  ExpectFailed(Result(call), Reason::kTimedOut, Outcome::kNotSent);
}

TEST_F(ManagerCallTest, CountsALateAnswerAndMakesNoEventOfIt) {
  FakeGateway& gateway = RunAttached();
  CallRequest request = Request("fake.hold");
  OnStrand([&] { request.deadline = alarm_.Now().steady + seconds(5); });
  const auto call = Call(request);
  ASSERT_TRUE(gateway.WaitForMethod("fake.hold"));
  Advance(seconds(5));
  ExpectFailed(Result(call), Reason::kTimedOut, Outcome::kSentUnknown);

  EXPECT_TRUE(Ask("fake.release").answered());

  EXPECT_THAT(EventsOf(EventKind::kUnrecognizedMessage), IsEmpty());
}

TEST_F(ManagerCallTest, FreesThePlaceOfACancelledCall) {
  config_.calls.max_in_flight = 1;
  RunAttached();
  CallId id = 0;
  const auto cancelled = Call(Request("fake.ignore"), &id);
  const auto next = Call(Request("fake.echo"));

  OnStrand([&] { manager_->CancelCall(id); });

  EXPECT_TRUE(Result(next).answered());
  EXPECT_FALSE(cancelled->has_value());
}

TEST_F(ManagerCallTest, RefusesWhatTheQueueCannotHold) {
  config_.calls.max_in_flight = 1;
  config_.calls.max_queued = 2;
  RunAttached();
  Call(Request("fake.ignore"));
  Call(Request("fake.echo"));
  Call(Request("fake.echo"));

  const Answer answer = Ask("fake.echo");

  ExpectFailed(answer, Reason::kQueueFull, Outcome::kNotSent, true);
}

TEST_F(ManagerCallTest, DoesNotCountAcceptedCallsAsInFlight) {
  config_.calls.max_in_flight = 1;
  FakeGatewayOptions options = Options();
  options.agent_delay = minutes(10);
  foreign_ = std::make_unique<FakeGateway>(options);
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);

  const auto agent = Call(Final("agent", R"({"message":"ok"})"));

  EXPECT_TRUE(Ask("fake.echo").answered());
  EXPECT_FALSE(agent->has_value());
}

TEST_F(ManagerCallTest, RefusesWhatTheGatewayWouldNotTake) {
  FakeGatewayOptions options = Options();
  options.max_payload = 1000;
  foreign_ = std::make_unique<FakeGateway>(options);
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);

  const Answer answer =
      Ask("fake.echo", Concat("[\"", std::string(1000, 'x'), "\"]"));

  ExpectFailed(answer, Reason::kParamsTooLarge, Outcome::kNotSent);
  EXPECT_TRUE(Ask("fake.echo").answered());
}

}  // namespace
}  // namespace clawplane::core
