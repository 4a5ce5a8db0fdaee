// Who listens on a port of the loopback interface.

#ifndef CLAWPLANE_CORE_IO_LISTENER_OWNER_H_
#define CLAWPLANE_CORE_IO_LISTENER_OWNER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/loopback.h"
#include "core/model/fault.h"

namespace clawplane::core {

// A listening socket, as the kernel's table has it.
struct Listener {
  // The user who made the socket.
  uid_t user = 0;
  // The socket's number in /proc/PID/fd.
  uint64_t inode = 0;

  friend bool operator==(const Listener&, const Listener&) = default;
};

// Finds the sockets that take a connection to `address` and `port` in the text
// of /proc/net/tcp and /proc/net/tcp6. A socket bound to the address itself
// comes before one bound to any address of its family, and that before one
// bound to any address of both; of equals (SO_REUSEPORT) all are returned. Rows
// that make no sense are passed over. Pure.
std::vector<Listener> FindListeners(std::string_view tcp, std::string_view tcp6,
                                    Loopback address, uint16_t port);

// Whether all of them belong to `self` or to root, and there is one. Pure.
bool AllTrusted(const std::vector<Listener>& listeners, uid_t self);

struct ListenerOwner {
  // Whether a secret may be sent to it: it belongs to our effective user or to
  // root.
  bool trusted = false;
  // Whether it is known to be no descendant of this process, nor of the leader
  // that was asked for.
  bool stranger = false;
  // The process, where it can be seen.
  std::optional<int> pid = {};
  // "process 4711 (node)", else "user 1000's process", else empty.
  std::string description;
};

// Asks the kernel. Reads the two tables and, of the processes of the socket's
// user, the list of open files: a few milliseconds, so not for hot paths.
// What cannot be read is not trusted and not described. `leader` is a process
// that was taken over, or 0. Thread-safe.
ListenerOwner LookUpListener(Loopback address, uint16_t port, pid_t leader);

// Sends the signal to the process if it listens on this port of the loopback
// interface; or says why not. It is held by a pidfd meanwhile, so that no other
// process which got its number is ever signalled. Thread-safe.
std::optional<Fault> SignalListener(uint16_t port, int pid, int signal);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_LISTENER_OWNER_H_
