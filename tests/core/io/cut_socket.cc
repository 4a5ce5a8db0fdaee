#include "tests/core/io/cut_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <optional>
#include <vector>

namespace clawplane::core {
namespace {

std::mutex mutex;
std::optional<Cut> cut;
std::string passed_bytes;
std::string wanted_bytes;

// The port at one end of a connection, else 0.
template <typename Ask>
uint16_t PortOf(int socket, Ask ask) {
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  if (ask(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sin_family != AF_INET) {
    return 0;
  }
  return ntohs(address.sin_port);
}

bool IsOf(CutSide side, int socket) {
  switch (side) {
    case CutSide::kClient:
      return PortOf(socket, getpeername) == cut->port;
    case CutSide::kServer:
      return PortOf(socket, getsockname) == cut->port;
  }
  return false;
}

// To the end that the other side sees.
void EndConnection(int socket, bool reset) {
  if (!reset) {
    ::shutdown(socket, SHUT_RDWR);
    return;
  }
  sockaddr nowhere = {};
  nowhere.sa_family = AF_UNSPEC;
  // Resets it, as a process does that is killed with bytes unread.
  ::connect(socket, &nowhere, sizeof nowhere);
}

ssize_t FailWith(int error) {
  errno = error;
  return -1;
}

// The bytes of the pieces, up to a number of them.
std::string Joined(const std::vector<iovec>& pieces, size_t most) {
  std::string bytes;
  for (const iovec& piece : pieces) {
    bytes.append(static_cast<const char*>(piece.iov_base),
                 std::min(piece.iov_len, most - bytes.size()));
  }
  return bytes;
}

ssize_t Write(int socket, const msghdr& message, int flags) {
  const std::lock_guard lock(mutex);
  const auto pass = [&] {
    return syscall(SYS_sendmsg, socket, &message, flags);
  };
  if (!cut) return pass();
  if (IsOf(CutSide::kClient, socket)) {
    if (message.msg_iovlen < cut->least_pieces) return FailWith(EAGAIN);
    cut->least_pieces = 0;
  }
  if (!IsOf(cut->side, socket)) return pass();
  const std::vector<iovec> pieces(message.msg_iov,
                                  message.msg_iov + message.msg_iovlen);
  if (wanted_bytes.empty()) wanted_bytes = Joined(pieces, SIZE_MAX);
  const std::string bytes = Joined(pieces, cut->bytes - passed_bytes.size());
  const bool ends = cut->side == CutSide::kServer;
  if (bytes.empty()) {
    if (ends) EndConnection(socket, cut->error == ECONNRESET);
    return FailWith(cut->error);
  }
  const ssize_t taken =
      syscall(SYS_sendto, socket, bytes.data(), bytes.size(), flags, 0, 0);
  if (taken > 0) passed_bytes += bytes.substr(0, static_cast<size_t>(taken));
  if (ends && passed_bytes.size() == cut->bytes) {
    EndConnection(socket, cut->error == ECONNRESET);
  }
  return taken;
}

}  // namespace

CutSocket::CutSocket(const Cut& wanted) {
  const std::lock_guard lock(mutex);
  cut = wanted;
  passed_bytes.clear();
  wanted_bytes.clear();
}

CutSocket::~CutSocket() {
  const std::lock_guard lock(mutex);
  cut.reset();
}

std::string CutSocket::passed() const {
  const std::lock_guard lock(mutex);
  return passed_bytes;
}

std::string CutSocket::wanted() const {
  const std::lock_guard lock(mutex);
  return wanted_bytes;
}

}  // namespace clawplane::core

// The linker takes these in place of the system's.

extern "C" ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  return clawplane::core::Write(socket, *message, flags);
}

extern "C" ssize_t send(int socket, const void* bytes, size_t size, int flags) {
  iovec piece = {const_cast<void*>(bytes), size};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  return clawplane::core::Write(socket, message, flags);
}
