// The figures of one measurement.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_TALLY_H_
#define CLAWPLANE_TESTS_BENCH_RPC_TALLY_H_

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/text.h"
#include "tests/bench/rpc/cost.h"
#include "tests/bench/rpc/quantile.h"

namespace clawplane::testing {

// Tells a loop of calls how long to go on, and adds up what it reports: first
// a warm-up that does not count, then the window of the measurement, which
// begins and ends with the completion of a call. The costs of the serving
// process are read at both.
//
// Thread-compatible.
class Tally {
 public:
  using Clock = std::chrono::steady_clock;

  struct Plan {
    double warm_up_seconds = 1;
    // The window ends after so many seconds or, if not 0, after so many calls.
    double seconds = 2;
    size_t calls = 0;
    // If not 0, costs are read after each so many calls, too.
    size_t segment = 0;
    // 0 for none.
    pid_t server = 0;
    pid_t gateway = 0;
  };

  explicit Tally(const Plan& plan) : plan_(plan) {}

  // Takes down a completed call; false once the window has ended.
  bool Add(Clock::time_point began, Clock::time_point ended) {
    if (over_) return false;
    if (started_ == Clock::time_point()) {
      warm_until_ = ended + Span(plan_.warm_up_seconds);
      started_ = ended;
    }
    if (!open_) {
      if (ended >= warm_until_) Open(ended);
      return true;
    }
    took_.push_back(static_cast<float>(
        std::chrono::duration<double, std::micro>(ended - began).count()));
    if (plan_.segment != 0 && took_.size() % plan_.segment == 0) {
      marks_.push_back(Look(ended));
    }
    over_ = plan_.calls != 0 ? took_.size() >= plan_.calls
                             : ended >= first_.at + Span(plan_.seconds);
    if (over_) last_ = Look(ended);
    return !over_;
  }

  bool over() const { return over_; }

  // Members of a JSON object.
  std::string Json() {
    std::sort(took_.begin(), took_.end());
    const double seconds = Seconds(first_, last_);
    const double calls = static_cast<double>(took_.size());
    std::string json = core::Concat(
        R"("calls":)", took_.size(), R"(,"seconds":)", Number(seconds),
        R"(,"per_second":)", Number(calls / seconds), R"(,"p50_us":)",
        Number(Quantile(took_, 0.5)), R"(,"p99_us":)",
        Number(Quantile(took_, 0.99)), R"(,"max_us":)",
        Number(Quantile(took_, 1)), R"(,"cpu_us":)",
        Number((last_.server_us - first_.server_us) / calls),
        R"(,"gateway_cpu_us":)",
        Number((last_.gateway_us - first_.gateway_us) / calls),
        R"(,"client_cpu_us":)", Number((last_.own_us - first_.own_us) / calls),
        R"(,"rss_before_kib":)", first_.resident_kib, R"(,"rss_after_kib":)",
        last_.resident_kib);
    if (plan_.segment != 0) json += core::Concat(R"(,"segments":)", Segments());
    return json;
  }

 private:
  struct Costs {
    Clock::time_point at;
    double server_us = 0;
    double gateway_us = 0;
    double own_us = 0;
    int64_t resident_kib = 0;
  };

  static Clock::duration Span(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(seconds));
  }

  static double Seconds(const Costs& from, const Costs& to) {
    return std::chrono::duration<double>(to.at - from.at).count();
  }

  static std::string Number(double value) { return std::to_string(value); }

  void Open(Clock::time_point now) {
    open_ = true;
    first_ = Look(now);
    took_.reserve(plan_.calls != 0 ? plan_.calls : 1 << 18);
  }

  Costs Look(Clock::time_point now) const {
    Costs costs;
    costs.at = now;
    costs.own_us = CpuMicroseconds(::getpid());
    if (plan_.gateway != 0) costs.gateway_us = CpuMicroseconds(plan_.gateway);
    if (plan_.server != 0) {
      costs.server_us = CpuMicroseconds(plan_.server);
      costs.resident_kib = ResidentKib(plan_.server);
    }
    return costs;
  }

  std::string Segments() const {
    std::string list = "[";
    const Costs* before = &first_;
    for (const Costs& mark : marks_) {
      const double calls = static_cast<double>(plan_.segment);
      list += core::Concat(list.size() > 1 ? "," : "", R"({"cpu_us":)",
                           Number((mark.server_us - before->server_us) / calls),
                           R"(,"per_second":)",
                           Number(calls / Seconds(*before, mark)),
                           R"(,"rss_kib":)", mark.resident_kib, "}");
      before = &mark;
    }
    return list + "]";
  }

  const Plan plan_;
  Clock::time_point started_;
  Clock::time_point warm_until_;
  bool open_ = false;
  bool over_ = false;
  Costs first_;
  Costs last_;
  std::vector<Costs> marks_;
  // In microseconds, of each call in the window.
  std::vector<float> took_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_TALLY_H_
