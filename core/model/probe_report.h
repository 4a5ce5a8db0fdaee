// What a look at the gateway's port found.

#ifndef CLAWPLANE_CORE_MODEL_PROBE_REPORT_H_
#define CLAWPLANE_CORE_MODEL_PROBE_REPORT_H_

#include <optional>
#include <string>

namespace clawplane::core {

// Thread-compatible.
struct ProbeReport {
  enum class Answer {
    // Nothing accepts connections.
    kNothing,
    // A gateway that says, in JSON, that it is not ready.
    kNotReady,
    // Something that speaks HTTP and may be a ready gateway.
    kAnswers,
    // Something accepts connections, and does not speak HTTP in time.
    kUnintelligible,
  };

  Answer answer = Answer::kNothing;
  // Whether the listening socket belongs to our own user or to root, so that a
  // secret may be sent to it.
  bool trusted = false;
  // For people: what listens there, as far as it can be told ("process 4711
  // (node)").
  std::string listener;
  // Whether that is known to be no descendant of this process, nor of the
  // gateway's if that was taken over.
  bool stranger = false;
  // Its process, where that can be seen.
  std::optional<int> pid = {};

  friend bool operator==(const ProbeReport&, const ProbeReport&) = default;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_PROBE_REPORT_H_
