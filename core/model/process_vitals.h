// What the system shows of a process at one moment.

#ifndef CLAWPLANE_CORE_MODEL_PROCESS_VITALS_H_
#define CLAWPLANE_CORE_MODEL_PROCESS_VITALS_H_

#include <cstdint>

#include "core/model/time.h"

namespace clawplane::core {

// Of the process itself, without its children. Thread-compatible.
struct ProcessVitals {
  // The letter of proc(5): R, S, D, T (stopped), t (traced), Z and so on.
  char state = '?';
  // What all its threads have used since it began, in steps of 10 ms.
  Duration cpu_time{};
  uint64_t resident_bytes = 0;
  uint64_t peak_resident_bytes = 0;

  bool stopped() const { return state == 'T' || state == 't'; }
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_PROCESS_VITALS_H_
