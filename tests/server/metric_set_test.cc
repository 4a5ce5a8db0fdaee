// The text of metrics, to the last character.

#include "server/metric_set.h"

#include <gtest/gtest.h>

#include <chrono>

#include "server/metrics.h"

namespace clawplane::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<core::Duration, 2> kBounds = {milliseconds(5), seconds(1)};

TEST(MetricSetTest, WritesEachKindOfFamily) {
  core::Histogram<kBounds> times;
  times.Add(milliseconds(5));
  times.Add(milliseconds(500));
  times.Add(seconds(2));
  MetricSet metrics;
  metrics.Gauge("g_bytes", "How much.", uint64_t{1} << 40);
  metrics.BeginCounter("c_total", "How often.");
  metrics.Add(3, {{"kind", "a"}, {"how", "well"}});
  metrics.Add(0, {{"kind", "b"}, {"how", "not \"so\"\n"}});
  metrics.BeginHistogram("h_seconds", "How long.");
  metrics.Add(times, {{"class", "read"}});

  EXPECT_EQ(metrics.Text(),
            R"(# HELP g_bytes How much.
# TYPE g_bytes gauge
g_bytes 1099511627776
# HELP c_total How often.
# TYPE c_total counter
c_total{kind="a",how="well"} 3
c_total{kind="b",how="not \"so\"\n"} 0
# HELP h_seconds How long.
# TYPE h_seconds histogram
h_seconds_count{class="read"} 3
h_seconds_sum{class="read"} 2.505
h_seconds_bucket{class="read",le="0.005"} 1
h_seconds_bucket{class="read",le="1"} 2
h_seconds_bucket{class="read",le="+Inf"} 3
)");
}

// The lines that are not 0, without those of HELP and TYPE.
std::string Figures(const MetricSet& metrics) {
  std::istringstream text(metrics.Text());
  std::string figures;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with('#') && !line.ends_with(" 0")) figures += line + '\n';
  }
  return figures;
}

TEST(MetricSetTest, ShowsTheEndsOfCallsAsTheyWereCounted) {
  using core::CallClass;
  using core::CallEnd;
  core::CallCounts counts;
  counts.Add(CallClass::kRead, CallEnd::kAnswered, milliseconds(2));
  counts.Add(CallClass::kRead, CallEnd::kAnswered, seconds(20));
  counts.Add(CallClass::kUnknown, CallEnd::kNotSentNotRunning, seconds(0));
  MetricSet metrics;
  AddCallEnds(counts, metrics);

  EXPECT_EQ(
      Figures(metrics),
      R"(clawplane_gateway_calls_total{class="read",outcome="answered",code="OK"} 2
clawplane_gateway_calls_total{class="unknown",outcome="not_sent",code="NOT_RUNNING"} 1
clawplane_gateway_call_duration_seconds_count{class="read"} 2
clawplane_gateway_call_duration_seconds_sum{class="read"} 20.002
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.0025"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.005"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.01"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.025"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.1"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.25"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="0.5"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="1"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="2.5"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="10"} 1
clawplane_gateway_call_duration_seconds_bucket{class="read",le="30"} 2
clawplane_gateway_call_duration_seconds_bucket{class="read",le="+Inf"} 2
)");
}

}  // namespace
}  // namespace clawplane::server
