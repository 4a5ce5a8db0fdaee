#include "tests/bench/events/reader_figures.h"

#include <algorithm>

#include "core/model/text.h"
#include "tests/bench/rpc/quantile.h"

namespace clawplane::testing {

std::string Json(const ReaderPlan& plan, ReaderFigures figures) {
  std::vector<float>& latency = figures.latency_us;
  std::sort(latency.begin(), latency.end());
  const ReaderCosts& first = figures.first;
  const ReaderCosts& last = figures.last;
  const auto number = [](double value) { return std::to_string(value); };
  const auto each = [&](double value) {
    const auto deliveries = std::max<uint64_t>(figures.deliveries, 1);
    return number(value / static_cast<double>(deliveries));
  };
  const double opening_us =
      figures.opened.server_us - figures.before_opening.server_us;
  return core::Concat(
      R"({"streams":)", plan.streams, R"(,"connections":)", plan.connections,
      R"(,"stalled":)", plan.stalled, R"(,"events":)", plan.events,
      R"(,"deliveries":)", figures.deliveries, R"(,"responses":)",
      figures.responses, R"(,"bytes":)",
      each(static_cast<double>(figures.bytes)), R"(,"other_events":)",
      figures.other_events, R"(,"seconds":)",
      number((figures.last_at_ns - figures.first_at_ns) / 1e9), R"(,"cpu_us":)",
      each(last.server_us - first.server_us), R"(,"gateway_cpu_us":)",
      each(last.gateway_us - first.gateway_us), R"(,"client_cpu_us":)",
      each(last.own_us - first.own_us), R"(,"open_cpu_us":)",
      number(opening_us / static_cast<double>(plan.streams)), R"(,"p50_us":)",
      number(Quantile(latency, 0.5)), R"(,"p99_us":)",
      number(Quantile(latency, 0.99)), R"(,"max_us":)",
      number(Quantile(latency, 1)), R"(,"rss_before_kib":)",
      figures.rss_before_kib, R"(,"rss_after_kib":)", figures.rss_after_kib,
      "}");
}

}  // namespace clawplane::testing
