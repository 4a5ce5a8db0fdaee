#include "server/convert.h"

#include <chrono>
#include <utility>
#include <variant>

#include "server/json_value.h"

namespace clawplane::server {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

v1::GatewayStatus::State ToProto(core::State state) {
  switch (state) {
    case core::State::kStopped:
      return v1::GatewayStatus::STATE_STOPPED;
    case core::State::kStarting:
      return v1::GatewayStatus::STATE_STARTING;
    case core::State::kRunning:
      return v1::GatewayStatus::STATE_RUNNING;
    case core::State::kReconnecting:
      return v1::GatewayStatus::STATE_RECONNECTING;
    case core::State::kStopping:
      return v1::GatewayStatus::STATE_STOPPING;
    case core::State::kError:
      return v1::GatewayStatus::STATE_ERROR;
  }
  return v1::GatewayStatus::STATE_UNSPECIFIED;
}

v1::GatewayStatus::Phase ToProto(core::Phase phase) {
  switch (phase) {
    case core::Phase::kNone:
      return v1::GatewayStatus::PHASE_UNSPECIFIED;
    case core::Phase::kProbing:
      return v1::GatewayStatus::PHASE_PROBING;
    case core::Phase::kWaitingForPort:
      return v1::GatewayStatus::PHASE_WAITING_FOR_PORT;
    case core::Phase::kWaitingForReady:
      return v1::GatewayStatus::PHASE_WAITING_FOR_READY;
    case core::Phase::kConnecting:
      return v1::GatewayStatus::PHASE_CONNECTING;
    case core::Phase::kBackingOff:
      return v1::GatewayStatus::PHASE_BACKING_OFF;
    case core::Phase::kTerminating:
      return v1::GatewayStatus::PHASE_TERMINATING;
    case core::Phase::kKilling:
      return v1::GatewayStatus::PHASE_KILLING;
    case core::Phase::kRestartDelay:
      return v1::GatewayStatus::PHASE_RESTART_DELAY;
  }
  return v1::GatewayStatus::PHASE_UNSPECIFIED;
}

v1::EventKind ToProto(core::EventKind kind) {
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
  }
  return v1::EVENT_KIND_UNSPECIFIED;
}

v1::GatewayFault ToProto(const core::Fault& fault) {
  v1::GatewayFault proto;
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  v1::Reason_Parse("REASON_" + std::string(core::Name(fault.reason)), &reason);
  proto.set_reason(reason);
  proto.set_message(fault.message);
  proto.set_next_step(fault.next_step);
  return proto;
}

// Puts the parts of an event into its message.
class DetailWriter {
 public:
  DetailWriter(v1::Event& event, core::EventKind kind,
               const PayloadOptions& options)
      : event_(event), kind_(kind), options_(options) {}

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
    *event_.mutable_process_exit() = server::ToProto(end);
  }
  void operator()(const core::ErrorDetail& detail) {
    auto& error = *event_.mutable_error();
    error.set_message(detail.message);
    if (detail.json) Write(*detail.json, *error.mutable_payload());
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

 private:
  void Write(const std::string& json, v1::Payload& payload) const {
    const bool as_value = options_.form == v1::PAYLOAD_FORM_VALUE;
    const bool too_large = json.size() > options_.max_bytes;
    if (!too_large && !as_value) {
      payload.set_json(json);
    } else if (too_large || JsonToValue(json, *payload.mutable_value())) {
      payload.set_omitted_bytes(json.size());
    }
  }

  v1::Event& event_;
  const core::EventKind kind_;
  const PayloadOptions& options_;
};

}  // namespace

v1::GatewayStatus StatusToProto(const core::GatewayManager& manager) {
  return StatusToProto(manager.status(), manager);
}

v1::GatewayStatus StatusToProto(const core::GatewayStatus& status,
                                const core::GatewayManager& manager) {
  const core::Instant now = manager.Now();
  v1::GatewayStatus proto;
  proto.set_name(manager.config().name);
  proto.set_state(ToProto(status.state));
  proto.set_wanted_up(status.wanted_up);
  proto.set_revision(status.revision);
  proto.set_phase(ToProto(status.phase));
  if (status.phase != core::Phase::kNone) {
    *proto.mutable_phase_elapsed() = ToProto(now.steady - status.phase_since);
  }
  proto.set_port(manager.config().machine.port);
  if (status.pid) proto.set_pid(*status.pid);
  proto.set_owned(status.owned);
  if (status.connected_at) {
    *proto.mutable_uptime() = ToProto(now.steady - status.connected_at->steady);
    *proto.mutable_connected_at() = ToProto(status.connected_at->wall);
  }
  proto.set_version(status.version);
  proto.set_protocol(status.protocol);
  proto.set_boot_id(status.boot_id);
  if (status.error) *proto.mutable_error() = ToProto(*status.error);
  proto.set_reconnect_attempts(status.reconnect_attempts);
  if (status.next_attempt_at) {
    *proto.mutable_next_attempt_at() = ToProto(*status.next_attempt_at);
  }
  if (status.last_exit) *proto.mutable_last_exit() = ToProto(*status.last_exit);
  proto.set_restarts(status.restarts);
  proto.mutable_log_position()->set_epoch(manager.events().epoch());
  proto.mutable_log_position()->set_sequence(manager.events().last());
  return proto;
}

v1::ProcessExit ToProto(const core::ProcessEnd& end) {
  v1::ProcessExit proto;
  proto.set_pid(end.pid);
  switch (end.exit.how) {
    case core::ExitStatus::How::kExited:
      proto.set_exit_code(end.exit.value);
      break;
    case core::ExitStatus::How::kSignaled:
      proto.set_signal(end.exit.value);
      break;
  }
  proto.set_killed(end.killed);
  proto.set_expected(end.expected);
  *proto.mutable_at() = ToProto(end.at);
  *proto.mutable_lived() = ToProto(end.lived);
  return proto;
}

v1::DescribeGatewayResponse ToProto(const core::Description& description) {
  const core::Hello& hello = description.hello;
  v1::DescribeGatewayResponse proto;
  *proto.mutable_as_of() = ToProto(description.as_of);
  proto.set_version(hello.version);
  proto.set_protocol(hello.protocol);
  proto.set_boot_id(hello.boot_id);
  proto.set_connection_id(hello.connection_id);
  for (const auto& method : hello.methods) proto.add_methods(method);
  for (const auto& event : hello.events) proto.add_events(event);
  for (const auto& scope : hello.scopes) proto.add_scopes(scope);
  proto.set_max_payload_bytes(hello.max_payload_bytes);
  *proto.mutable_tick_interval() = ToProto(hello.tick_interval);
  return proto;
}

v1::LogLine ToProto(const core::LogLine& line) {
  v1::LogLine proto;
  *proto.mutable_at() = ToProto(line.at);
  switch (line.source) {
    case core::LogSource::kStdout:
      proto.set_source(v1::LogLine::SOURCE_STDOUT);
      break;
    case core::LogSource::kStderr:
      proto.set_source(v1::LogLine::SOURCE_STDERR);
      break;
  }
  proto.set_text(line.text);
  proto.set_pid(line.pid);
  return proto;
}

v1::Event ToProto(const core::Event& event, std::string_view epoch,
                  const PayloadOptions& options) {
  v1::Event proto;
  proto.set_epoch(std::string(epoch));
  proto.set_sequence(event.sequence);
  *proto.mutable_received_at() = ToProto(event.received_at);
  if (event.what.gateway_seq) proto.set_gateway_seq(*event.what.gateway_seq);
  proto.set_kind(ToProto(event.what.kind));
  proto.set_name(event.what.name);
  std::visit(DetailWriter(proto, event.what.kind, options), event.what.detail);
  return proto;
}

google::protobuf::Duration ToProto(core::Duration duration) {
  google::protobuf::Duration proto;
  const auto whole = duration_cast<seconds>(duration);
  proto.set_seconds(whole.count());
  proto.set_nanos(static_cast<int32_t>(
      duration_cast<nanoseconds>(duration - whole).count()));
  return proto;
}

google::protobuf::Timestamp ToProto(core::WallTime time) {
  google::protobuf::Timestamp proto;
  const auto since = time.time_since_epoch();
  const auto whole = std::chrono::floor<seconds>(since);
  proto.set_seconds(whole.count());
  proto.set_nanos(
      static_cast<int32_t>(duration_cast<nanoseconds>(since - whole).count()));
  return proto;
}

std::optional<core::Duration> FromProto(
    const google::protobuf::Duration& duration) {
  constexpr int64_t kMaxSeconds = 1'000'000'000;
  constexpr int32_t kMaxNanos = 999'999'999;
  if (duration.seconds() < -kMaxSeconds || duration.seconds() > kMaxSeconds ||
      duration.nanos() < -kMaxNanos || duration.nanos() > kMaxNanos) {
    return std::nullopt;
  }
  // Both parts have the same sign.
  if (duration.seconds() * duration.nanos() < 0) return std::nullopt;
  return seconds(duration.seconds()) + nanoseconds(duration.nanos());
}

std::optional<core::EventKind> FromProto(v1::EventKind kind) {
  for (const core::EventKind known :
       {core::EventKind::kChatMessage, core::EventKind::kChannelStatus,
        core::EventKind::kNotification, core::EventKind::kStateChanged,
        core::EventKind::kProcessExit, core::EventKind::kError,
        core::EventKind::kUnrecognizedMessage, core::EventKind::kGap}) {
    if (ToProto(known) == kind) return known;
  }
  return std::nullopt;
}

}  // namespace clawplane::server
