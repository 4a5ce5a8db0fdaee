#include "core/model/pending_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Admission = PendingCalls::Admission;

CallRequest Patient() {
  CallRequest request;
  request.wait_until_running = true;
  return request;
}

CallRequest AwaitingFinal() {
  CallRequest request;
  request.await_final = true;
  return request;
}

CallRequest DueAt(TimePoint deadline) {
  CallRequest request;
  request.deadline = deadline;
  return request;
}

// A call to `method` with these params.
CallRequest With(std::string_view params, std::string method = "m") {
  CallRequest request;
  request.method = std::move(method);
  request.text.BeginParams() += params;
  return request;
}

class PendingCallsTest : public ::testing::Test {
 protected:
  PendingCallsTest() { calls_.SetAdmission(Admission::kOpen, "", ""); }

  CallId Add(CallRequest request = {}) {
    if (request.method.empty()) request.method = "m";
    if (request.deadline == TimePoint()) request.deadline = Time(30);
    // The completion of a refused call comes before its id is known.
    const int place = added_++;
    const CallId id = calls_.Add(
        std::move(request),
        [this, place](CallResult result) { Keep(place, std::move(result)); });
    places_[id] = place;
    return id;
  }
  CallId AddAndWrite(CallRequest request = {}) {
    const CallId id = Add(std::move(request));
    const auto outgoing = calls_.NextToSend();
    EXPECT_TRUE(outgoing && outgoing->tag == id);
    calls_.OnWrite(id);
    return id;
  }
  bool Answer(CallId id, std::string_view payload = "{}") {
    return calls_.OnResponse({std::to_string(id), true, payload, {}});
  }
  static TimePoint Time(int s) { return TimePoint(seconds(1000 + s)); }

  bool Ended(CallId id) const { return results_.count(places_.at(id)) == 1; }
  // What a call failed with; must have failed.
  const CallFailed& Failure(CallId id) const {
    return std::get<CallFailed>(results_.at(places_.at(id)));
  }
  bool Answered(CallId id) const {
    return Ended(id) &&
           std::holds_alternative<CallAnswered>(results_.at(places_.at(id)));
  }

  PendingCalls calls_{{.max_in_flight = 2, .max_queued = 3, .max_accepted = 1}};
  std::map<int, CallResult> results_;
  // The payloads of answered calls; views are good during the completion only.
  std::map<int, std::optional<std::string>> payloads_;
  std::map<CallId, int> places_;

 private:
  void Keep(int place, CallResult result) {
    if (const auto* answered = std::get_if<CallAnswered>(&result)) {
      if (answered->payload) payloads_[place] = std::string(*answered->payload);
    }
    EXPECT_TRUE(results_.emplace(place, std::move(result)).second)
        << "ended twice";
  }

  int added_ = 0;
};

TEST_F(PendingCallsTest, SendsInOrderOfArrivalWithinTheLimit) {
  const CallId first = Add();
  const CallId second = Add();
  const CallId third = Add();

  EXPECT_EQ(calls_.NextToSend()->tag, first);
  EXPECT_EQ(calls_.NextToSend()->tag, second);
  EXPECT_FALSE(calls_.NextToSend()) << "two are in flight";
  EXPECT_EQ(calls_.in_flight(), 2u);
  EXPECT_EQ(calls_.queued(), 1u);

  EXPECT_TRUE(Answer(second));
  EXPECT_EQ(calls_.NextToSend()->tag, third);
}

TEST_F(PendingCallsTest, WritesTheRequestWithItsParams) {
  Add(With("[ 1 ]", "a.b"));
  const auto with = calls_.NextToSend();
  Add();
  const auto without = calls_.NextToSend();

  EXPECT_EQ(with->frame, SerializeRequest(std::to_string(with->tag), "a.b",
                                          std::optional<JsonView>("[ 1 ]")));
  EXPECT_THAT(without->frame, ::testing::Not(HasSubstr("params")));
}

TEST_F(PendingCallsTest, PassesOnTheAnswer) {
  const CallId call = AddAndWrite();

  EXPECT_TRUE(Answer(call, R"({"a":1})"));

  EXPECT_TRUE(Answered(call));
  EXPECT_EQ(payloads_.begin()->second, R"({"a":1})");
  EXPECT_EQ(calls_.in_flight(), 0u);
}

TEST_F(PendingCallsTest, PassesOnARefusalWithAllThatCame) {
  const CallId call = AddAndWrite();

  calls_.OnResponse({std::to_string(call), false, R"({"runId":1})",
                     R"({"code":"UNAVAILABLE","message":"no"})"});

  const auto& refused = std::get<CallRefused>(results_.at(places_[call]));
  EXPECT_EQ(refused.error.code, "UNAVAILABLE");
  EXPECT_EQ(refused.error_json, R"({"code":"UNAVAILABLE","message":"no"})");
  EXPECT_EQ(refused.payload_json, R"({"runId":1})");
}

TEST_F(PendingCallsTest, TakesOkFalseWithoutAnErrorForARefusal) {
  const CallId call = AddAndWrite();

  calls_.OnResponse({std::to_string(call), false, std::nullopt, std::nullopt});

  const auto& refused = std::get<CallRefused>(results_.at(places_[call]));
  EXPECT_EQ(refused.error.code, "");
  EXPECT_EQ(refused.error_json, "");
}

TEST_F(PendingCallsTest, RefusesWhatDoesNotFitTheQueue) {
  for (int i = 0; i < 3; ++i) Add();

  const CallId call = Add();

  EXPECT_EQ(Failure(call).fault.reason, Reason::kQueueFull);
  EXPECT_EQ(Failure(call).outcome, Outcome::kNotSent);
  EXPECT_TRUE(Failure(call).transient);
  EXPECT_EQ(calls_.queued(), 3u);
}

TEST_F(PendingCallsTest, RefusesAtOnceWhileClosed) {
  calls_.SetAdmission(Admission::kClosed, "the gateway is stopped", "start it");

  const CallId call = Add(Patient());

  EXPECT_EQ(Failure(call).fault,
            (Fault{Reason::kNotRunning, "the gateway is stopped", "start it"}));
  EXPECT_EQ(Failure(call).outcome, Outcome::kNotSent);
  EXPECT_FALSE(Failure(call).transient);
}

TEST_F(PendingCallsTest, KeepsOnlyWillingCallsWhileTheGatewayComesUp) {
  calls_.SetAdmission(Admission::kLater, "the gateway is starting", "");

  const CallId hasty = Add();
  const CallId patient = Add(Patient());

  EXPECT_TRUE(Failure(hasty).transient);
  EXPECT_EQ(Failure(hasty).outcome, Outcome::kNotSent);
  EXPECT_FALSE(Ended(patient));
  EXPECT_FALSE(calls_.NextToSend());
  calls_.SetAdmission(Admission::kOpen, "", "");
  EXPECT_EQ(calls_.NextToSend()->tag, patient);
}

TEST_F(PendingCallsTest, EndsQueuedCallsThatWillNotWait) {
  const CallId hasty = Add();
  const CallId patient = Add(Patient());

  calls_.SetAdmission(Admission::kLater, "reconnecting", "");
  EXPECT_EQ(Failure(hasty).fault.message, "reconnecting");
  EXPECT_FALSE(Ended(patient));

  calls_.SetAdmission(Admission::kClosed, "stopped", "");
  EXPECT_FALSE(Failure(patient).transient);
  EXPECT_EQ(calls_.queued(), 0u);
}

TEST_F(PendingCallsTest, KnowsWhatALostConnectionMeansForEachStage) {
  const CallId written = AddAndWrite();
  const CallId handed_over = Add();
  calls_.NextToSend();
  const CallId queued = Add();

  calls_.FailSent("1006");

  EXPECT_EQ(Failure(written).fault.reason, Reason::kConnectionLost);
  EXPECT_EQ(Failure(written).outcome, Outcome::kSentUnknown);
  EXPECT_FALSE(Failure(written).transient);
  EXPECT_EQ(Failure(handed_over).outcome, Outcome::kNotSent);
  EXPECT_TRUE(Failure(handed_over).transient);
  EXPECT_FALSE(Ended(queued));
  EXPECT_EQ(calls_.in_flight(), 0u);
}

TEST_F(PendingCallsTest, KnowsWhatATimeoutMeansForEachStage) {
  const CallId written = AddAndWrite(DueAt(Time(1)));
  const CallId handed_over = Add(DueAt(Time(2)));
  calls_.NextToSend();
  const CallId queued = Add(DueAt(Time(3)));
  const CallId later = Add(DueAt(Time(4)));

  calls_.Expire(Time(3));

  EXPECT_EQ(Failure(written).fault.reason, Reason::kTimedOut);
  EXPECT_EQ(Failure(written).outcome, Outcome::kSentUnknown);
  EXPECT_EQ(Failure(handed_over).outcome, Outcome::kSentUnknown);
  EXPECT_EQ(Failure(queued).outcome, Outcome::kNotSent);
  EXPECT_FALSE(Ended(later));
  EXPECT_EQ(calls_.deadline(), Time(4));
}

TEST_F(PendingCallsTest, TellsTheEarliestDeadline) {
  EXPECT_EQ(calls_.deadline(), std::nullopt);
  Add(DueAt(Time(5)));
  const CallId soon = Add(DueAt(Time(2)));

  EXPECT_EQ(calls_.deadline(), Time(2));
  calls_.Cancel(soon);
  EXPECT_EQ(calls_.deadline(), Time(5));
}

TEST_F(PendingCallsTest, ForgetsACancelledCallAndFreesItsPlace) {
  const CallId sent = AddAndWrite();
  const CallId queued = Add();

  calls_.Cancel(sent);
  calls_.Cancel(queued);
  calls_.Cancel(queued);

  EXPECT_TRUE(results_.empty());
  EXPECT_EQ(calls_.in_flight() + calls_.queued(), 0u);
  EXPECT_TRUE(Answer(sent)) << "it was sent once";
  EXPECT_EQ(calls_.late_answers(), 1u);
}

TEST_F(PendingCallsTest, AwaitsTheFinalAnswerBesideTheOthers) {
  const CallId agent = AddAndWrite(AwaitingFinal());

  EXPECT_TRUE(Answer(agent, R"({"status":"accepted","runId":"r"})"));
  EXPECT_FALSE(Ended(agent));
  EXPECT_EQ(calls_.in_flight(), 0u);
  EXPECT_EQ(calls_.accepted(), 1u);

  EXPECT_TRUE(Answer(agent, R"({"status":"ok"})"));
  EXPECT_TRUE(Answered(agent));
  EXPECT_EQ(calls_.accepted(), 0u);
}

TEST_F(PendingCallsTest, TakesAFirstAnswerThatIsFinal) {
  const CallId finished = AddAndWrite(AwaitingFinal());
  Answer(finished, R"({"status":"ok"})");
  EXPECT_TRUE(Answered(finished));

  const CallId refused = AddAndWrite(AwaitingFinal());
  calls_.OnResponse({std::to_string(refused), false, R"({"status":"accepted"})",
                     R"({"code":"X"})"});
  EXPECT_TRUE(Ended(refused));
}

TEST_F(PendingCallsTest, CountsTheSecondAnswerOfACallThatWantsTheFirst) {
  const CallId agent = AddAndWrite();

  Answer(agent, R"({"status":"accepted"})");
  EXPECT_TRUE(Answered(agent));
  EXPECT_TRUE(Answer(agent, R"({"status":"ok"})"));

  EXPECT_EQ(calls_.late_answers(), 1u);
}

TEST_F(PendingCallsTest, BoundsTheCallsThatAwaitTheirFinalAnswer) {
  const CallId first = AddAndWrite(AwaitingFinal());
  const CallId second = AddAndWrite(AwaitingFinal());
  Answer(first, R"({"status":"accepted"})");

  Answer(second, R"({"status":"accepted"})");

  EXPECT_EQ(Failure(second).fault.reason, Reason::kQueueFull);
  EXPECT_EQ(Failure(second).outcome, Outcome::kReplied);
  EXPECT_EQ(calls_.in_flight(), 0u);
  EXPECT_EQ(calls_.accepted(), 1u);
}

TEST_F(PendingCallsTest, DoesNotKnowTheEndOfAnAcceptedCallThatWasCutOff) {
  const CallId lost = AddAndWrite(AwaitingFinal());
  Answer(lost, R"({"status":"accepted"})");

  calls_.FailSent("1006");

  EXPECT_EQ(Failure(lost).outcome, Outcome::kSentUnknown);
  EXPECT_EQ(calls_.accepted(), 0u);
}

TEST_F(PendingCallsTest, EndsACallWhoseAnswerIsTooLarge) {
  const CallId call = AddAndWrite();

  EXPECT_TRUE(calls_.OnOversizedResponse(std::to_string(call), 40'000'000));

  EXPECT_EQ(Failure(call).fault.reason, Reason::kAnswerTooLarge);
  EXPECT_EQ(Failure(call).outcome, Outcome::kReplied);
  EXPECT_THAT(Failure(call).fault.message, HasSubstr("40000000"));
  EXPECT_TRUE(calls_.OnOversizedResponse(std::to_string(call), 1));
  EXPECT_EQ(calls_.late_answers(), 1u);
  EXPECT_FALSE(calls_.OnOversizedResponse("99", 1));
}

TEST_F(PendingCallsTest, DoesNotKnowAnswersToWhatWasNeverSent) {
  const CallId sent = AddAndWrite();
  const CallId queued = Add();

  for (const std::string& id :
       {std::to_string(queued), std::string("invalid"), std::string(),
        std::string("0"), Concat("0", sent), Concat(sent, " "),
        Concat("-", sent), std::string("99999999999999999999999")}) {
    EXPECT_FALSE(calls_.OnResponse({id, true, "{}", {}})) << id;
  }
  EXPECT_TRUE(results_.empty());
  EXPECT_EQ(calls_.late_answers(), 0u);
}

}  // namespace
}  // namespace clawplane::core
