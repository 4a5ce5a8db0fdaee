#include "server/event_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/slice.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "server/convert.h"

namespace clawplane::server {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// Payloads from this size on are sent from where they lie. Copying this much
// costs about what a piece of its own does.
constexpr size_t kLargePayload = 4 * 1024;

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

bool IsLarge(const core::EncodedEvent& event) {
  return event.payload.size() >= kLargePayload;
}

// A piece that keeps the event it lies in.
grpc::Slice PayloadSlice(const core::EncodedEventPtr& event) {
  const std::string& json = *event->payload;
  return grpc::Slice(
      const_cast<char*>(json.data()), json.size(),
      [](void* held) { delete static_cast<core::EncodedEventPtr*>(held); },
      new core::EncodedEventPtr(event));
}

// Copies what is small into one allocation, and cuts it into pieces.
//
// Thread-compatible.
class Copies {
 public:
  explicit Copies(size_t size) : all_(grpc_slice_malloc(size)) {}
  ~Copies() { grpc_slice_unref(all_); }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  void Add(std::string_view part) {
    std::memcpy(GRPC_SLICE_START_PTR(all_) + end_, part.data(), part.size());
    end_ += part.size();
  }
  // What was added since the last cut.
  grpc::Slice Cut() {
    const size_t begin = std::exchange(begin_, end_);
    return grpc::Slice(grpc_slice_sub(all_, begin, end_),
                       grpc::Slice::STEAL_REF);
  }

 private:
  grpc_slice all_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace

core::EventForm FormOf(const core::Event& event, core::EventForm asked,
                       size_t max_payload_bytes) {
  return event.payload().size() > max_payload_bytes
             ? core::EventForm::kWithoutPayload
             : asked;
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

bool EventBatch::Add(core::EncodedEventPtr event) {
  const size_t size = event->size();
  if (!events_.empty() &&
      (events_.size() == kMaxEvents || bytes_ + size > kMaxBytes)) {
    return false;
  }
  bytes_ += size;
  events_.push_back(std::move(event));
  return true;
}

grpc::ByteBuffer EventBatch::Write() const {
  size_t small = bytes_;
  for (const auto& event : events_) {
    if (IsLarge(*event)) small -= event->payload.size();
  }
  Copies copies(small);
  std::vector<grpc::Slice> pieces;
  for (const auto& event : events_) {
    copies.Add(event->head);
    if (IsLarge(*event)) {
      pieces.push_back(copies.Cut());
      pieces.push_back(PayloadSlice(event));
    } else if (event->payload) {
      copies.Add(*event->payload);
    }
  }
  if (grpc::Slice rest = copies.Cut(); rest.size() > 0) {
    pieces.push_back(std::move(rest));
  }
  return grpc::ByteBuffer(pieces.data(), pieces.size());
}

grpc::ByteBuffer ToBytes(const v1::StreamEventsResponse& response) {
  const grpc::Slice whole(response.SerializeAsString());
  return grpc::ByteBuffer(&whole, 1);
}

}  // namespace clawplane::server
