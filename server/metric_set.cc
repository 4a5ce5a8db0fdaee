#include "server/metric_set.h"

#include <prometheus/client_metric.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <limits>
#include <utility>

namespace clawplane::server {
namespace {

using prometheus::ClientMetric;

ClientMetric WithLabels(MetricLabels labels) {
  ClientMetric metric;
  for (const MetricLabel& label : labels) {
    metric.label.push_back({std::string(label.name), std::string(label.value)});
  }
  return metric;
}

}  // namespace

void MetricSet::Begin(std::string_view name, std::string_view help,
                      prometheus::MetricType type) {
  families_.push_back({std::string(name), std::string(help), type, {}});
}

void MetricSet::AddValue(double value, MetricLabels labels) {
  ClientMetric metric = WithLabels(labels);
  prometheus::MetricFamily& family = families_.back();
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

// Prometheus' buckets hold those of the buckets before them too.
void MetricSet::AddTimes(std::span<const core::Duration> bounds,
                         std::span<const uint64_t> counts, double seconds,
                         MetricLabels labels) {
  ClientMetric metric = WithLabels(labels);
  ClientMetric::Histogram& histogram = metric.histogram;
  for (size_t i = 0; i < counts.size(); ++i) {
    histogram.sample_count += counts[i];
    const double bound = i < bounds.size()
                             ? std::chrono::duration<double>(bounds[i]).count()
                             : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = seconds;
  families_.back().metric.push_back(std::move(metric));
}

std::string MetricSet::Text() const {
  return prometheus::TextSerializer().Serialize(families_);
}

}  // namespace clawplane::server
