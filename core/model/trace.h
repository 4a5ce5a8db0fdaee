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

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_TRACE_H_
