// Entries of the event log as messages.

#include <string>
#include <variant>

#include "server/convert.h"
#include "server/json_value.h"

namespace clawplane::server {
namespace {

v1::EventKind KindToProto(core::EventKind kind) {
  switch (kind) {
    case core::EventKind::kChatMessage:
      return v1::EVENT_KIND_CHAT_MESSAGE;
    case core::EventKind::kChannelStatus:
      return v1::EVENT_KIND_CHANNEL_STATUS;
    case core::EventKind::kNotification:
      return v1::EVENT_KIND_NOTIFICATION;
    case core::EventKind::kStateChanged:
      return v1::EVENT_KIND_STATE_CHANGED;
    case core::EventKind::kProcessExit:
      return v1::EVENT_KIND_PROCESS_EXIT;
    case core::EventKind::kError:
      return v1::EVENT_KIND_ERROR;
    case core::EventKind::kUnrecognizedMessage:
      return v1::EVENT_KIND_UNRECOGNIZED_MESSAGE;
    case core::EventKind::kGap:
      return v1::EVENT_KIND_GAP;
    case core::EventKind::kRepair:
      return v1::EVENT_KIND_REPAIR;
  }
  return v1::EVENT_KIND_UNSPECIFIED;
}

// Puts the parts of an event into its message.
class DetailWriter {
 public:
  DetailWriter(v1::Event& event, core::EventKind kind, core::EventForm form)
      : event_(event), kind_(kind), form_(form) {}

  void operator()(const core::GatewayPayload& detail) {
    if (kind_ == core::EventKind::kChatMessage) {
      auto& chat = *event_.mutable_chat_message();
      if (detail.json) Write(*detail.json, *chat.mutable_payload());
    } else {
      auto& notification = *event_.mutable_notification();
      if (detail.json) Write(*detail.json, *notification.mutable_payload());
    }
  }
  void operator()(const core::ChannelStatusDetail& detail) {
    auto& status = *event_.mutable_channel_status();
    status.set_channel_id(detail.channel_id);
    status.set_status(detail.status);
    if (detail.json) Write(*detail.json, *status.mutable_payload());
  }
  void operator()(const core::StateChange& change) {
    auto& proto = *event_.mutable_state_changed();
    proto.set_from(ToProto(change.from));
    proto.set_to(ToProto(change.to));
    if (change.error) *proto.mutable_error() = ToProto(*change.error);
    if (change.pid) proto.set_pid(*change.pid);
    proto.set_revision(change.revision);
  }
  void operator()(const core::ProcessEnd& end) {
    *event_.mutable_process_exit() = ToProto(end);
  }
  void operator()(const core::ErrorDetail& detail) {
    auto& error = *event_.mutable_error();
    error.set_message(detail.message);
    if (detail.json) Write(*detail.json, *error.mutable_payload());
    if (detail.reason) error.set_reason(ToProto(*detail.reason));
  }
  void operator()(const core::UnrecognizedDetail& detail) {
    auto& message = *event_.mutable_unrecognized_message();
    message.set_why(detail.why);
    message.set_excerpt(detail.excerpt);
    message.set_size_bytes(detail.size);
  }
  void operator()(const core::UpstreamGap& gap) {
    auto& proto = *event_.mutable_gap();
    switch (gap.cause) {
      case core::UpstreamGap::Cause::kNewConnection:
        proto.set_cause(v1::UpstreamGap::CAUSE_NEW_CONNECTION);
        break;
      case core::UpstreamGap::Cause::kSequenceJump:
        proto.set_cause(v1::UpstreamGap::CAUSE_SEQUENCE_JUMP);
        break;
    }
    if (gap.missing) proto.set_missing(*gap.missing);
  }
  void operator()(const core::RepairDetail& detail) {
    auto& repair = *event_.mutable_repair();
    *repair.mutable_exit() = ToProto(detail.end);
    repair.set_last_words(detail.last_words);
  }

 private:
  void Write(const std::string& json, v1::Payload& payload) const {
    switch (form_) {
      case core::EventForm::kJson:
        payload.set_json(json);
        return;
      case core::EventForm::kValue:
        if (!JsonToValue(json, *payload.mutable_value())) return;
        [[fallthrough]];  // it cannot be given as a value
      case core::EventForm::kWithoutPayload:
        payload.set_omitted_bytes(json.size());
    }
  }

  v1::Event& event_;
  const core::EventKind kind_;
  const core::EventForm form_;
};

}  // namespace

v1::Event ToProto(const core::Event& event, std::string_view epoch,
                  core::EventForm form) {
  v1::Event proto;
  proto.set_epoch(std::string(epoch));
  proto.set_sequence(event.sequence);
  *proto.mutable_received_at() = ToProto(event.received_at);
  if (event.what.gateway_seq) proto.set_gateway_seq(*event.what.gateway_seq);
  proto.set_kind(KindToProto(event.what.kind));
  proto.set_name(event.what.name);
  std::visit(DetailWriter(proto, event.what.kind, form), event.what.detail);
  return proto;
}

v1::EventPosition ToProto(const core::EventPosition& position) {
  v1::EventPosition proto;
  proto.set_epoch(position.epoch);
  proto.set_sequence(position.sequence);
  return proto;
}

std::optional<core::EventKind> FromProto(v1::EventKind kind) {
  for (const core::EventKind known :
       {core::EventKind::kChatMessage, core::EventKind::kChannelStatus,
        core::EventKind::kNotification, core::EventKind::kStateChanged,
        core::EventKind::kProcessExit, core::EventKind::kError,
        core::EventKind::kUnrecognizedMessage, core::EventKind::kGap,
        core::EventKind::kRepair}) {
    if (KindToProto(known) == kind) return known;
  }
  return std::nullopt;
}

}  // namespace clawplane::server
