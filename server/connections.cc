#include "server/connections.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace clawplane::server {
namespace {

// A number that the kernel gives to no other socket; 0 for none.
uint64_t CookieOf(int fd) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  ::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size);
  return cookie;
}

uint64_t ReceivedBy(int fd) {
  tcp_info info = {};
  socklen_t size = sizeof info;
  ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_bytes_received;
}

uint64_t UnreadOf(int fd) {
  int bytes = 0;
  return ::ioctl(fd, FIONREAD, &bytes) == 0 ? static_cast<uint64_t>(bytes) : 0;
}

// Unlike a shutdown, this drops what lies in the socket's buffers.
void Disconnect(int fd) {
  sockaddr nobody = {};
  nobody.sa_family = AF_UNSPEC;
  ::connect(fd, &nobody, sizeof nobody);
}

}  // namespace

std::string Connections::PeerOf(int fd) {
  sockaddr_storage peer = {};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return {};
  }
  std::array<char, INET6_ADDRSTRLEN> text = {};
  if (peer.ss_family == AF_INET) {
    const auto* const in = reinterpret_cast<const sockaddr_in*>(&peer);
    ::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
  } else if (peer.ss_family == AF_INET6) {
    const auto* const in = reinterpret_cast<const sockaddr_in6*>(&peer);
    ::inet_ntop(AF_INET6, &in->sin6_addr, text.data(), text.size());
  }
  return text.data();
}

void Connections::Add(int fd, const std::string& peer) {
  // Its number may have been that of one which has gone.
  const auto before = all_.find(fd);
  if (before != all_.end()) Erase(before);
  all_[fd] = {.cookie = CookieOf(fd), .peer = peer};
  if (peer.empty()) return;
  ++remote_;
  ++by_peer_[peer];
}

size_t Connections::Of(const std::string& peer) const {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? 0 : found->second;
}

Connections::All::iterator Connections::Erase(All::iterator gone) {
  if (!gone->second.peer.empty()) {
    --remote_;
    const auto count = by_peer_.find(gone->second.peer);
    if (--count->second == 0) by_peer_.erase(count);
  }
  return all_.erase(gone);
}

void Connections::Forget() {
  for (auto it = all_.begin(); it != all_.end();) {
    it = CookieOf(it->first) == it->second.cookie ? std::next(it) : Erase(it);
  }
}

void Connections::Listen() {
  Forget();
  for (auto& [fd, connection] : all_) {
    if (!connection.peer.empty()) connection.received = ReceivedBy(fd);
  }
}

size_t Connections::EndLoudest(uint64_t least) {
  Forget();
  uint64_t most = 0;
  for (auto& [fd, connection] : all_) {
    if (connection.peer.empty()) continue;
    connection.sent_since = ReceivedBy(fd) - connection.received + UnreadOf(fd);
    most = std::max(most, connection.sent_since);
  }
  if (most < least) return 0;
  size_t ended = 0;
  for (const auto& [fd, connection] : all_) {
    if (connection.peer.empty() || connection.sent_since < most / 2) continue;
    // gRPC may have closed it a moment ago; then its number is nobody's yet.
    if (CookieOf(fd) != connection.cookie) continue;
    Disconnect(fd);
    ++ended;
  }
  return ended;
}

}  // namespace clawplane::server
