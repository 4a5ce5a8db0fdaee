// The metrics of the event log and of streams.

#include <array>
#include <string_view>

#include "server/metrics.h"

namespace clawplane::server {
namespace {

using core::EventKind;
using core::Topic;

struct TopicName {
  Topic topic;
  std::string_view name;
};
constexpr std::array<TopicName, 3> kTopics = {{{Topic::kStatus, "status"},
                                               {Topic::kEvents, "events"},
                                               {Topic::kLogs, "logs"}}};

void AddLog(const core::EventLog& log, MetricSet& metrics) {
  metrics.BeginCounter("clawplane_events_total",
                       "Events that were put into the log, by kind.");
  for (size_t i = 0; i < core::kEventKinds; ++i) {
    const auto kind = static_cast<EventKind>(i);
    metrics.Add(log.added(kind), {{"kind", Name(kind)}});
  }
  metrics.Gauge("clawplane_event_log_sequence",
                "The number of the latest event in the log.", log.last());
  metrics.Gauge("clawplane_event_log_events",
                "Events that the log holds for readers.",
                log.last() + 1 - log.oldest());
  metrics.Gauge("clawplane_event_log_events_limit",
                "How many events the log holds at most.",
                log.limits().max_events);
  metrics.Gauge("clawplane_event_log_bytes",
                "About what the events held take, with the forms in which they "
                "were sent.",
                log.bytes());
  metrics.Gauge("clawplane_event_log_bytes_limit",
                "How many bytes the log takes at most.",
                log.limits().max_bytes);
}

// All of them are 0 without a log on disk.
void AddStore(const core::EventLog& log, const core::EventKeeper& keeper,
              MetricSet& metrics) {
  const core::StoredEvents& stored = keeper.stored();
  metrics.Gauge("clawplane_event_store_enabled",
                "Whether events are kept on disk (event_log.dir).",
                keeper.is_on() ? 1 : 0);
  metrics.Gauge("clawplane_event_store_degraded",
                "Whether writing events to the disk fails at present.",
                keeper.is_degraded() ? 1 : 0);
  metrics.Gauge("clawplane_event_store_durable_sequence",
                "The number of the latest event of this epoch that is on disk.",
                stored.durable.last);
  metrics.Gauge("clawplane_event_store_lag_events",
                "Events that are in memory and not yet on disk.",
                keeper.is_on() ? log.last() - stored.durable.last : 0);
  metrics.Gauge("clawplane_event_store_bytes",
                "The size of the file that events are kept in.", stored.bytes);
  metrics.Counter("clawplane_event_store_commits_total",
                  "Batches of events that were brought to the disk.",
                  keeper.counts().commits);
  metrics.Counter("clawplane_event_store_failures_total",
                  "Batches of events that could not be brought to the disk, "
                  "and were tried again.",
                  keeper.counts().failures);
  metrics.Counter("clawplane_event_store_left_out_total",
                  "Events that never came to the disk, because it failed for "
                  "longer than the memory held them.",
                  keeper.counts().left_out);
}

}  // namespace

void AddEvents(const core::GatewayManager& gateway, MetricSet& metrics) {
  const core::GatewayCounts& counts = gateway.counts();
  AddLog(gateway.events(), metrics);
  AddStore(gateway.events(), gateway.event_keeper(), metrics);
  metrics.BeginCounter("clawplane_gaps_total",
                       "Ranges of events that were lost and told as such, by "
                       "cause: the gateway was reached anew (new_connection), "
                       "it left numbers out (sequence_jump), or one reader "
                       "fell behind what is held (reader_behind).");
  using Cause = core::UpstreamGap::Cause;
  metrics.Add(counts.upstream_gaps[static_cast<size_t>(Cause::kNewConnection)],
              {{"cause", "new_connection"}});
  metrics.Add(counts.upstream_gaps[static_cast<size_t>(Cause::kSequenceJump)],
              {{"cause", "sequence_jump"}});
  metrics.Add(counts.reader_gaps, {{"cause", "reader_behind"}});
  metrics.BeginGauge("clawplane_followers",
                     "Streams that are open now, by what they follow.");
  for (const auto& [topic, name] : kTopics) {
    metrics.Add(gateway.followers(topic), {{"topic", name}});
  }
  metrics.BeginCounter("clawplane_stream_responses_total",
                       "Responses that were sent on streams, by what they "
                       "follow.");
  for (const auto& [topic, name] : kTopics) {
    metrics.Add(counts.responses[static_cast<size_t>(topic)],
                {{"topic", name}});
  }
  metrics.Gauge("clawplane_event_lag_events",
                "Events that the reader furthest behind has not looked at yet. "
                "One that reads the disk does not count.",
                gateway.event_lag());
}

void AddPublisher(const std::optional<EventPublisher>& publisher,
                  MetricSet& metrics) {
  const EventPublisher::Counts counts =
      publisher ? publisher->counts() : EventPublisher::Counts();
  metrics.Gauge("clawplane_publisher_connected",
                "Whether events are being published to NATS (nats.url).",
                counts.connected ? 1 : 0);
  metrics.Counter("clawplane_publisher_published_total",
                  "Messages that NATS JetStream has acknowledged.",
                  counts.published);
  metrics.Counter("clawplane_publisher_failures_total",
                  "How often NATS could not be reached, or did not take an "
                  "event; it is tried again.",
                  counts.failures);
  metrics.Gauge("clawplane_publisher_lag_events",
                "Events of this epoch that NATS does not have yet.",
                publisher ? publisher->lag() : 0);
}

}  // namespace clawplane::server
