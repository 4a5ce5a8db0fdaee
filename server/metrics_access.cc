// The metrics of who calls: refusals, connections, the audit log.

#include <array>
#include <string_view>

#include "server/metrics.h"

namespace clawplane::server {
namespace {

constexpr std::array<std::string_view, Acceptor::kWays> kWayNames = {
    "plain", "unix", "tls"};

void AddConnections(const Acceptor::Counts& counts, size_t ops_connections,
                    MetricSet& metrics) {
  metrics.BeginGauge("clawplane_open_connections",
                     "Connections that are open now, by listener.");
  for (size_t i = 0; i < kWayNames.size(); ++i) {
    metrics.Add(counts.open[i], {{"listener", kWayNames[i]}});
  }
  metrics.Add(ops_connections, {{"listener", "ops"}});
  metrics.BeginCounter("clawplane_connections_total",
                       "Connections that were taken, by listener.");
  for (size_t i = 0; i < kWayNames.size(); ++i) {
    metrics.Add(counts.taken[i], {{"listener", kWayNames[i]}});
  }
  metrics.BeginCounter(
      "clawplane_connections_ended_total",
      "Connections that were ended for the sake of others, by why: there was "
      "no room (no_room), too many calls that nobody vouches for (unvouched), "
      "it kept all others waiting (captor), or memory ran short (memory).");
  metrics.Add(counts.without_room, {{"reason", "no_room"}});
  metrics.Add(counts.unvouched, {{"reason", "unvouched"}});
  metrics.Add(counts.captors, {{"reason", "captor"}});
  metrics.Add(counts.for_memory, {{"reason", "memory"}});
}

}  // namespace

void AddAccess(const MetricSources& sources, size_t ops_connections,
               MetricSet& metrics) {
  metrics.BeginCounter("clawplane_refusals_total",
                       "Calls that were refused before anything was done for "
                       "them, by reason.");
  const auto refused = sources.gate.refused();
  for (size_t i = 0; i < refused.size(); ++i) {
    metrics.Add(refused[i], {{"reason", Name(Gate::kRefusals[i])}});
  }
  AddConnections(sources.acceptor.counts(), ops_connections, metrics);
  const AuditLog::Counts audit = sources.audit.counts();
  metrics.Counter("clawplane_audit_lines_total",
                  "Lines that the audit log's file has.", audit.written);
  metrics.Counter("clawplane_audit_lost_total",
                  "Lines that could not be written into the audit log.",
                  audit.lost);
  metrics.Gauge("clawplane_audit_failing",
                "Whether the audit log's latest line could not be written, or "
                "its file could not be kept as configured.",
                !sources.audit.failure().empty());
}

}  // namespace clawplane::server
