#include "server/event_encoding.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <string>
#include <utility>

#include "server/convert.h"

namespace clawplane::server {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// What an event may have beside its payload.
constexpr size_t kRoomForTheRest = 4 * 1024;

// The head of a member with bytes: its tag and their number.
std::string Head(int field, size_t size) {
  std::array<uint8_t, 16> bytes;
  uint8_t* end = CodedOutputStream::WriteVarint32ToArray(
      WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED),
      bytes.data());
  end =
      CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), end);
  return {bytes.data(), end};
}

// Where an event has its payload.
struct PayloadPlace {
  const google::protobuf::Message* detail;
  int detail_field;
  int payload_field;
};

// Takes the payload out of `event`, which has one, and says where it was.
PayloadPlace ClearPayload(v1::Event& event) {
  if (event.has_chat_message()) {
    event.mutable_chat_message()->clear_payload();
    return {&event.chat_message(), v1::Event::kChatMessageFieldNumber,
            v1::ChatMessage::kPayloadFieldNumber};
  }
  if (event.has_channel_status()) {
    event.mutable_channel_status()->clear_payload();
    return {&event.channel_status(), v1::Event::kChannelStatusFieldNumber,
            v1::ChannelStatus::kPayloadFieldNumber};
  }
  if (event.has_error()) {
    event.mutable_error()->clear_payload();
    return {&event.error(), v1::Event::kErrorFieldNumber,
            v1::ErrorEvent::kPayloadFieldNumber};
  }
  // No other kind has one.
  event.mutable_notification()->clear_payload();
  return {&event.notification(), v1::Event::kNotificationFieldNumber,
          v1::Notification::kPayloadFieldNumber};
}

// With the JSON at the very end: members of a message may come in any order.
core::EncodedEvent EncodeBeforeJson(const core::Event& event,
                                    std::string_view epoch,
                                    core::SharedJson json) {
  v1::Event message = ToProto(event, epoch, core::EventForm::kWithoutPayload);
  const PayloadPlace place = ClearPayload(message);
  const std::string json_head =
      Head(v1::Payload::kJsonFieldNumber, json.size());
  const std::string detail =
      place.detail->SerializeAsString() +
      Head(place.payload_field, json_head.size() + json.size()) + json_head;
  message.clear_detail();
  const std::string inner =
      message.SerializeAsString() +
      Head(place.detail_field, detail.size() + json.size()) + detail;
  return {Head(v1::StreamEventsResponse::kEventsFieldNumber,
               inner.size() + json.size()) +
              inner,
          std::move(json)};
}

}  // namespace

core::EventForm FormOf(const core::Event& event, core::EventForm asked,
                       size_t max_payload_bytes) {
  const size_t size = event.payload().size();
  const bool is_too_large_a_value =
      asked == core::EventForm::kValue && size > kMaxValueJson;
  return size > max_payload_bytes || is_too_large_a_value
             ? core::EventForm::kWithoutPayload
             : asked;
}

bool IsOverLimit(const core::EncodedEvent& event, core::EventForm form,
                 size_t max_payload_bytes) {
  return form == core::EventForm::kValue &&
         event.size() > max_payload_bytes + kRoomForTheRest;
}

core::EncodedEvent Encode(const core::Event& event, std::string_view epoch,
                          core::EventForm form) {
  if (form == core::EventForm::kJson) {
    if (core::SharedJson json = event.payload()) {
      return EncodeBeforeJson(event, epoch, std::move(json));
    }
  }
  const std::string whole = ToProto(event, epoch, form).SerializeAsString();
  return {
      Head(v1::StreamEventsResponse::kEventsFieldNumber, whole.size()) + whole,
      {}};
}

}  // namespace clawplane::server
