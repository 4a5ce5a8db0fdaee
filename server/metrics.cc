#include "server/metrics.h"

#include "server/version.h"

namespace clawplane::server {

std::string MetricsText(const MetricSources& sources, size_t ops_connections) {
  MetricSet metrics;
  metrics.BeginGauge("clawplane_build_info", "What runs, as labels; always 1.");
  metrics.Add(1, {{"version", kVersion}});
  AddGateway(sources.gateway, metrics);
  AddGatewayCalls(sources.gateway.calls(), metrics);
  AddEvents(sources.gateway, metrics);
  AddPublisher(sources.publisher, metrics);
  AddApiCalls(sources.loop, sources.gate, metrics);
  AddAccess(sources, ops_connections, metrics);
  AddProcess(metrics);
  return metrics.Text();
}

}  // namespace clawplane::server
