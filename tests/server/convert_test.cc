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
  const v1::Event proto = ToProto(Notification("{}"), "epoch", {});
  EXPECT_EQ(proto.epoch(), "epoch");
  EXPECT_EQ(proto.sequence(), 7u);
  EXPECT_EQ(proto.gateway_seq(), 3u);
  EXPECT_EQ(proto.name(), "some.event");
  EXPECT_EQ(proto.kind(), v1::EVENT_KIND_NOTIFICATION);
}

TEST(EventTest, CarriesItsPayloadByteForByte) {
  const std::string json = R"({"b": 1,  "a":9007199254740993})";
  const v1::Event proto = ToProto(Notification(json), "epoch", {});
  EXPECT_EQ(proto.notification().payload().json(), json);
}

TEST(EventTest, CarriesAValueWhenAsked) {
  const v1::Event proto = ToProto(Notification(R"({"a":1})"), "epoch",
                                  {.form = v1::PAYLOAD_FORM_VALUE});
  const auto& fields =
      proto.notification().payload().value().struct_value().fields();
  EXPECT_EQ(fields.at("a").number_value(), 1);
}

TEST(EventTest, MarksWhatCannotBeAValueByItsSize) {
  const std::string deep(1000, '[');
  const std::string json = deep + std::string(1000, ']');
  const v1::Event proto =
      ToProto(Notification(json), "epoch", {.form = v1::PAYLOAD_FORM_VALUE});
  EXPECT_EQ(proto.notification().payload().omitted_bytes(), 2000u);
}

TEST(EventTest, MarksWhatIsTooLargeByItsSize) {
  const std::string json = R"("12345678")";
  const v1::Event fits =
      ToProto(Notification(json), "epoch", {.max_bytes = json.size()});
  EXPECT_TRUE(fits.notification().payload().has_json());
  const v1::Event large =
      ToProto(Notification(json), "epoch", {.max_bytes = json.size() - 1});
  EXPECT_EQ(large.notification().payload().omitted_bytes(), json.size());
}

TEST(EventTest, HasNoPayloadWhereNothingWasSent) {
  core::Event event = Notification("");
  event.what.detail = core::GatewayPayload{};
  EXPECT_FALSE(ToProto(event, "epoch", {}).notification().has_payload());
}

TEST(ProcessExitTest, TellsACodeFromASignal) {
  core::ProcessEnd end;
  end.exit = core::ExitStatus::Exited(15);
  EXPECT_EQ(ToProto(end).how_case(), v1::ProcessExit::kExitCode);
  end.exit = core::ExitStatus::Signaled(15);
  EXPECT_EQ(ToProto(end).how_case(), v1::ProcessExit::kSignal);
}

}  // namespace
}  // namespace clawplane::server
