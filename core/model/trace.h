// Inputs and effects of the machine in words: for the log, and for scenarios.

#ifndef CLAWPLANE_CORE_MODEL_TRACE_H_
#define CLAWPLANE_CORE_MODEL_TRACE_H_

#include <string>
#include <vector>

#include "core/model/gateway_machine.h"

namespace clawplane::core {

// "port-seen nothing", "exited signal 9 (Killed)".
std::string Describe(const Input& input);

// "launch", "finish 3 SUPERSEDED".
std::string Describe(const Effect& effect);

// All effects in a row; "nothing" if there are none.
std::string Describe(const std::vector<Effect>& effects);

// One step of the machine in words. Thread-compatible.
struct Decision {
  // State and phase: "STARTING/connecting".
  std::string from;
  std::string input;
  std::string to;
  std::string effects;
  // The error that came with it, if one did.
  std::string error;
  // Nothing came of it but another look at the port.
  bool is_routine = false;

  // "STARTING/connecting, accepted 2026.9.6 -> RUNNING/none, publish: ...".
  std::string Line() const;
};

Decision DescribeStep(const GatewayStatus& before, const Input& input,
                      const GatewayStatus& after,
                      const std::vector<Effect>& effects);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_TRACE_H_
