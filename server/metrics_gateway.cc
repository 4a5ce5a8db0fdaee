// The metrics of the gateway: its life, its process, its connection.

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "server/metrics.h"

namespace clawplane::server {
namespace {

using core::GatewayManager;
using core::GatewayStatus;
using core::Phase;
using core::State;

double Seconds(core::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// As it is usual in labels: "waiting_for_port".
std::string Lower(std::string_view name) {
  std::string lower(name);
  absl::AsciiStrToLower(&lower);
  std::replace(lower.begin(), lower.end(), '-', '_');
  return lower;
}

constexpr std::array<std::string_view, core::kStartCauses> kStartNames = {
    "start",  "restart",  "server_start", "exit",
    "repair", "decision", "adoption"};
constexpr std::array<std::string_view, core::kEndCauses> kEndNames = {
    "itself",       "stop",   "restart",   "start_failed",
    "unresponsive", "memory", "other_port"};
constexpr std::array<std::string_view, 5> kCheckNames = {
    "ok", "process", "port", "handshake", "rpc"};

// One of them is 1: a state by number could not be read, nor summed up.
void AddState(const GatewayStatus& status, MetricSet& metrics) {
  metrics.BeginGauge("clawplane_gateway_state",
                     "Whether the gateway is in this state.");
  for (const State state :
       {State::kStopped, State::kStarting, State::kRunning,
        State::kReconnecting, State::kStopping, State::kError}) {
    metrics.Add(status.state == state, {{"state", Lower(Name(state))}});
  }
  metrics.Gauge("clawplane_gateway_wanted",
                "Whether the gateway is wanted up (1) or stopped (0).",
                status.wanted_up);
  metrics.Gauge("clawplane_gateway_suspect",
                "Whether the gateway has been silent for suspiciously long.",
                status.suspect_since.has_value());
}

void AddRuns(const GatewayManager& gateway, MetricSet& metrics) {
  metrics.Counter("clawplane_gateway_restarts_total",
                  "Launches of the gateway after the first.",
                  gateway.status().restarts);
  const core::RunHistory::Counts& counts = gateway.runs().counts();
  metrics.BeginCounter(
      "clawplane_gateway_launches_total",
      "Processes of the gateway that were launched, by why: somebody's start "
      "or restart, a wish found when the control plane began (server_start), "
      "an exit, a repair, or a decision of the control plane; or that were "
      "taken over from an earlier one (adoption).");
  for (size_t i = 0; i < core::kStartCauses; ++i) {
    metrics.Add(counts.starts[i], {{"cause", kStartNames[i]}});
  }
  metrics.BeginCounter(
      "clawplane_gateway_exits_total",
      "Processes of the gateway that ended, by why (by itself, or ended by "
      "the control plane for that cause) and how: exit code 0 (clean), "
      "another (code), a signal, or unknown, of one that was taken over.");
  for (size_t i = 0; i < core::kEndCauses; ++i) {
    const std::string_view cause = kEndNames[i];
    const auto& ends = counts.ends[i];
    metrics.Add(ends.clean, {{"cause", cause}, {"how", "clean"}});
    metrics.Add(ends.code, {{"cause", cause}, {"how", "code"}});
    metrics.Add(ends.signal, {{"cause", cause}, {"how", "signal"}});
    metrics.Add(ends.unknown, {{"cause", cause}, {"how", "unknown"}});
  }
}

void AddVitals(const GatewayManager& gateway, MetricSet& metrics) {
  const core::ProcessVitals vitals =
      gateway.vitals().value_or(core::ProcessVitals());
  metrics.Gauge("clawplane_gateway_resident_memory_bytes",
                "Memory of the gateway's process, without its children; 0 "
                "where none can be seen.",
                vitals.resident_bytes);
  metrics.Counter("clawplane_gateway_cpu_seconds_total",
                  "CPU time of the gateway's process, from 0 again with each "
                  "new one.",
                  Seconds(vitals.cpu_time));
}

void AddConnection(const GatewayManager& gateway, MetricSet& metrics) {
  const GatewayStatus& status = gateway.status();
  const core::GatewayCounts& counts = gateway.counts();
  metrics.Gauge("clawplane_gateway_up_seconds",
                "How long the handshake in use has stood; 0 without one.",
                status.connected_at ? Seconds(gateway.Now().steady -
                                              status.connected_at->steady)
                                    : 0);
  metrics.BeginCounter(
      "clawplane_gateway_handshakes_total",
      "Attempts to connect to the gateway and shake hands, by the verdict: "
      "accepted, deferred (tried again), or refused.");
  metrics.Add(counts.handshakes_accepted, {{"verdict", "accepted"}});
  metrics.Add(counts.handshakes_deferred, {{"verdict", "deferred"}});
  metrics.Add(counts.handshakes_refused, {{"verdict", "refused"}});
  metrics.Counter("clawplane_gateway_connections_lost_total",
                  "Accepted connections to the gateway that ended.",
                  counts.connections_lost);
  metrics.BeginHistogram(
      "clawplane_gateway_phase_duration_seconds",
      "How long each phase of starting, connecting and stopping took.");
  for (size_t i = 0; i < counts.phases.size(); ++i) {
    const auto phase = static_cast<Phase>(i);
    if (phase == Phase::kNone) continue;
    metrics.Add(counts.phases[i], {{"phase", Lower(Name(phase))}});
  }
}

void AddHealth(const GatewayManager& gateway, MetricSet& metrics) {
  const std::optional<core::Health>& health = gateway.status().health;
  metrics.Gauge("clawplane_gateway_health_ok",
                "Whether the latest check of the gateway found all well; 0 "
                "where there was none since it was reached.",
                health && health->ok());
  metrics.Gauge("clawplane_gateway_health_check_duration_seconds",
                "How long the latest check took; 0 where there was none.",
                health ? Seconds(health->latency) : 0);
  metrics.BeginCounter("clawplane_gateway_health_checks_total",
                       "Checks of the gateway by what they found: ok, or the "
                       "first layer that failed.");
  for (size_t i = 0; i < kCheckNames.size(); ++i) {
    metrics.Add(gateway.counts().health_checks[i],
                {{"result", kCheckNames[i]}});
  }
}

}  // namespace

void AddGateway(const GatewayManager& gateway, MetricSet& metrics) {
  AddState(gateway.status(), metrics);
  AddRuns(gateway, metrics);
  AddVitals(gateway, metrics);
  AddConnection(gateway, metrics);
  AddHealth(gateway, metrics);
}

}  // namespace clawplane::server
