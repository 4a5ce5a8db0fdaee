#include "server/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace clawplane::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

google::protobuf::Duration Proto(int64_t seconds, int32_t nanos) {
  google::protobuf::Duration duration;
  duration.set_seconds(seconds);
  duration.set_nanos(nanos);
  return duration;
}

// Of a restart that ended well.
class ProofOfTest : public ::testing::Test {
 protected:
  using Restart = v1::RestartResponse;

  ProofOfTest() {
    result_.was_running = true;
    result_.old_pid = 7;
    result_.status.pid = 7;
  }

  core::OrderResult result_;
};

TEST_F(ProofOfTest, IsAnotherBootIdBeforeAllElse) {
  result_.old_boot_id = "a";
  result_.status.boot_id = "b";
  result_.exit = core::ProcessEnd{};
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_BOOT_ID);
}

TEST_F(ProofOfTest, IsTheEndOfOurOwnProcess) {
  result_.status.owned = true;
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_UNSPECIFIED);
  result_.exit = core::ProcessEnd{};
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_PROCESS);
}

TEST_F(ProofOfTest, IsTheProcessOrTheUptimeOfAGatewayThatIsNotOurs) {
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_UPTIME);
  result_.status.pid = 8;
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_PROCESS);
  result_.status.pid.reset();
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_UPTIME);
}

TEST_F(ProofOfTest, IsNoneWhereThereWasNoGatewayBefore) {
  result_.was_running = false;
  result_.old_pid.reset();
  EXPECT_EQ(ProofOf(result_), Restart::PROOF_UNSPECIFIED);
}

TEST(DurationTest, KeepsNanoseconds) {
  const auto proto = ToProto(core::Duration(seconds(2)) + nanoseconds(5));
  EXPECT_EQ(proto.seconds(), 2);
  EXPECT_EQ(proto.nanos(), 5);
  EXPECT_EQ(FromProto(proto), seconds(2) + nanoseconds(5));
}

TEST(DurationTest, HasOneSignInBothParts) {
  const auto proto = ToProto(core::Duration(milliseconds(-1500)));
  EXPECT_EQ(proto.seconds(), -1);
  EXPECT_EQ(proto.nanos(), -500'000'000);
}

TEST(DurationTest, IsRefusedWhenMalformed) {
  EXPECT_EQ(FromProto(Proto(0, 1'000'000'000)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(0, -1'000'000'000)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(INT64_MAX, 0)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(INT64_MIN, 0)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(1, -1)), std::nullopt);
  EXPECT_EQ(FromProto(Proto(-1, 1)), std::nullopt);
}

TEST(TimestampTest, CountsNanosUpwardsBefore1970) {
  const auto proto = ToProto(core::WallTime(milliseconds(-1)));
  EXPECT_EQ(proto.seconds(), -1);
  EXPECT_EQ(proto.nanos(), 999'000'000);
}

TEST(EventKindTest, IsKnownForEachKindOfTheApi) {
  const auto* const kinds = v1::EventKind_descriptor();
  for (int i = 0; i < kinds->value_count(); ++i) {
    const auto kind = static_cast<v1::EventKind>(kinds->value(i)->number());
    EXPECT_EQ(FromProto(kind).has_value(), kind != v1::EVENT_KIND_UNSPECIFIED)
        << v1::EventKind_Name(kind);
  }
  EXPECT_EQ(FromProto(static_cast<v1::EventKind>(99)), std::nullopt);
}

core::Event Notification(std::string json) {
  core::Event event;
  event.sequence = 7;
  event.what = {core::EventKind::kNotification, "some.event",
                core::GatewayPayload{std::move(json)}, 3};
  return event;
}

TEST(EventTest, CarriesItsPlaceAndName) {
  const v1::Event proto =
      ToProto(Notification("{}"), "epoch", core::EventForm::kJson);
  EXPECT_EQ(proto.epoch(), "epoch");
  EXPECT_EQ(proto.sequence(), 7u);
  EXPECT_EQ(proto.gateway_seq(), 3u);
  EXPECT_EQ(proto.name(), "some.event");
  EXPECT_EQ(proto.kind(), v1::EVENT_KIND_NOTIFICATION);
}

TEST(EventTest, CarriesItsPayloadByteForByte) {
  const std::string json = R"({"b": 1,  "a":9007199254740993})";
  const v1::Event proto =
      ToProto(Notification(json), "epoch", core::EventForm::kJson);
  EXPECT_EQ(proto.notification().payload().json(), json);
}

TEST(EventTest, CarriesAValueWhenAsked) {
  const v1::Event proto =
      ToProto(Notification(R"({"a":1})"), "epoch", core::EventForm::kValue);
  const auto& fields =
      proto.notification().payload().value().struct_value().fields();
  EXPECT_EQ(fields.at("a").number_value(), 1);
}

TEST(EventTest, MarksWhatCannotBeAValueByItsSize) {
  const std::string deep(1000, '[');
  const std::string json = deep + std::string(1000, ']');
  const v1::Event proto =
      ToProto(Notification(json), "epoch", core::EventForm::kValue);
  EXPECT_EQ(proto.notification().payload().omitted_bytes(), 2000u);
}

TEST(EventTest, MarksWhatIsLeftOutByItsSize) {
  const v1::Event proto = ToProto(Notification(R"("12345678")"), "epoch",
                                  core::EventForm::kWithoutPayload);
  EXPECT_EQ(proto.notification().payload().omitted_bytes(), 10u);
}

TEST(EventTest, HasNoPayloadWhereNothingWasSent) {
  core::Event event = Notification("");
  event.what.detail = core::GatewayPayload{};
  EXPECT_FALSE(ToProto(event, "epoch", core::EventForm::kJson)
                   .notification()
                   .has_payload());
}

TEST(ProcessExitTest, TellsACodeFromASignal) {
  core::ProcessEnd end;
  end.exit = core::ExitStatus::Exited(15);
  EXPECT_EQ(ToProto(end).how_case(), v1::ProcessExit::kExitCode);
  end.exit = core::ExitStatus::Signaled(15);
  EXPECT_EQ(ToProto(end).how_case(), v1::ProcessExit::kSignal);
}

TEST(ProcessExitTest, CountsWhatOutlivedIt) {
  core::ProcessEnd end;
  EXPECT_EQ(ToProto(end).stragglers(), 0u);
  end.stragglers = 2;
  EXPECT_EQ(ToProto(end).stragglers(), 2u);
}

TEST(LogLineTest, TellsHowMuchOfItWasCut) {
  const core::LogLine line{core::WallTime(seconds(5)), core::LogSource::kStderr,
                           12, "text", 34};
  const v1::LogLine proto = ToProto(line);
  EXPECT_EQ(proto.at().seconds(), 5);
  EXPECT_EQ(proto.source(), v1::LogLine::SOURCE_STDERR);
  EXPECT_EQ(proto.pid(), 12);
  EXPECT_EQ(proto.text(), "text");
  EXPECT_EQ(proto.cut_bytes(), 34u);
}

TEST(ErrorEventTest, HasTheReasonWhereWeFoundIt) {
  core::Event event;
  event.what =
      core::OwnEvent(core::EventKind::kError,
                     core::ErrorDetail{.message = "it uses much",
                                       .reason = core::Reason::kMemoryLimit});
  EXPECT_EQ(ToProto(event, "epoch", core::EventForm::kJson).error().reason(),
            v1::REASON_MEMORY_LIMIT);
  event.what.detail = core::ErrorDetail{.message = "its own", .json = "{}"};
  EXPECT_EQ(ToProto(event, "epoch", core::EventForm::kJson).error().reason(),
            v1::REASON_UNSPECIFIED);
}

TEST(RepairEventTest, TellsItsEndAndLastWords) {
  core::RepairDetail repair{.end = {}, .last_words = "nothing to mend"};
  repair.end.pid = 12;
  repair.end.exit = core::ExitStatus::Exited(1);
  core::Event event;
  event.what = core::OwnEvent(core::EventKind::kRepair, repair);

  const v1::Event proto = ToProto(event, "epoch", core::EventForm::kJson);

  EXPECT_EQ(proto.kind(), v1::EVENT_KIND_REPAIR);
  EXPECT_EQ(proto.name(), "repair");
  EXPECT_EQ(proto.repair().exit().pid(), 12);
  EXPECT_EQ(proto.repair().exit().exit_code(), 1);
  EXPECT_EQ(proto.repair().last_words(), "nothing to mend");
}

TEST(StatusTest, IsSilentAboutHealthThatIsNotKnown) {
  const v1::GatewayStatus proto = ToProto(core::GatewayStatus(), {});
  EXPECT_FALSE(proto.has_health());
  EXPECT_FALSE(proto.has_suspect_since());
  EXPECT_EQ(proto.resident_bytes(), 0u);
}

TEST(StatusTest, TellsSuspicionMemoryAndRepair) {
  core::GatewayStatus status;
  status.suspect_since = core::WallTime(seconds(100));
  status.resident_bytes = 5'000'000'000;
  status.phase = core::Phase::kRepairing;

  const v1::GatewayStatus proto = ToProto(status, {});

  EXPECT_EQ(proto.suspect_since().seconds(), 100);
  EXPECT_EQ(proto.resident_bytes(), 5'000'000'000u);
  EXPECT_EQ(proto.phase(), v1::GatewayStatus::PHASE_REPAIRING);
}

TEST(StatusTest, TellsWhichLayerFailed) {
  using Layer = core::Health::Layer;
  using Check = v1::HealthCheck;
  core::GatewayStatus status;
  const auto check = [&](Layer failed, const std::string& message) {
    status.health = {.checked_at = core::WallTime(seconds(7)),
                     .latency = milliseconds(20),
                     .failed = failed,
                     .message = message};
    return ToProto(status, {}).health();
  };

  const Check ok = check(Layer::kNone, "");
  EXPECT_TRUE(ok.ok());
  EXPECT_EQ(ok.failed_layer(), Check::LAYER_UNSPECIFIED);
  EXPECT_EQ(ok.checked_at().seconds(), 7);
  EXPECT_EQ(ok.latency().nanos(), 20'000'000);

  const Check bad = check(Layer::kRpc, "no answer");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.failed_layer(), Check::LAYER_RPC);
  EXPECT_EQ(bad.message(), "no answer");
  EXPECT_EQ(check(Layer::kProcess, "x").failed_layer(), Check::LAYER_PROCESS);
  EXPECT_EQ(check(Layer::kPort, "x").failed_layer(), Check::LAYER_PORT);
  EXPECT_EQ(check(Layer::kHandshake, "x").failed_layer(),
            Check::LAYER_HANDSHAKE);
}

}  // namespace
}  // namespace clawplane::server
