#include "server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

using core::State;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

ClientMetric Gauge(double value, Labels labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

ClientMetric Counter(double value) {
  ClientMetric metric;
  metric.counter.value = value;
  return metric;
}

// One of them is 1: a state by number could not be read, nor summed up.
MetricFamily States(State now) {
  MetricFamily family{"clawplane_gateway_state",
                      "Whether the gateway is in this state.",
                      MetricType::Gauge,
                      {}};
  for (const State state :
       {State::kStopped, State::kStarting, State::kRunning,
        State::kReconnecting, State::kStopping, State::kError}) {
    std::string name(core::Name(state));
    absl::AsciiStrToLower(&name);
    family.metric.push_back(Gauge(state == now, {{"state", std::move(name)}}));
  }
  return family;
}

}  // namespace

std::string MetricsText(const core::GatewayManager& gateway,
                        size_t http_connections) {
  const core::GatewayStatus& status = gateway.status();
  std::vector<MetricFamily> families = {
      {"clawplane_build_info",
       "What runs, as labels.",
       MetricType::Gauge,
       {Gauge(1, {{"version", kVersion}})}},
      States(status.state),
      {"clawplane_gateway_restarts_total",
       "Launches of the gateway after the first.",
       MetricType::Counter,
       {Counter(status.restarts)}},
      {"clawplane_event_log_sequence",
       "The number of the latest event in the log.",
       MetricType::Gauge,
       {Gauge(static_cast<double>(gateway.events().last()))}},
      {"clawplane_open_connections",
       "Connections that are open now.",
       MetricType::Gauge,
       {Gauge(static_cast<double>(http_connections), {{"listener", "ops"}})}},
  };
  if (status.connected_at) {
    const std::chrono::duration<double> up =
        gateway.Now().steady - status.connected_at->steady;
    families.push_back({"clawplane_gateway_up_seconds",
                        "How long the handshake in use has stood.",
                        MetricType::Gauge,
                        {Gauge(up.count())}});
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace clawplane::server
