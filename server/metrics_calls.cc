// The metrics of calls.

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "proto/code_name.h"
#include "server/metrics.h"

namespace clawplane::server {
namespace {

using core::CallClass;
using core::CallEnd;

constexpr std::array<std::string_view, CallPlaces::kKinds> kKindNames = {
    "call", "stream", "open"};

}  // namespace

void AddApiCalls(const ServerLoop& loop, Gate& gate, MetricSet& metrics) {
  metrics.BeginCounter(
      "clawplane_calls_total",
      "Calls of Clawplane's API that have ended, by method and gRPC code.");
  loop.ForEach([&](const ServedMethod& method) {
    if (method.name().empty()) return;
    for (size_t code = 0; code < ServedMethod::kCodes; ++code) {
      const bool is_known = code + 1 < ServedMethod::kCodes;
      metrics.Add(
          method.ended()[code].value(),
          {{"method", method.name()},
           {"code", is_known ? CodeName(static_cast<grpc::StatusCode>(code))
                             : std::string("OTHER")}});
    }
  });

  const auto open = gate.open_calls();
  metrics.BeginGauge("clawplane_open_calls",
                     "Calls of Clawplane's API that are open now, by kind: "
                     "call, stream, or open (health and reflection).");
  for (size_t kind = 0; kind < open.size(); ++kind) {
    metrics.Add(open[kind].now, {{"kind", kKindNames[kind]}});
  }
  metrics.BeginGauge("clawplane_open_calls_limit",
                     "How many calls of a kind may be open at a time.");
  for (size_t kind = 0; kind < open.size(); ++kind) {
    metrics.Add(open[kind].most, {{"kind", kKindNames[kind]}});
  }
}

void AddCallEnds(const core::CallCounts& counts, MetricSet& metrics) {
  metrics.BeginCounter(
      "clawplane_gateway_calls_total",
      "Calls of the gateway's methods that have ended, by the class of the "
      "method (the scope it asks for), what is known of the effect, and the "
      "gateway's code or our reason.");
  for (size_t i = 0; i < core::kCallClasses; ++i) {
    const auto call_class = static_cast<CallClass>(i);
    for (size_t j = 0; j < core::kCallEnds; ++j) {
      const auto end = static_cast<CallEnd>(j);
      metrics.Add(counts.ended(call_class, end),
                  {{"class", Name(call_class)},
                   {"outcome", Name(end).outcome},
                   {"code", Name(end).code}});
    }
  }
  metrics.BeginHistogram(
      "clawplane_gateway_call_duration_seconds",
      "From the arrival of a call of the gateway's methods to its end, by "
      "class, of those that were sent and not cancelled.");
  for (size_t i = 0; i < core::kCallClasses; ++i) {
    const auto call_class = static_cast<CallClass>(i);
    metrics.Add(counts.times(call_class), {{"class", Name(call_class)}});
  }
  metrics.BeginHistogram(
      "clawplane_gateway_call_queue_seconds",
      "From the arrival of a call to when it is handed to the connection.");
  metrics.Add(counts.waits());
}

void AddGatewayCalls(const core::PendingCalls& calls, MetricSet& metrics) {
  AddCallEnds(calls.counts(), metrics);
  metrics.BeginGauge("clawplane_gateway_pending_calls",
                     "Calls that wait now, by stage: queued (not sent), "
                     "in_flight (with the gateway), accepted (the gateway "
                     "accepted and owes the outcome).");
  metrics.Add(calls.queued(), {{"stage", "queued"}});
  metrics.Add(calls.in_flight(), {{"stage", "in_flight"}});
  metrics.Add(calls.accepted(), {{"stage", "accepted"}});
  metrics.BeginGauge("clawplane_gateway_pending_calls_limit",
                     "How many calls may be in a stage at a time.");
  metrics.Add(calls.limits().max_queued, {{"stage", "queued"}});
  metrics.Add(calls.limits().max_in_flight, {{"stage", "in_flight"}});
  metrics.Add(calls.limits().max_accepted, {{"stage", "accepted"}});
  metrics.Counter("clawplane_gateway_late_answers_total",
                  "Answers that came when nobody waited for them any more.",
                  calls.late_answers());
}

}  // namespace clawplane::server
