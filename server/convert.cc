#include "server/convert.h"

#include <chrono>
#include <string>

namespace clawplane::server {
namespace {

using std::chrono::duration_cast;
using std::chrono::nanoseconds;
using std::chrono::seconds;

v1::HealthCheck::Layer LayerToProto(core::Health::Layer layer) {
  switch (layer) {
    case core::Health::Layer::kNone:
      return v1::HealthCheck::LAYER_UNSPECIFIED;
    case core::Health::Layer::kProcess:
      return v1::HealthCheck::LAYER_PROCESS;
    case core::Health::Layer::kPort:
      return v1::HealthCheck::LAYER_PORT;
    case core::Health::Layer::kHandshake:
      return v1::HealthCheck::LAYER_HANDSHAKE;
    case core::Health::Layer::kRpc:
      return v1::HealthCheck::LAYER_RPC;
  }
  return v1::HealthCheck::LAYER_UNSPECIFIED;
}

v1::HealthCheck HealthToProto(const core::Health& health) {
  v1::HealthCheck proto;
  *proto.mutable_checked_at() = ToProto(health.checked_at);
  proto.set_ok(health.ok());
  *proto.mutable_latency() = ToProto(health.latency);
  proto.set_failed_layer(LayerToProto(health.failed));
  proto.set_message(health.message);
  return proto;
}

}  // namespace

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
    case core::Phase::kRepairing:
      return v1::GatewayStatus::PHASE_REPAIRING;
    case core::Phase::kDraining:
      return v1::GatewayStatus::PHASE_DRAINING;
  }
  return v1::GatewayStatus::PHASE_UNSPECIFIED;
}

v1::Reason ToProto(core::Reason reason) {
  v1::Reason proto = v1::REASON_UNSPECIFIED;
  v1::Reason_Parse("REASON_" + std::string(core::Name(reason)), &proto);
  return proto;
}

v1::Caller::Role ToProto(core::Role role) {
  switch (role) {
    case core::Role::kViewer:
      return v1::Caller::ROLE_VIEWER;
    case core::Role::kOperator:
      return v1::Caller::ROLE_OPERATOR;
    case core::Role::kAdmin:
      return v1::Caller::ROLE_ADMIN;
  }
  return v1::Caller::ROLE_UNSPECIFIED;
}

v1::GatewayFault ToProto(const core::Fault& fault) {
  v1::GatewayFault proto;
  proto.set_reason(ToProto(fault.reason));
  proto.set_message(fault.message);
  proto.set_next_step(fault.next_step);
  return proto;
}

v1::GatewayStatus StatusToProto(const core::GatewayManager& manager) {
  return StatusToProto(manager.status(), manager);
}

v1::GatewayStatus StatusToProto(const core::GatewayStatus& status,
                                const core::GatewayManager& manager) {
  v1::GatewayStatus proto = ToProto(status, manager.Now());
  proto.set_name(manager.config().name);
  proto.set_port(manager.config().machine.port);
  proto.mutable_log_position()->set_epoch(manager.events().epoch());
  proto.mutable_log_position()->set_sequence(manager.events().last());
  return proto;
}

v1::GatewayStatus ToProto(const core::GatewayStatus& status,
                          core::Instant now) {
  v1::GatewayStatus proto;
  proto.set_state(ToProto(status.state));
  proto.set_wanted_up(status.wanted_up);
  proto.set_revision(status.revision);
  proto.set_phase(ToProto(status.phase));
  if (status.phase != core::Phase::kNone) {
    *proto.mutable_phase_elapsed() = ToProto(now.steady - status.phase_since);
  }
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
  if (status.health) *proto.mutable_health() = HealthToProto(*status.health);
  if (status.suspect_since) {
    *proto.mutable_suspect_since() = ToProto(*status.suspect_since);
  }
  proto.set_resident_bytes(status.resident_bytes);
  if (status.drain) {
    v1::DrainProgress& drain = *proto.mutable_drain();
    drain.set_active(status.drain->active);
    for (const std::string& work : status.drain->waiting_for) {
      drain.add_waiting_for(work);
    }
    *drain.mutable_until() = ToProto(status.drain->until);
  }
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
    case core::ExitStatus::How::kUnknown:
      break;
  }
  proto.set_killed(end.killed);
  proto.set_expected(end.expected);
  *proto.mutable_at() = ToProto(end.at);
  *proto.mutable_lived() = ToProto(end.lived);
  proto.set_stragglers(static_cast<uint32_t>(end.stragglers));
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
  proto.set_cut_bytes(line.cut);
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

v1::RestartResponse::Proof ProofOf(const core::OrderResult& result) {
  const core::GatewayStatus& now = result.status;
  if (!result.was_running && !result.old_pid) {
    return v1::RestartResponse::PROOF_UNSPECIFIED;
  }
  if (!result.old_boot_id.empty() && !now.boot_id.empty() &&
      result.old_boot_id != now.boot_id) {
    return v1::RestartResponse::PROOF_BOOT_ID;
  }
  // The new process was launched after the old one was reaped.
  if (result.exit) return v1::RestartResponse::PROOF_PROCESS;
  if (now.owned) return v1::RestartResponse::PROOF_UNSPECIFIED;
  // The machine lets no other gateway pass for a restarted one.
  return result.old_pid && now.pid && result.old_pid != now.pid
             ? v1::RestartResponse::PROOF_PROCESS
             : v1::RestartResponse::PROOF_UPTIME;
}

}  // namespace clawplane::server
