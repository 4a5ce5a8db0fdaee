// Metrics by name, as text for Prometheus.

#ifndef CLAWPLANE_SERVER_METRIC_SET_H_
#define CLAWPLANE_SERVER_METRIC_SET_H_

#include <prometheus/metric_family.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/model/histogram.h"

namespace clawplane::server {

// A label's name and its value, which comes from a fixed list: what strangers
// choose is never one.
struct MetricLabel {
  std::string_view name;
  std::string_view value;
};
using MetricLabels = std::initializer_list<MetricLabel>;

// Is filled with one family after the other, each begun by its help. A figure
// belongs to the family that was begun last. Nothing of it is kept between two
// scrapes, so that it needs neither a registry nor its locks.
//
// Thread-compatible.
class MetricSet {
 public:
  void BeginGauge(std::string_view name, std::string_view help) {
    Begin(name, help, prometheus::MetricType::Gauge);
  }
  void BeginCounter(std::string_view name, std::string_view help) {
    Begin(name, help, prometheus::MetricType::Counter);
  }
  void BeginHistogram(std::string_view name, std::string_view help) {
    Begin(name, help, prometheus::MetricType::Histogram);
  }

  // Of a gauge or a counter.
  template <typename Number>
  void Add(Number value, MetricLabels labels = {}) {
    static_assert(std::is_arithmetic_v<Number>);
    AddValue(static_cast<double>(value), labels);
  }
  template <const auto& kBounds>
  void Add(const core::Histogram<kBounds>& times, MetricLabels labels = {}) {
    AddTimes(kBounds, times.counts(), times.seconds(), labels);
  }

  // A family of one figure.
  template <typename Number>
  void Gauge(std::string_view name, std::string_view help, Number value) {
    BeginGauge(name, help);
    Add(value);
  }
  template <typename Number>
  void Counter(std::string_view name, std::string_view help, Number value) {
    BeginCounter(name, help);
    Add(value);
  }

  std::string Text() const;

 private:
  void Begin(std::string_view name, std::string_view help,
             prometheus::MetricType type);
  void AddValue(double value, MetricLabels labels);
  void AddTimes(std::span<const core::Duration> bounds,
                std::span<const uint64_t> counts, double seconds,
                MetricLabels labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_METRIC_SET_H_
