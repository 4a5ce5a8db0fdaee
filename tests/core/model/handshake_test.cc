#include "core/model/handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

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
                             {"token", "clawplane", "0.1", {"operator.read"}},
                             std::nullopt));
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

TEST_F(HandshakeTest, WaitsWhereTooManyTokensWereWrong) {
  const std::string error =
      R"({"code":"INVALID_REQUEST","message":"unauthorized: too many failed )"
      R"(authentication attempts - retry later",
      "details" : {"code":)"
      R"("AUTH_RATE_LIMITED"})";
  EXPECT_EQ(DeferralOf(RefuseWith(error + "}")).after, seconds(30));
  EXPECT_EQ(DeferralOf(RefuseWith(error + R"(,"retryAfterMs":4000})")).after,
            seconds(4));
}

// What the four gateways say, and what a person has to do about it.
struct Refusal {
  const char* name;
  const char* error;
  Reason reason;
  const char* next_step;
};

class RefusalTest : public HandshakeTest,
                    public ::testing::WithParamInterface<Refusal> {};

TEST_P(RefusalTest, StaysAndSaysWhatToDo) {
  const Fault fault = FaultOf(RefuseWith(GetParam().error));

  EXPECT_EQ(fault.reason, GetParam().reason);
  EXPECT_THAT(fault.next_step, HasSubstr(GetParam().next_step));
  EXPECT_NE(fault.message, "");
}

INSTANTIATE_TEST_SUITE_P(
    OfGateways, RefusalTest,
    ::testing::ValuesIn(std::vector<Refusal>{
        {"NoDevice",
         R"({"code":"NOT_PAIRED","message":"device identity required",)"
         R"("details":{"code":"DEVICE_IDENTITY_REQUIRED"}})",
         Reason::kPairingRequired, "gateway.auth.mode"},
        {"Pairing",
         R"({"code":"NOT_PAIRED","message":"pairing required","details":)"
         R"({"code":"PAIRING_REQUIRED","requestId":"46b5d6c5-3bc7",)"
         R"("reason":"not-paired"}})",
         Reason::kPairingRequired, "openclaw devices approve 46b5d6c5-3bc7"},
        {"PairingWithoutDetails",
         R"({"code":"NOT_PAIRED","message":"pairing required"})",
         Reason::kPairingRequired, "openclaw devices approve REQUEST"},
        {"DeviceTokenWithoutDetails",
         R"({"code":"INVALID_REQUEST","message":"unauthorized: device token )"
         R"(mismatch - rotate/reissue device token"})",
         Reason::kTokenRefused, "token_file"},
        {"Signature",
         R"({"code":"INVALID_REQUEST","message":"device signature invalid",)"
         R"("details":{"code":"DEVICE_AUTH_SIGNATURE_INVALID"}})",
         Reason::kHandshakeRefused, "delete device.key"},
        {"SignatureWithoutDetails",
         R"({"code":"INVALID_REQUEST","message":"device signature invalid"})",
         Reason::kHandshakeRefused, "delete device.key"},
        {"Nonce",
         R"({"code":"INVALID_REQUEST","message":"device nonce mismatch"})",
         Reason::kHandshakeRefused, "device.key"},
        {"DeviceId",
         R"({"code":"INVALID_REQUEST","message":"m","details":{"code":)"
         R"("DEVICE_AUTH_DEVICE_ID_MISMATCH"}})",
         Reason::kHandshakeRefused, "delete device.key"},
        {"Expired",
         R"({"code":"INVALID_REQUEST","message":"m","details":{"code":)"
         R"("DEVICE_AUTH_SIGNATURE_EXPIRED"}})",
         Reason::kHandshakeRefused, "clock"},
        {"ExpiredWithoutDetails",
         R"({"code":"INVALID_REQUEST","message":"device signature expired"})",
         Reason::kHandshakeRefused, "clock"},
        {"Params",
         R"({"code":"INVALID_REQUEST","message":"invalid connect params: at )"
         R"(root: unexpected property 'device'"})",
         Reason::kHandshakeRefused, "docs/versions.md"},
    }),
    [](const auto& info) { return std::string(info.param.name); });

// ---- One more connection

class AgainTest : public ::testing::Test {
 protected:
  static Handshake::Verdict Refuse(const ConnectParams& params,
                                   const std::string& error) {
    Handshake handshake(params);
    return handshake.OnFrame(ParseFrame(
        R"({"type":"res","id":"connect","ok":false,"error":)" + error + "}"));
  }
  static Handshake::Again AgainOf(const Handshake::Verdict& verdict) {
    const auto* again = std::get_if<Handshake::Again>(&verdict);
    EXPECT_NE(again, nullptr) << verdict.index();
    return again ? *again : Handshake::Again();
  }
  static Reason ReasonOf(const Handshake::Verdict& verdict) {
    const auto* refused = std::get_if<Handshake::Refused>(&verdict);
    EXPECT_NE(refused, nullptr) << verdict.index();
    return refused ? refused->fault.reason : Reason::kBadRequest;
  }
  static std::string Expecting(int protocol) {
    return R"({"code":"INVALID_REQUEST","message":"protocol mismatch",)"
           R"("details":{"expectedProtocol":)" +
           std::to_string(protocol) + "}}";
  }

  const std::string wrong_token_ =
      R"({"code":"INVALID_REQUEST","message":"unauthorized: gateway token )"
      R"(mismatch - provide gateway auth token"})";
  const std::string not_paired_ =
      R"({"code":"NOT_PAIRED","message":"pairing required"})";
  ConnectParams params_ = {"token", "clawplane", "0.1", {"operator.read"}};
};

TEST_F(AgainTest, OffersTheProtocolThatTheGatewayNamesOnce) {
  for (const int protocol : {2, 5, 99}) {
    const Handshake::Again again =
        AgainOf(Refuse(params_, Expecting(protocol)));

    EXPECT_EQ(again.params.min_protocol, protocol);
    EXPECT_EQ(again.params.max_protocol, protocol);
    EXPECT_EQ(again.params.token, "token");
    EXPECT_FALSE(again.forget_device_token);
    EXPECT_THAT(again.why, HasSubstr(std::to_string(protocol)));

    EXPECT_EQ(ReasonOf(Refuse(again.params, Expecting(protocol))),
              Reason::kProtocolMismatch);
    EXPECT_EQ(ReasonOf(Refuse(again.params, Expecting(protocol + 1))),
              Reason::kProtocolMismatch);
  }
}

TEST_F(AgainTest, OffersNoProtocolThatWasOffered) {
  EXPECT_EQ(ReasonOf(Refuse(params_, Expecting(3))), Reason::kProtocolMismatch);
  EXPECT_EQ(ReasonOf(Refuse(params_, Expecting(4))), Reason::kProtocolMismatch);
  EXPECT_EQ(ReasonOf(Refuse(params_, R"({"code":"INVALID_REQUEST","message":)"
                                     R"("protocol mismatch"})")),
            Reason::kProtocolMismatch);
}

TEST_F(AgainTest, AcceptsTheProtocolThatItOffered) {
  params_.min_protocol = params_.max_protocol = 5;
  Handshake handshake(params_);

  const auto verdict = handshake.OnFrame(
      ParseFrame(R"({"type":"res","id":"connect","ok":true,"payload":)"
                 R"({"type":"hello-ok","protocol":5}})"));

  ASSERT_TRUE(std::holds_alternative<Handshake::Accepted>(verdict));
  EXPECT_EQ(std::get<Handshake::Accepted>(verdict).hello.protocol, 5u);
}

TEST_F(AgainTest, OffersTheSharedTokenWhereThatOfTheDeviceIsRefused) {
  params_.device_token = "of-the-device";
  for (const std::string& error : {wrong_token_, not_paired_}) {
    const Handshake::Again again = AgainOf(Refuse(params_, error));

    EXPECT_TRUE(again.forget_device_token);
    EXPECT_EQ(again.params.device_token, "");
    EXPECT_EQ(again.params.token, "token");
    EXPECT_THAT(again.why, Not(HasSubstr("of-the-device")));
  }
  ConnectParams shared = params_;
  shared.device_token.clear();
  EXPECT_EQ(ReasonOf(Refuse(shared, wrong_token_)), Reason::kTokenRefused);
  EXPECT_EQ(ReasonOf(Refuse(shared, not_paired_)), Reason::kPairingRequired);
}

TEST_F(AgainTest, KeepsTheProtocolWhenItDropsTheToken) {
  params_.device_token = "of-the-device";
  const ConnectParams at_five = AgainOf(Refuse(params_, Expecting(5))).params;

  const Handshake::Again again = AgainOf(Refuse(at_five, wrong_token_));

  EXPECT_EQ(again.params.min_protocol, 5);
  EXPECT_EQ(ReasonOf(Refuse(again.params, wrong_token_)),
            Reason::kTokenRefused);
}

TEST_F(AgainTest, KeepsTheDevicesTokenThroughOtherRefusals) {
  params_.device_token = "of-the-device";
  EXPECT_EQ(ReasonOf(Refuse(params_, R"({"code":"INVALID_REQUEST","message":)"
                                     R"("device signature invalid"})")),
            Reason::kHandshakeRefused);
}

TEST_F(HandshakeTest, GivesTheTokenThatTheGatewayGaveTheDevice) {
  const auto verdict =
      Answer(R"("ok":true,"payload":{"type":"hello-ok","protocol":3,)"
             R"("auth":{"deviceToken":"given"}})");

  ASSERT_TRUE(std::holds_alternative<Handshake::Accepted>(verdict));
  EXPECT_EQ(std::get<Handshake::Accepted>(verdict).device_token, "given");
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
