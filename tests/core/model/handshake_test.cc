#include "core/model/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view kChallenge =
    R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})";

class HandshakeTest : public ::testing::Test {
 protected:
  Handshake::Verdict Receive(std::string_view text) {
    return handshake_.OnFrame(ParseFrame(text));
  }
  // An answer to `connect`, as a whole frame without its braces' beginning.
  Handshake::Verdict Answer(const std::string& members) {
    return Receive(R"({"type":"res","id":"connect",)" + members + "}");
  }
  Handshake::Verdict RefuseWith(const std::string& error) {
    return Answer(R"("ok":false,"error":)" + error);
  }
  static Fault FaultOf(const Handshake::Verdict& verdict) {
    const auto* refused = std::get_if<Handshake::Refused>(&verdict);
    EXPECT_NE(refused, nullptr) << verdict.index();
    return refused ? refused->fault : Fault{Reason::kBadRequest, "", ""};
  }
  static Handshake::Deferred DeferralOf(const Handshake::Verdict& verdict) {
    const auto* deferred = std::get_if<Handshake::Deferred>(&verdict);
    EXPECT_NE(deferred, nullptr) << verdict.index();
    return deferred ? *deferred : Handshake::Deferred();
  }

  Handshake handshake_{{"token", "clawplane", "0.1", {"operator.read"}}};
};

TEST_F(HandshakeTest, AnswersTheChallengeOnce) {
  const auto verdict = Receive(kChallenge);

  ASSERT_TRUE(std::holds_alternative<Handshake::Send>(verdict));
  EXPECT_EQ(std::get<Handshake::Send>(verdict).text,
            SerializeConnect(Handshake::kRequestId,
                             {"token", "clawplane", "0.1", {"operator.read"}}));
  EXPECT_TRUE(std::holds_alternative<Handshake::Pending>(Receive(kChallenge)));
}

TEST_F(HandshakeTest, WaitsThroughOtherFrames) {
  for (const char* text :
       {R"({"type":"event","event":"health","payload":{}})", "hello", "{}",
        R"({"jsonrpc":"2.0","method":"m"})"}) {
    EXPECT_TRUE(std::holds_alternative<Handshake::Pending>(Receive(text)))
        << text;
  }
}

TEST_F(HandshakeTest, AcceptsAHello) {
  for (const int protocol : {3, 4}) {
    const auto verdict =
        Answer(R"("ok":true,"payload":{"type":"hello-ok","protocol":)" +
               std::to_string(protocol) + R"(,"server":{"version":"v"}})");

    ASSERT_TRUE(std::holds_alternative<Handshake::Accepted>(verdict));
    const Hello& hello = std::get<Handshake::Accepted>(verdict).hello;
    EXPECT_EQ(hello.version, "v");
    EXPECT_EQ(hello.protocol, static_cast<uint32_t>(protocol));
  }
}

TEST_F(HandshakeTest, RefusesAHelloOfAnotherProtocol) {
  for (const int protocol : {0, 2, 5}) {
    const Fault fault =
        FaultOf(Answer(R"("ok":true,"payload":{"type":"hello-ok","protocol":)" +
                       std::to_string(protocol) + "}"));

    EXPECT_EQ(fault.reason, Reason::kProtocolMismatch);
    EXPECT_THAT(fault.message, HasSubstr(std::to_string(protocol)));
  }
}

TEST_F(HandshakeTest, RefusesAHelloThatIsNotUnderstood) {
  EXPECT_EQ(FaultOf(Answer(R"("ok":true)")).reason, Reason::kHandshakeRefused);
  EXPECT_EQ(FaultOf(Answer(R"("ok":true,"payload":null)")).reason,
            Reason::kHandshakeRefused);
  EXPECT_EQ(FaultOf(Answer(R"("ok":true,"payload":{"type":"x"})")).reason,
            Reason::kHandshakeRefused);
}

TEST_F(HandshakeTest, TriesAgainWhenAStartingGatewaySays) {
  const auto deferral = DeferralOf(RefuseWith(
      R"({"code":"UNAVAILABLE","message":"gateway starting; retry shortly",)"
      R"("retryable":true,"retryAfterMs":700,)"
      R"("details":{"reason":"startup-sidecars"}})"));

  EXPECT_EQ(deferral.after, milliseconds(700));
  EXPECT_TRUE(deferral.told);
  EXPECT_THAT(deferral.why, HasSubstr("gateway starting"));
}

TEST_F(HandshakeTest, BelievesRetryTimesWithinBounds) {
  const auto after = [&](const std::string& time) {
    return DeferralOf(RefuseWith(R"({"code":"UNAVAILABLE","retryAfterMs":)" +
                                 time + "}"))
        .after;
  };
  EXPECT_EQ(after("0"), milliseconds(50));
  EXPECT_EQ(after("-1"), milliseconds(50));
  EXPECT_EQ(after("30000"), seconds(30));
  EXPECT_EQ(after("86400000"), seconds(30));
}

TEST_F(HandshakeTest, KnowsWhenTheGatewayNamesNoTime) {
  const auto deferral = DeferralOf(
      RefuseWith(R"({"code":"UNAVAILABLE","message":"The server is busy."})"));

  EXPECT_EQ(deferral.after, milliseconds(500));
  EXPECT_FALSE(deferral.told);
}

TEST_F(HandshakeTest, KnowsARefusedToken) {
  const Fault fault = FaultOf(RefuseWith(
      R"({"code":"INVALID_REQUEST","message":"unauthorized: gateway token )"
      R"(mismatch","details":{"code":"AUTH_TOKEN_MISMATCH"}})"));
  EXPECT_EQ(fault.reason, Reason::kTokenRefused);
  EXPECT_THAT(fault.message, HasSubstr("gateway token mismatch"));
  EXPECT_THAT(fault.next_step, HasSubstr("token_file"));

  EXPECT_EQ(FaultOf(RefuseWith(R"({"code":"INVALID_REQUEST","message":)"
                               R"("unauthorized: gateway token mismatch"})"))
                .reason,
            Reason::kTokenRefused)
      << "older gateways give no details";
}

TEST_F(HandshakeTest, KnowsAMissingPairing) {
  EXPECT_EQ(
      FaultOf(RefuseWith(R"({"code":"NOT_PAIRED","message":"device identity )"
                         R"(required"})"))
          .reason,
      Reason::kPairingRequired);
}

TEST_F(HandshakeTest, KnowsAProtocolMismatch) {
  const Fault today = FaultOf(RefuseWith(
      R"({"code":"INVALID_REQUEST","message":"protocol mismatch","details":)"
      R"({"code":"PROTOCOL_MISMATCH","expectedProtocol":5}})"));
  const Fault older = FaultOf(
      RefuseWith(R"({"code":"INVALID_REQUEST","message":"protocol mismatch",)"
                 R"("details":{"expectedProtocol":2}})"));

  EXPECT_EQ(today.reason, Reason::kProtocolMismatch);
  EXPECT_THAT(today.message, HasSubstr("protocol 5"));
  EXPECT_EQ(older.reason, Reason::kProtocolMismatch);
  EXPECT_THAT(older.message, HasSubstr("protocol 2"));
}

TEST_F(HandshakeTest, PassesOnAnyOtherRefusal) {
  const Fault fault = FaultOf(RefuseWith(
      R"({"code":"INVALID_REQUEST","message":"invalid connect params: at )"
      R"(/client/id"})"));

  EXPECT_EQ(fault.reason, Reason::kHandshakeRefused);
  EXPECT_THAT(fault.message, HasSubstr("/client/id"));
  EXPECT_THAT(fault.message, HasSubstr("INVALID_REQUEST"));
  EXPECT_EQ(FaultOf(Answer(R"("ok":false)")).reason, Reason::kHandshakeRefused);
}

TEST_F(HandshakeTest, TakesAnAnswerUnderAnotherIdForItsOwn) {
  EXPECT_EQ(
      FaultOf(Receive(R"({"type":"res","id":"invalid","ok":false,"error":)"
                      R"({"code":"INVALID_REQUEST","message":"m"}})"))
          .reason,
      Reason::kHandshakeRefused);
}

TEST_F(HandshakeTest, KnowsClosesThatStay) {
  EXPECT_EQ(FaultOf(Handshake::OnEnd(1002, "protocol mismatch", 0)).reason,
            Reason::kProtocolMismatch);
  const Fault policy =
      FaultOf(Handshake::OnEnd(1008, "invalid request frame", 0));
  EXPECT_EQ(policy.reason, Reason::kHandshakeRefused);
  EXPECT_THAT(policy.message, HasSubstr("1008 invalid request frame"));
  EXPECT_EQ(FaultOf(Handshake::OnEnd(1009, "", 0)).reason,
            Reason::kHandshakeRefused);
}

TEST_F(HandshakeTest, KnowsClosesThatPass) {
  for (const uint16_t code : {0, 1000, 1001, 1006, 1011, 1012, 1013}) {
    const auto deferral = DeferralOf(Handshake::OnEnd(code, "why", 0));

    EXPECT_EQ(deferral.after, milliseconds(500)) << code;
    EXPECT_FALSE(deferral.told) << code;
    EXPECT_THAT(deferral.why, HasSubstr("why"));
  }
}

TEST_F(HandshakeTest, TakesADeclinedUpgradeForAnotherProgram) {
  for (const int status : {200, 301, 401, 404, 426, 500}) {
    const Fault fault = FaultOf(Handshake::OnEnd(0, "", status));

    EXPECT_EQ(fault.reason, Reason::kNotAGateway) << status;
    EXPECT_THAT(fault.message, HasSubstr(std::to_string(status)));
  }
  EXPECT_FALSE(DeferralOf(Handshake::OnEnd(0, "", 503)).told)
      << "a gateway that is draining says 503";
}

}  // namespace
}  // namespace clawplane::core
