#include "tests/bench/events/event_scan.h"

namespace clawplane::testing {
namespace {

// The fields of the messages, as gateway.proto numbers them.
constexpr uint32_t kEventGatewaySeq = 4;
constexpr uint32_t kEventName = 6;
constexpr uint32_t kEventNotification = 9;
constexpr uint32_t kNotificationPayload = 1;
constexpr uint32_t kPayloadJson = 1;

// The bytes of this field, empty if there is none.
std::string_view Member(std::string_view message, uint32_t field) {
  WireFields fields(message);
  while (fields.Next()) {
    if (fields.field() == field) return fields.bytes();
  }
  return "";
}

}  // namespace

bool WireFields::Next() {
  bytes_ = {};
  number_ = 0;
  if (rest_.empty() || !well_formed_) return false;
  uint64_t tag = 0;
  if (!ReadVarint(tag)) return Fail();
  field_ = static_cast<uint32_t>(tag >> 3);
  uint64_t length = 0;
  switch (tag & 7) {
    case 0:
      return ReadVarint(number_) || Fail();
    case 1:
      return ReadBytes(8) || Fail();
    case 2:
      return (ReadVarint(length) && ReadBytes(length)) || Fail();
    case 5:
      return ReadBytes(4) || Fail();
    default:
      return Fail();
  }
}

bool WireFields::Fail() {
  well_formed_ = false;
  return false;
}

bool WireFields::ReadVarint(uint64_t& value) {
  value = 0;
  for (size_t i = 0; i < rest_.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    value |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool WireFields::ReadBytes(uint64_t count) {
  if (count > rest_.size()) return false;
  bytes_ = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return true;
}

bool ScanEvent(std::string_view event, ScannedEvent& scanned) {
  WireFields fields(event);
  while (fields.Next()) {
    if (fields.field() == kEventGatewaySeq) {
      scanned.gateway_seq = fields.number();
    } else if (fields.field() == kEventName) {
      scanned.name = fields.bytes();
    } else if (fields.field() == kEventNotification) {
      scanned.json =
          Member(Member(fields.bytes(), kNotificationPayload), kPayloadJson);
    }
  }
  return fields.well_formed();
}

}  // namespace clawplane::testing
