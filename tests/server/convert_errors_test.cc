// The two tables of api.md that say how failures travel, and their bounds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/convert.h"

namespace clawplane::server {
namespace {

using ::grpc::StatusCode;
using ::testing::HasSubstr;
using ::testing::StartsWith;

google::rpc::Status Decode(const grpc::Status& status) {
  google::rpc::Status decoded;
  EXPECT_TRUE(decoded.ParseFromString(status.error_details()));
  EXPECT_EQ(decoded.code(), status.error_code());
  EXPECT_EQ(decoded.message(), status.error_message());
  return decoded;
}

template <typename Detail>
std::optional<Detail> Find(const grpc::Status& status) {
  const google::rpc::Status decoded = Decode(status);
  for (const auto& any : decoded.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

core::CallRefused Refused(const std::string& code, const std::string& message,
                          bool retryable = false) {
  core::CallRefused refused;
  refused.error.code = code;
  refused.error.message = message;
  refused.error.retryable = retryable;
  refused.error_json = R"({"code":")" + code + R"("})";
  return refused;
}

// ---- Each reason of ours

struct ReasonRow {
  core::Reason reason;
  v1::Reason proto;
  StatusCode code;
};

class ReasonTest : public ::testing::TestWithParam<ReasonRow> {};

TEST_P(ReasonTest, HasItsCodeAndItsName) {
  const grpc::Status status =
      ToGrpcStatus(core::Fault{GetParam().reason, "it broke", "mend it"});

  EXPECT_EQ(status.error_code(), GetParam().code);
  EXPECT_EQ(status.error_message(), "it broke; mend it");
  const auto info = Find<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->domain(), "clawplane");
  EXPECT_EQ("REASON_" + info->reason(), v1::Reason_Name(GetParam().proto));
  EXPECT_EQ(info->metadata().at("next_step"), "mend it");
}

using core::Reason;
constexpr auto kPrecondition = StatusCode::FAILED_PRECONDITION;
constexpr auto kExhausted = StatusCode::RESOURCE_EXHAUSTED;
const ReasonRow kReasons[] = {
    {Reason::kSuperseded, v1::REASON_SUPERSEDED, StatusCode::ABORTED},
    {Reason::kShuttingDown, v1::REASON_SHUTTING_DOWN, StatusCode::UNAVAILABLE},
    {Reason::kBadRequest, v1::REASON_BAD_REQUEST, StatusCode::INVALID_ARGUMENT},
    {Reason::kNotImplemented, v1::REASON_NOT_IMPLEMENTED,
     StatusCode::UNIMPLEMENTED},
    {Reason::kTokenRequired, v1::REASON_TOKEN_REQUIRED,
     StatusCode::UNAUTHENTICATED},
    {Reason::kGatewayNotInstalled, v1::REASON_GATEWAY_NOT_INSTALLED,
     kPrecondition},
    {Reason::kDependenciesMissing, v1::REASON_DEPENDENCIES_MISSING,
     kPrecondition},
    {Reason::kLaunchFailed, v1::REASON_LAUNCH_FAILED, kPrecondition},
    {Reason::kPortHeld, v1::REASON_PORT_HELD, kPrecondition},
    {Reason::kNotAGateway, v1::REASON_NOT_A_GATEWAY, kPrecondition},
    {Reason::kTokenWithheld, v1::REASON_TOKEN_WITHHELD, kPrecondition},
    {Reason::kTokenRefused, v1::REASON_TOKEN_REFUSED, kPrecondition},
    {Reason::kPairingRequired, v1::REASON_PAIRING_REQUIRED, kPrecondition},
    {Reason::kProtocolMismatch, v1::REASON_PROTOCOL_MISMATCH, kPrecondition},
    {Reason::kHandshakeRefused, v1::REASON_HANDSHAKE_REFUSED, kPrecondition},
    {Reason::kDiedWhileStarting, v1::REASON_DIED_WHILE_STARTING, kPrecondition},
    {Reason::kConfigurationRefused, v1::REASON_CONFIGURATION_REFUSED,
     kPrecondition},
    {Reason::kStartBudgetSpent, v1::REASON_START_BUDGET_SPENT, kPrecondition},
    {Reason::kCrashLoop, v1::REASON_CRASH_LOOP, kPrecondition},
    {Reason::kNotRunning, v1::REASON_NOT_RUNNING, kPrecondition},
    {Reason::kNotOurs, v1::REASON_NOT_OURS, kPrecondition},
    {Reason::kQueueFull, v1::REASON_QUEUE_FULL, kExhausted},
    {Reason::kParamsTooLarge, v1::REASON_PARAMS_TOO_LARGE, kExhausted},
    {Reason::kAnswerTooLarge, v1::REASON_ANSWER_TOO_LARGE, kExhausted},
    {Reason::kConnectionLost, v1::REASON_CONNECTION_LOST, StatusCode::ABORTED},
    {Reason::kTimedOut, v1::REASON_TIMED_OUT, StatusCode::DEADLINE_EXCEEDED},
    {Reason::kEventsLost, v1::REASON_EVENTS_LOST, StatusCode::OUT_OF_RANGE},
    {Reason::kTokenUnreadable, v1::REASON_TOKEN_UNREADABLE, kPrecondition},
    {Reason::kStateLocked, v1::REASON_STATE_LOCKED, kPrecondition},
    {Reason::kHealthCheckFailed, v1::REASON_HEALTH_CHECK_FAILED, kPrecondition},
    {Reason::kProcessStopped, v1::REASON_PROCESS_STOPPED, kPrecondition},
    {Reason::kUnresponsive, v1::REASON_UNRESPONSIVE, kPrecondition},
    {Reason::kMemoryLimit, v1::REASON_MEMORY_LIMIT, kPrecondition},
    {Reason::kWishNotStored, v1::REASON_WISH_NOT_STORED, kPrecondition},
    {Reason::kRoleRequired, v1::REASON_ROLE_REQUIRED,
     grpc::StatusCode::PERMISSION_DENIED},
    {Reason::kMethodDenied, v1::REASON_METHOD_DENIED,
     grpc::StatusCode::PERMISSION_DENIED},
    {Reason::kTooManyCalls, v1::REASON_TOO_MANY_CALLS,
     grpc::StatusCode::RESOURCE_EXHAUSTED},
    {Reason::kAuditFailed, v1::REASON_AUDIT_FAILED, kPrecondition},
    {Reason::kRestartNotSeen, v1::REASON_RESTART_NOT_SEEN, kPrecondition},
    {Reason::kNotAdopted, v1::REASON_NOT_ADOPTED, kPrecondition},
    {Reason::kDrainCutShort, v1::REASON_DRAIN_CUT_SHORT, kPrecondition},
    {Reason::kEventLogFailed, v1::REASON_EVENT_LOG_FAILED, kPrecondition},
};

INSTANTIATE_TEST_SUITE_P(All, ReasonTest, ::testing::ValuesIn(kReasons),
                         [](const auto& info) {
                           return std::string(core::Name(info.param.reason));
                         });

TEST(ReasonTableTest, HasEveryReasonOfTheApi) {
  // All but `REASON_UNSPECIFIED`.
  EXPECT_EQ(std::size(kReasons),
            static_cast<size_t>(v1::Reason_descriptor()->value_count()) - 1);
}

// ---- Each refusal of the gateway

struct RefusalRow {
  const char* name;
  const char* code;
  const char* message;
  bool retryable;
  StatusCode expected;
};

class RefusalTest : public ::testing::TestWithParam<RefusalRow> {};

TEST_P(RefusalTest, HasItsCode) {
  const RefusalRow& row = GetParam();
  const grpc::Status status =
      ToGrpcStatus(Refused(row.code, row.message, row.retryable));

  EXPECT_EQ(status.error_code(), row.expected);
  const auto error = Find<v1::GatewayError>(status);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), row.code);
  EXPECT_EQ(error->message(), row.message);
  EXPECT_EQ(error->retryable(), row.retryable);
  EXPECT_EQ(error->outcome(), v1::GatewayError::OUTCOME_REPLIED);
  EXPECT_FALSE(error->truncated());
  EXPECT_FALSE(error->has_retry_after());
  const auto info = Find<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->domain(), "openclaw.gateway");
  EXPECT_EQ(info->reason(), row.code);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusalTest,
    ::testing::ValuesIn(std::vector<RefusalRow>{
        {"InvalidRequest", "INVALID_REQUEST", "unknown method: x", false,
         StatusCode::INVALID_ARGUMENT},
        {"MissingScope", "INVALID_REQUEST", "missing scope: operator.admin",
         false, StatusCode::PERMISSION_DENIED},
        {"Forbidden", "FORBIDDEN", "no", false, StatusCode::PERMISSION_DENIED},
        {"NotPaired", "NOT_PAIRED", "no", false, kPrecondition},
        {"NotLinked", "NOT_LINKED", "no", false, kPrecondition},
        {"NoApproval", "APPROVAL_NOT_FOUND", "no", false,
         StatusCode::NOT_FOUND},
        {"AgentTimeout", "AGENT_TIMEOUT", "no", true,
         StatusCode::DEADLINE_EXCEEDED},
        {"Unavailable", "UNAVAILABLE", "no", false, kPrecondition},
        {"Retryable", "UNAVAILABLE", "no", true, StatusCode::UNAVAILABLE},
        {"Other", "SOMETHING_NEW", "no", true, StatusCode::UNKNOWN}}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(RefusalWithoutAFormTest, CarriesTheJsonOfWhatCame) {
  core::CallRefused refused;
  refused.error_json = R"("just a string")";
  const grpc::Status status = ToGrpcStatus(refused);
  EXPECT_EQ(status.error_code(), StatusCode::UNKNOWN);
  EXPECT_EQ(status.error_message(), R"("just a string")");

  const grpc::Status bare = ToGrpcStatus(core::CallRefused());
  EXPECT_EQ(bare.error_code(), StatusCode::UNKNOWN);
  EXPECT_THAT(bare.error_message(), HasSubstr("gave no reason"));
}

TEST(RefusalTest, TellsWhenToRetry) {
  core::CallRefused refused = Refused("UNAVAILABLE", "later", true);
  refused.error.retry_after = std::chrono::milliseconds(1500);

  const auto retry = Find<google::rpc::RetryInfo>(ToGrpcStatus(refused));

  ASSERT_TRUE(retry);
  EXPECT_EQ(retry->retry_delay().seconds(), 1);
  EXPECT_EQ(retry->retry_delay().nanos(), 500'000'000);
}

// ---- Each failure of a call

struct FailureRow {
  const char* name;
  core::Reason reason;
  core::Outcome outcome;
  bool transient;
  StatusCode expected;
};

class FailureTest : public ::testing::TestWithParam<FailureRow> {};

TEST_P(FailureTest, HasItsCodeAndOutcome) {
  const FailureRow& row = GetParam();
  const grpc::Status status = ToGrpcStatus(
      core::CallFailed{{row.reason, "why", ""}, row.outcome, row.transient});

  EXPECT_EQ(status.error_code(), row.expected);
  const auto error = Find<v1::GatewayError>(status);
  ASSERT_TRUE(error);
  EXPECT_EQ(static_cast<int>(error->outcome()),
            static_cast<int>(row.outcome) + 1);
  EXPECT_EQ(error->code(), "");
}

using core::Outcome;
INSTANTIATE_TEST_SUITE_P(
    All, FailureTest,
    ::testing::ValuesIn(std::vector<FailureRow>{
        {"BadRequest", Reason::kBadRequest, Outcome::kNotSent, false,
         StatusCode::INVALID_ARGUMENT},
        {"TooLarge", Reason::kParamsTooLarge, Outcome::kNotSent, false,
         kExhausted},
        {"QueueFull", Reason::kQueueFull, Outcome::kNotSent, true, kExhausted},
        {"Stopped", Reason::kNotRunning, Outcome::kNotSent, false,
         kPrecondition},
        {"Starting", Reason::kNotRunning, Outcome::kNotSent, true,
         StatusCode::UNAVAILABLE},
        {"LostBeforeSent", Reason::kConnectionLost, Outcome::kNotSent, true,
         StatusCode::UNAVAILABLE},
        {"Lost", Reason::kConnectionLost, Outcome::kSentUnknown, false,
         StatusCode::ABORTED},
        {"Late", Reason::kTimedOut, Outcome::kSentUnknown, false,
         StatusCode::DEADLINE_EXCEEDED},
        {"LateInQueue", Reason::kTimedOut, Outcome::kNotSent, false,
         StatusCode::DEADLINE_EXCEEDED},
        {"AnswerTooLarge", Reason::kAnswerTooLarge, Outcome::kReplied, false,
         kExhausted}}),
    [](const auto& info) { return std::string(info.param.name); });

// ---- The bounds

void ExpectBounded(const grpc::Status& status) {
  EXPECT_LE(status.error_message().size(), 1024u);
  size_t details = 0;
  const google::rpc::Status decoded = Decode(status);
  for (const auto& any : decoded.details()) {
    details += any.ByteSizeLong();
  }
  EXPECT_LE(details, 4096u);
}

TEST(BoundsTest, HoldForALongMessage) {
  const grpc::Status status =
      ToGrpcStatus(Refused("INVALID_REQUEST", std::string(10'000, 'm')));
  ExpectBounded(status);
  const auto error = Find<v1::GatewayError>(status);
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->truncated());
  EXPECT_THAT(error->message(), StartsWith("mmm"));
}

TEST(BoundsTest, HoldForLargePayloadsWhichAreLeftOut) {
  core::CallRefused refused = Refused("UNAVAILABLE", "short");
  refused.payload_json = '"' + std::string(1'000'000, 'p') + '"';
  refused.error.details_json = R"({"small":true})";
  const grpc::Status status = ToGrpcStatus(refused);
  ExpectBounded(status);
  const auto error = Find<v1::GatewayError>(status);
  ASSERT_TRUE(error);
  EXPECT_TRUE(error->truncated());
  EXPECT_EQ(error->payload_json(), "");
  EXPECT_EQ(error->details_json(), R"({"small":true})");
}

TEST(BoundsTest, HoldWhenEverythingIsLarge) {
  core::CallRefused refused =
      Refused(std::string(5'000, 'C'), std::string(10'000, 'm'), true);
  refused.error_json = std::string(100'000, 'e');
  refused.error.details_json = std::string(100'000, 'd');
  refused.payload_json = std::string(1'000'000, 'p');
  refused.error.retry_after = std::chrono::hours(1);
  ExpectBounded(ToGrpcStatus(refused));

  const std::string huge(20'000, 'x');
  ExpectBounded(ToGrpcStatus(core::Fault{Reason::kPortHeld, huge, huge}));
  ExpectBounded(ToGrpcStatus(
      core::CallFailed{{Reason::kNotRunning, huge, huge}, Outcome::kNotSent}));
}

TEST(BoundsTest, CutBetweenCharacters) {
  // Characters of three bytes, which do not divide 1024 or 512.
  std::string message;
  while (message.size() < 3000) message += "\xE2\x82\xAC";
  const grpc::Status status = ToGrpcStatus(Refused("INVALID_REQUEST", message));
  EXPECT_EQ(status.error_message().size(), 1023u);
  const auto error = Find<v1::GatewayError>(status);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message().size() % 3, 0u);
}

TEST(BoundsTest, LeaveSmallDetailsWhole) {
  core::CallRefused refused = Refused("UNAVAILABLE", "short");
  refused.payload_json = R"({"runId":"1"})";
  refused.error.details_json = R"({"a":1})";
  const auto error = Find<v1::GatewayError>(ToGrpcStatus(refused));
  ASSERT_TRUE(error);
  EXPECT_FALSE(error->truncated());
  EXPECT_EQ(error->payload_json(), R"({"runId":"1"})");
  EXPECT_EQ(error->details_json(), R"({"a":1})");
}

TEST(EventsLostTest, SaysWhereTheLogBegins) {
  const grpc::Status status = EventsLostStatus("abc", 42);
  EXPECT_EQ(status.error_code(), StatusCode::OUT_OF_RANGE);
  const auto info = Find<google::rpc::ErrorInfo>(status);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->reason(), "EVENTS_LOST");
  EXPECT_EQ(info->metadata().at("oldest_epoch"), "abc");
  EXPECT_EQ(info->metadata().at("oldest_sequence"), "42");
}

}  // namespace
}  // namespace clawplane::server
