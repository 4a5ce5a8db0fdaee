// What is said to a gateway that is to finish its work.

#ifndef CLAWPLANE_CORE_MODEL_DRAIN_TALK_H_
#define CLAWPLANE_CORE_MODEL_DRAIN_TALK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/model/call_result.h"
#include "core/model/frame.h"
#include "core/model/time.h"

namespace clawplane::core {

// The conversation by which the gateway takes in no new work and tells what it
// has left (docs of openclaw 2026.9.6, gateway/external-apps.md):
//
//   us      -> gateway.suspend.prepare, with `drain`
//   gateway -> draining: what it has left, and a lease of two minutes
//   us      -> gateway.suspend.status, again and again; prepare, to renew it
//   gateway -> ready
//
// Open terminals do not count as work: they would never end by themselves.
//
//   `Next` -> (the call is made) -> `OnAnswer` -> `deadline` -> `Next` ...
//
// Thread-compatible.
class DrainTalk {
 public:
  // No poll comes sooner or later than this, whatever the gateway asks for.
  static constexpr Duration kShortestPoll = std::chrono::milliseconds(250);
  static constexpr Duration kLongestPoll = std::chrono::seconds(5);
  // A lease lasts for 120 s.
  static constexpr Duration kRenewal = std::chrono::seconds(60);
  // Of what the gateway tells of its work.
  static constexpr size_t kMaxTold = 16;
  static constexpr size_t kMaxToldBytes = 200;

  struct Call {
    std::string method;
    // JSON.
    std::string params;
  };

  // The gateway has this left to do.
  struct Working {
    uint32_t active = 0;
    std::vector<std::string> waiting_for;
  };
  // It has nothing left to do, and takes in nothing.
  struct Idle {};
  // It cannot be asked, for this reason.
  struct Unable {
    std::string why;
  };
  // Nothing new is known.
  struct Unanswered {};
  using Verdict = std::variant<Working, Idle, Unable, Unanswered>;

  // `request_id` names the drain to the gateway; no two share one.
  explicit DrainTalk(std::string request_id)
      : request_id_(std::move(request_id)) {}

  // What to ask now. It must be answered before this is called again.
  Call Next(TimePoint now);

  Verdict OnAnswer(const CallResult& answer, TimePoint now);

  // Something has changed at the gateway: it is asked at once.
  void Hurry(TimePoint now);

  // When `Next` is due; none while an answer is awaited.
  std::optional<TimePoint> deadline() const { return next_; }

 private:
  Verdict OnResult(JsonView payload, TimePoint now);

  const std::string request_id_;
  // Of the lease; empty while there is none.
  std::string suspension_id_;
  TimePoint leased_at_;
  std::optional<TimePoint> next_;
  // Whether it is to be asked again as soon as it has answered.
  bool hurried_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_DRAIN_TALK_H_
