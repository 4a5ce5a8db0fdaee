// What tells one process from all others, for good.

#ifndef CLAWPLANE_CORE_MODEL_PROCESS_IDENTITY_H_
#define CLAWPLANE_CORE_MODEL_PROCESS_IDENTITY_H_

#include <cstdint>
#include <string>

namespace clawplane::core {

// By this a control plane finds the process again that one before it launched:
// a number alone is another process's sooner or later. Thread-compatible.
struct ProcessIdentity {
  int pid = 0;
  // When it began, in clock ticks since the system did.
  uint64_t start_ticks = 0;
  // The life of the system in which it began (/proc/sys/kernel/random/boot_id).
  std::string system_boot_id;
  // The mark of its launch, which is in its environment.
  std::string run;

  friend bool operator==(const ProcessIdentity&,
                         const ProcessIdentity&) = default;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_PROCESS_IDENTITY_H_
