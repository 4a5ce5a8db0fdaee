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
  // It is as good as gone if that fails.
  [[maybe_unused]] const int done = ::connect(fd, &nobody, sizeof nobody);
}

}  // namespace

std::optional<Connections::Peer> Connections::PeerOf(int fd) {
  sockaddr_storage peer = {};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return std::nullopt;
  }
  if (peer.ss_family == AF_UNIX) return Peer();
  const auto* const in = reinterpret_cast<const sockaddr_in*>(&peer);
  const auto* const in6 = reinterpret_cast<const sockaddr_in6*>(&peer);
  std::array<char, INET6_ADDRSTRLEN> text = {};
  // Both have the port in the same place.
  const std::string port = ":" + std::to_string(ntohs(in->sin_port));
  if (peer.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &in->sin_addr, text.data(), text.size());
    return Peer{text.data(), "ipv4:" + (text.data() + port)};
  }
  if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
    ::inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], text.data(), text.size());
    return Peer{text.data(), "ipv4:" + (text.data() + port)};
  }
  ::inet_ntop(AF_INET6, &in6->sin6_addr, text.data(), text.size());
  return Peer{text.data(), "ipv6:%5B" + (text.data() + ("%5D" + port))};
}

void Connections::Add(int fd, Way way, const Peer& peer) {
  // Its number may have been that of one which has gone.
  const auto before = all_.find(fd);
  if (before != all_.end()) Erase(before);
  all_[fd] = {.cookie = CookieOf(fd), .way = way, .peer = peer};
  ++by_way_[static_cast<size_t>(way)];
  if (peer.address.empty()) return;
  ++remote_;
  ++by_address_[peer.address];
}

size_t Connections::Of(const std::string& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second;
}

Connections::All::iterator Connections::Erase(All::iterator gone) {
  --by_way_[static_cast<size_t>(gone->second.way)];
  if (!gone->second.is_local()) {
    --remote_;
    const auto count = by_address_.find(gone->second.peer.address);
    if (--count->second == 0) by_address_.erase(count);
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
    if (!connection.is_local()) connection.received = ReceivedBy(fd);
  }
}

size_t Connections::EndLoudest(uint64_t least) {
  Forget();
  uint64_t most = 0;
  for (auto& [fd, connection] : all_) {
    if (connection.is_local()) continue;
    const uint64_t unread = UnreadOf(fd);
    connection.sent_since =
        unread == 0 ? 0 : ReceivedBy(fd) - connection.received + unread;
    most = std::max(most, connection.sent_since);
  }
  if (most < least) return 0;
  size_t ended = 0;
  for (const auto& [fd, connection] : all_) {
    if (connection.is_local() || connection.sent_since < most / 2) continue;
    Disconnect(fd);
    ++ended;
  }
  return ended;
}

size_t Connections::Complain(
    const std::unordered_map<std::string, double>& complaints, double most) {
  Forget();
  size_t ended = 0;
  for (auto& [fd, connection] : all_) {
    const auto found = complaints.find(connection.peer.name);
    if (found == complaints.end()) continue;
    connection.complaints += found->second;
    if (connection.complaints <= most) continue;
    Disconnect(fd);
    ++ended;
  }
  return ended;
}

void Connections::Forgive(double complaints) {
  for (auto& [fd, connection] : all_) {
    connection.complaints = std::max(0.0, connection.complaints - complaints);
  }
}

}  // namespace clawplane::server
