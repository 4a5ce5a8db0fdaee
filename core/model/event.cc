#include "core/model/event.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"
#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

SharedJson Copy(const std::optional<JsonView>& json) {
  if (!json) return {};
  return std::string(*json);
}

EventDraft ChannelStatus(std::string name,
                         const std::optional<JsonView>& payload) {
  ChannelStatusDetail detail;
  if (payload) {
    // Gateways differ in how they name the channel.
    for (const char* member : {"channelId", "channel_id", "channel"}) {
      detail.channel_id = StringMember(*payload, member);
      if (!detail.channel_id.empty()) break;
    }
    detail.status = StringMember(*payload, "status");
  }
  detail.json = Copy(payload);
  return {EventKind::kChannelStatus, std::move(name), std::move(detail), {}};
}

struct DetailSize {
  size_t operator()(const GatewayPayload& p) const { return p.json.size(); }
  size_t operator()(const ChannelStatusDetail& c) const {
    return c.channel_id.size() + c.status.size() + c.json.size();
  }
  size_t operator()(const StateChange& s) const {
    return s.error ? s.error->message.size() + s.error->next_step.size() : 0;
  }
  size_t operator()(const ProcessEnd&) const { return 0; }
  size_t operator()(const ErrorDetail& e) const {
    return e.message.size() + e.json.size();
  }
  size_t operator()(const UnrecognizedDetail& u) const {
    return u.why.size() + u.excerpt.size();
  }
  size_t operator()(const UpstreamGap&) const { return 0; }
  size_t operator()(const RepairDetail& r) const { return r.last_words.size(); }
};

}  // namespace

std::string_view Name(EventKind kind) {
  switch (kind) {
    case EventKind::kChatMessage:
      return "chat_message";
    case EventKind::kChannelStatus:
      return "channel_status";
    case EventKind::kNotification:
      return "notification";
    case EventKind::kStateChanged:
      return "state_changed";
    case EventKind::kProcessExit:
      return "process_exit";
    case EventKind::kError:
      return "error";
    case EventKind::kUnrecognizedMessage:
      return "unrecognized_message";
    case EventKind::kGap:
      return "gap";
    case EventKind::kRepair:
      return "repair";
  }
  return {};
}

SharedJson Event::payload() const {
  return std::visit(
      [](const auto& detail) -> SharedJson {
        if constexpr (requires { detail.json; }) return detail.json;
        return {};
      },
      what.detail);
}

size_t Event::size() const {
  return sizeof(Event) + what.name.size() +
         std::visit(DetailSize(), what.detail);
}

EventDraft OwnEvent(EventKind kind, EventDetail detail) {
  return {kind, std::string(Name(kind)), std::move(detail), {}};
}

EventDraft RouteEvent(const EventFrame& frame) {
  EventDraft draft;
  if (frame.event == "channel.status") {
    draft = ChannelStatus(frame.event, frame.payload);
  } else {
    draft = {frame.event == "chat" ? EventKind::kChatMessage
                                   : EventKind::kNotification,
             frame.event,
             GatewayPayload{Copy(frame.payload)},
             {}};
  }
  draft.gateway_seq = frame.seq;
  return draft;
}

EventDraft RouteNotification(const NotificationFrame& frame) {
  if (frame.method == "channel.status_changed") {
    return ChannelStatus(frame.method, frame.params);
  }
  if (frame.method == "error") {
    std::string message;
    if (frame.params) message = StringMember(*frame.params, "message");
    if (message.empty()) message = "the gateway reports an error";
    return {EventKind::kError,
            "error",
            ErrorDetail{std::move(message), Copy(frame.params)},
            {}};
  }
  return {frame.method == "message.received" ? EventKind::kChatMessage
                                             : EventKind::kNotification,
          frame.method,
          GatewayPayload{Copy(frame.params)},
          {}};
}

EventDraft UnrecognizedMessage(std::string_view why, std::string_view message,
                               size_t size) {
  return OwnEvent(
      EventKind::kUnrecognizedMessage,
      UnrecognizedDetail{
          ValidUtf8(why),
          ValidUtf8(message.substr(0, UnrecognizedDetail::kMaxExcerpt),
                    UnrecognizedDetail::kMaxExcerpt),
          size});
}

std::string ValidUtf8(std::string_view text, size_t most) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (text.size() <= most && IsUtf8(text)) return std::string(text);
  std::string valid;
  valid.reserve(std::min(text.size(), most));
  while (!text.empty()) {
    const size_t length =
        Utf8CharacterSize(text.data(), text.data() + text.size());
    const std::string_view next =
        length == 0 ? kReplacement : text.substr(0, length);
    if (valid.size() + next.size() > most) break;
    valid += next;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return valid;
}

}  // namespace clawplane::core
