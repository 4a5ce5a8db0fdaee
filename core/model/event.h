// What the event log holds.

#ifndef CLAWPLANE_CORE_MODEL_EVENT_H_
#define CLAWPLANE_CORE_MODEL_EVENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/model/frame.h"
#include "core/model/gateway_status.h"
#include "core/model/time.h"

namespace clawplane::core {

// The meaning of each is written at `EventKind` in the .proto.
enum class EventKind {
  kChatMessage,
  kChannelStatus,
  kNotification,
  kStateChanged,
  kProcessExit,
  kError,
  kUnrecognizedMessage,
  kGap,
  kRepair,
};
inline constexpr size_t kEventKinds =
    static_cast<size_t>(EventKind::kRepair) + 1;

// The kind in lower snake case, which is the name of our own events too.
std::string_view Name(EventKind kind);

// JSON text that came with an event, or none. Copies share the text, so that a
// reader that sends it needs no copy of its own.
//
// Thread-safe: the text does not change.
class SharedJson {
 public:
  SharedJson() = default;
  SharedJson(std::string text)
      : text_(std::make_shared<const std::string>(std::move(text))) {}
  SharedJson(const char* text) : SharedJson(std::string(text)) {}

  explicit operator bool() const { return text_ != nullptr; }
  const std::string& operator*() const { return *text_; }
  const std::string* operator->() const { return text_.get(); }
  size_t size() const { return text_ ? text_->size() : 0; }

  // Whether the texts are equal, or both are none.
  friend bool operator==(const SharedJson& a, const SharedJson& b) {
    return a.text_ && b.text_ ? *a.text_ == *b.text_ : a.text_ == b.text_;
  }

 private:
  std::shared_ptr<const std::string> text_;
};

// What the gateway sent with a chat message or a notification; none if nothing.
struct GatewayPayload {
  SharedJson json;
};
struct ChannelStatusDetail {
  std::string channel_id;
  std::string status;
  SharedJson json;
};
struct StateChange {
  State from;
  State to;
  std::optional<Fault> error;
  std::optional<int> pid;
  uint64_t revision = 0;
};
struct ErrorDetail {
  std::string message;
  // What the gateway sent, where the error is its own.
  SharedJson json = {};
  // The cause, where we found the error.
  std::optional<Reason> reason = {};
};
struct RepairDetail {
  ProcessEnd end;
  std::string last_words;
};
struct UnrecognizedDetail {
  // The most that is kept of the message.
  static constexpr size_t kMaxExcerpt = 1024;

  std::string why;
  std::string excerpt;
  uint64_t size = 0;
};
struct UpstreamGap {
  enum class Cause { kNewConnection, kSequenceJump };
  Cause cause;
  std::optional<uint64_t> missing;
};
using EventDetail =
    std::variant<GatewayPayload, ChannelStatusDetail, StateChange, ProcessEnd,
                 ErrorDetail, UnrecognizedDetail, UpstreamGap, RepairDetail>;

// An event that has no number yet.
struct EventDraft {
  EventKind kind;
  // The gateway's name for it, or the name of the kind.
  std::string name;
  EventDetail detail;
  std::optional<uint64_t> gateway_seq;
};

// Thread-compatible. Does not change once it is in the log.
struct Event {
  uint64_t sequence = 0;
  WallTime received_at;
  EventDraft what;

  // The JSON that came with it; none if nothing.
  SharedJson payload() const;

  // About what it occupies, in bytes.
  size_t size() const;
};

// An event of our own, named for its kind.
EventDraft OwnEvent(EventKind kind, EventDetail detail);

// What becomes of a frame that is no answer to a call:
//
//   event `chat`, JSON-RPC `message.received`                -> chat message
//   event `channel.status`, JSON-RPC `channel.status_changed` -> channel status
//   JSON-RPC `error`                                         -> error
//   any other event or JSON-RPC notification                 -> notification
EventDraft RouteEvent(const EventFrame& frame);
EventDraft RouteNotification(const NotificationFrame& frame);

// For a message that is not understood.
EventDraft UnrecognizedMessage(std::string_view why, std::string_view message,
                               size_t size);

// `text` with each byte that is not UTF-8 replaced by U+FFFD, and cut at a
// character so that it has at most `most` bytes.
std::string ValidUtf8(std::string_view text,
                      size_t most = std::string_view::npos);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_EVENT_H_
