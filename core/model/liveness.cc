#include "core/model/liveness.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

// Being called later than this means that we were stopped or suspended.
constexpr Duration kLate = seconds(5);

Health::Layer FailedLayer(const HealthEvidence& evidence) {
  if (evidence.vitals && evidence.vitals->stopped()) {
    return Health::Layer::kProcess;
  }
  if (evidence.http_asked && !evidence.port_open) return Health::Layer::kPort;
  if (!evidence.connected) return Health::Layer::kHandshake;
  if (!evidence.answer) return Health::Layer::kRpc;
  return Health::Layer::kNone;
}

}  // namespace

void Liveness::Use(const Settings& settings, TimePoint now) {
  settings_ = settings;
  next_check_ = std::min(next_check_, now + settings_.check_interval);
}

void Liveness::Begin(Duration tick, TimePoint now) {
  active_ = true;
  tick_ = tick;
  last_sign_ = last_heard_ = now;
  next_check_ = now + settings_.check_interval;
  checking_ = false;
  suspect_ = false;
  failures_ = 0;
  cpu_time_.reset();
}

void Liveness::End() {
  active_ = false;
  checking_ = false;
  suspect_ = false;
}

bool Liveness::OnSign(TimePoint now) {
  last_sign_ = now;
  failures_ = 0;
  return std::exchange(suspect_, false);
}

bool Liveness::OnHeard(TimePoint now) {
  last_heard_ = now;
  return OnSign(now);
}

std::optional<TimePoint> Liveness::deadline() const {
  if (!active_) return std::nullopt;
  if (checking_) {
    if (suspect_) return std::nullopt;
    return suspicion_due();
  }
  return suspect_ ? next_check_ : std::min(next_check_, suspicion_due());
}

Liveness::Due Liveness::OnTime(Instant now) {
  Due due;
  const auto when = deadline();
  if (!when || now.steady < *when) return due;
  if (now.steady - *when > kLate) {
    last_sign_ += now.steady - *when;
    last_heard_ += now.steady - *when;
  }
  if (!suspect_ && now.steady >= suspicion_due()) {
    suspect_ = true;
    due.suspect_since = now.wall - Silence(now.steady);
    next_check_ = now.steady;
  }
  if (!checking_ && now.steady >= next_check_) {
    checking_ = true;
    thorough_ = suspect_;
    next_check_ = now.steady + settings_.check_interval;
    due.check = true;
    due.thorough = thorough_;
  }
  return due;
}

Liveness::Finding Liveness::Conclude(const HealthEvidence& evidence,
                                     Instant now) {
  checking_ = false;
  Finding finding;
  finding.health.checked_at = now.wall;
  finding.health.latency = evidence.took;
  finding.health.failed = FailedLayer(evidence);
  if (!finding.health.ok()) {
    finding.health.message = Describe(evidence, now.steady);
  }
  if (suspect_ && thorough_ && ++failures_ >= 2) {
    const Duration limit =
        settings_.silence_limit * (IsBusy(evidence, now.steady) ? 2 : 1);
    if (Silence(now.steady) >= limit) {
      finding.unresponsive = Describe(evidence, now.steady);
    }
  }
  // It was pinged and asked meanwhile, or it would not be silent.
  const Duration unheard = now.steady - last_heard_;
  if (thorough_ && evidence.connected && evidence.http_answer &&
      !evidence.answer && !evidence.pong &&
      unheard >= settings_.silence_limit) {
    finding.dead_connection =
        Concat("nothing came by the connection for ",
               duration_cast<seconds>(unheard).count(),
               " s, though the gateway answers over HTTP");
  }
  if (evidence.vitals) {
    cpu_time_ = evidence.vitals->cpu_time;
    cpu_at_ = now.steady;
  }
  return finding;
}

bool Liveness::IsBusy(const HealthEvidence& evidence, TimePoint now) const {
  return evidence.vitals && cpu_time_ &&
         2 * (evidence.vitals->cpu_time - *cpu_time_) >= now - cpu_at_;
}

std::string Liveness::Describe(const HealthEvidence& evidence,
                               TimePoint now) const {
  std::string text;
  const auto add = [&text](std::string_view part) {
    text += Concat(text.empty() ? "" : "; ", part);
  };
  // Less is the pace of any gateway.
  if (Silence(now) > settings_.check_timeout) {
    add(Concat("silent for ", duration_cast<seconds>(Silence(now)).count(),
               " s"));
  }
  if (!evidence.connected) {
    add("no connection");
  } else {
    if (!evidence.answer) add("no answer to a call");
    if (evidence.http_asked && !evidence.pong) add("no pong");
  }
  if (evidence.http_asked && !evidence.port_open) {
    add("the port is closed");
  } else if (evidence.http_asked && !evidence.http_answer) {
    add("no answer over HTTP");
  }
  if (!evidence.vitals) return text;
  if (evidence.vitals->stopped()) {
    add("its process is stopped (somebody sent SIGSTOP, or debugs it)");
  } else if (cpu_time_) {
    const auto used = duration_cast<std::chrono::milliseconds>(
        evidence.vitals->cpu_time - *cpu_time_);
    add(Concat("it used ", used.count(), " ms of CPU in ",
               duration_cast<seconds>(now - cpu_at_).count(), " s"));
  }
  return text;
}

}  // namespace clawplane::core
