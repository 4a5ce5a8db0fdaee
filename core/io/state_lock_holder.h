// Finds out whose gateway uses a state directory.

#ifndef CLAWPLANE_CORE_IO_STATE_LOCK_HOLDER_H_
#define CLAWPLANE_CORE_IO_STATE_LOCK_HOLDER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace clawplane::core {

// A living process that holds the lock of a gateway's state.
struct StateLockHolder {
  pid_t pid = 0;
  // What it calls itself.
  std::string command;
  // Where its gateway listens; 0 if it does not tell.
  uint16_t port = 0;
  // For people: "process 7 (openclaw-gateway) holds the state lock of
  // /h/state".
  std::string description;
};

// Looks for the lock that the gateways of version 2026.9 leave at
// `tmp/openclaw-UID/gateway.state.lock` below `.openclaw` in the gateway's
// HOME. Nothing if there is none, or the process that it names is gone: a lock
// is left behind by one that was killed. Its format is the gateway's own, so
// what is not understood is passed over. Blocks on the file system for well
// under a millisecond. Thread-safe.
std::optional<StateLockHolder> FindStateLockHolder(const std::string& home);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_STATE_LOCK_HOLDER_H_
