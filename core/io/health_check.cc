#include "core/io/health_check.h"

#include <utility>

namespace clawplane::core {

HealthCheck::HealthCheck(const Asked& asked, TimePoint now,
                         std::function<void(bool)> on_http)
    : began_(now), timeout_(asked.timeout) {
  if (asked.link != nullptr) {
    evidence_.connected = true;
    asked.link->AskForLife();
  }
  if (asked.prober == nullptr) return;
  if (asked.link != nullptr) asked.link->Ping();
  // Open until it is told otherwise: what does not answer in time is not
  // closed.
  evidence_.http_asked = evidence_.port_open = awaits_http_ = true;
  probe_ = asked.prober->Look(
      asked.port, /*leader=*/0, asked.timeout,
      [this, on_http = std::move(on_http)](const ProbeReport& report) {
        using Answer = ProbeReport::Answer;
        awaits_http_ = false;
        evidence_.port_open = report.answer != Answer::kNothing;
        evidence_.http_answer = report.answer == Answer::kAnswers ||
                                report.answer == Answer::kNotReady;
        on_http(evidence_.http_answer);
      });
}

bool HealthCheck::complete() const {
  if (awaits_http_) return false;
  if (!evidence_.connected) return true;
  return evidence_.answer && (evidence_.pong || !evidence_.http_asked);
}

HealthEvidence HealthCheck::Evidence(TimePoint now) const {
  HealthEvidence evidence = evidence_;
  evidence.took = now - began_;
  return evidence;
}

}  // namespace clawplane::core
