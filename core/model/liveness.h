// Whether a gateway that was RUNNING still lives, by evidence.

#ifndef CLAWPLANE_CORE_MODEL_LIVENESS_H_
#define CLAWPLANE_CORE_MODEL_LIVENESS_H_

#include <optional>
#include <string>

#include "core/model/gateway_status.h"
#include "core/model/process_vitals.h"
#include "core/model/time.h"

namespace clawplane::core {

// What one check brought together.
struct HealthEvidence {
  // Whether a connection stands, and what came by it in time.
  bool connected = false;
  bool pong = false;
  // An answer to a cheap call, whatever it said.
  bool answer = false;
  // Whether the port was asked over HTTP, accepted that, and answered.
  bool http_asked = false;
  bool port_open = false;
  bool http_answer = false;
  // Of our process; none if the gateway is not ours.
  std::optional<ProcessVitals> vitals;
  // How long it took to gather: until the answer, or until time was up.
  Duration took{};
};

// Judges a gateway by what is heard of it.
//
// Anything it sends is a sign of life: a frame, a part of one, a ping or pong,
// an answer over HTTP. Each 30 s it is checked all the same, by a cheap call,
// so that its health is known; a check that fails is told, and nothing more.
// After two ticks of silence it is suspected, and each check then asks for all
// there is: a pong, an answer, HTTP, and the process's CPU time.
//
// Only silence beyond the limit, with the latest two thorough checks failed, is
// a verdict. A process that burns CPU meanwhile (half a core or more between
// the checks) is taken for busy, and has twice the limit. Time in which we did
// not run ourselves does not count as silence.
//
// A gateway that answers over HTTP lives, yet the connection may be dead: where
// one peer has vanished, TCP tells the other nothing while it only listens.
// Such a connection is given up after the same limit.
//
// Thread-compatible.
class Liveness {
 public:
  struct Settings {
    Duration check_interval = std::chrono::seconds(30);
    // How long a check waits for answers; no longer than the interval.
    Duration check_timeout = std::chrono::seconds(5);
    Duration silence_limit = std::chrono::seconds(180);
  };

  // What is due at `deadline()`.
  struct Due {
    // The suspicion begins: since when the gateway has been silent.
    std::optional<WallTime> suspect_since;
    // A check is to be made; a thorough one asks for HTTP and a pong too.
    bool check = false;
    bool thorough = false;
  };

  // What a check means.
  struct Finding {
    Health health;
    // The verdict: the evidence, for people.
    std::optional<std::string> unresponsive;
    // The connection is dead, and the gateway is not: the evidence, for people.
    std::optional<std::string> dead_connection;
  };

  explicit Liveness(Settings settings) : settings_(settings) {}

  // Other limits, from now on.
  void Use(const Settings& settings, TimePoint now);

  // A handshake was accepted; the gateway ticks at this interval.
  void Begin(Duration tick, TimePoint now);
  // The process is gone, or there is nothing more to be known.
  void End();
  bool active() const { return active_; }

  // A sign of life. True if it ends a suspicion.
  bool OnSign(TimePoint now);
  // One that came by the connection.
  bool OnHeard(TimePoint now);

  // When there is something to do, if ever.
  std::optional<TimePoint> deadline() const;

  // Call it at the deadline. While a check is in progress no other is due.
  Due OnTime(Instant now);

  // A check that was due is over.
  Finding Conclude(const HealthEvidence& evidence, Instant now);

  // Let the next check be due at once.
  void Hurry(TimePoint now) { next_check_ = now; }

  const Settings& settings() const { return settings_; }

 private:
  Duration Silence(TimePoint now) const { return now - last_sign_; }
  TimePoint suspicion_due() const { return last_sign_ + 2 * tick_; }
  // Whether the process used much CPU since the check before.
  bool IsBusy(const HealthEvidence& evidence, TimePoint now) const;
  std::string Describe(const HealthEvidence& evidence, TimePoint now) const;

  Settings settings_;
  bool active_ = false;
  Duration tick_{};
  TimePoint last_sign_;
  // The latest that came by the connection.
  TimePoint last_heard_;
  TimePoint next_check_;
  bool checking_ = false;
  bool thorough_ = false;
  bool suspect_ = false;
  // Thorough checks in a row that found no sign of life.
  int failures_ = 0;
  // At the end of the check before.
  std::optional<Duration> cpu_time_;
  TimePoint cpu_at_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_LIVENESS_H_
