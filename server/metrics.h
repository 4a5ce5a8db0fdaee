// The daemon's figures for Prometheus.

#ifndef CLAWPLANE_SERVER_METRICS_H_
#define CLAWPLANE_SERVER_METRICS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "core/io/gateway_manager.h"
#include "core/model/call_counts.h"
#include "server/acceptor.h"
#include "server/audit_log.h"
#include "server/event_publisher.h"
#include "server/gate.h"
#include "server/metric_set.h"
#include "server/server_loop.h"

namespace clawplane::server {

// The media type of what `MetricsText` gives.
inline constexpr char kMetricsType[] =
    "text/plain; version=0.0.4; charset=utf-8";

// Whose figures they are. Each counts for itself, on the thread that owns the
// number; here they are only read.
struct MetricSources {
  const core::GatewayManager& gateway;
  const ServerLoop& loop;
  Gate& gate;
  const AuditLog& audit;
  Acceptor& acceptor;
  // None where nothing is published.
  const std::optional<EventPublisher>& publisher;
};

// All metrics as they are now, in Prometheus' text format. `ops_connections`
// are those of the listener that is asked. Their names, labels and meanings are
// in docs/metrics.md. Every series is there from the first scrape on, and there
// are as many of them after a year, whatever clients and gateway send.
//
// On the strand.
std::string MetricsText(const MetricSources& sources, size_t ops_connections);

// ---- Its parts. On the strand, but for the one of calls' ends.

// Of our own API.
void AddApiCalls(const ServerLoop& loop, Gate& gate, MetricSet& metrics);
// Of the calls to the gateway.
void AddCallEnds(const core::CallCounts& counts, MetricSet& metrics);
void AddGatewayCalls(const core::PendingCalls& calls, MetricSet& metrics);
// Of the event log and those who follow it.
void AddEvents(const core::GatewayManager& gateway, MetricSet& metrics);
// Of the publisher; all 0 where there is none.
void AddPublisher(const std::optional<EventPublisher>& publisher,
                  MetricSet& metrics);
// Of the gateway itself.
void AddGateway(const core::GatewayManager& gateway, MetricSet& metrics);
// Of refusals, connections and the audit log.
void AddAccess(const MetricSources& sources, size_t ops_connections,
               MetricSet& metrics);
// Of this process, under the names that all programs use.
void AddProcess(MetricSet& metrics);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_METRICS_H_
