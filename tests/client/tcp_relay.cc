#include "tests/client/tcp_relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "absl/strings/str_cat.h"

namespace clawplane::client {
namespace {

int Connect(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) !=
      0) {
    abort();
  }
  return fd;
}

// Carries what is there; false at the end.
bool Carry(int from, int to) {
  std::array<char, 65536> buffer;
  const ssize_t got = read(from, buffer.data(), buffer.size());
  return got > 0 &&
         send(to, buffer.data(), static_cast<size_t>(got), MSG_NOSIGNAL) == got;
}

}  // namespace

TcpRelay::TcpRelay(const std::string& target)
    : path_(target.substr(std::string("unix:").size())),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  std::array<int, 2> ends{};
  if (bind(listener_, any, size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, any, &size) != 0 ||
      pipe2(ends.data(), O_CLOEXEC) != 0) {
    abort();
  }
  port_ = ntohs(address.sin_port);
  order_read_ = ends[0];
  order_write_ = ends[1];
  thread_ = std::thread([this] { Run(); });
}

TcpRelay::~TcpRelay() {
  Tell(Order::kEnd);
  thread_.join();
  for (const int fd : {listener_, order_read_, order_write_}) close(fd);
}

std::string TcpRelay::target() const {
  return absl::StrCat("127.0.0.1:", port_);
}

void TcpRelay::GoDumb() { Tell(Order::kGoDumb); }
void TcpRelay::Break() { Tell(Order::kBreak); }

void TcpRelay::Tell(Order order) const {
  if (write(order_write_, &order, 1) != 1) abort();
}

void TcpRelay::Run() {
  while (true) {
    std::vector<pollfd> fds = {{order_read_, POLLIN, 0},
                               {listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      fds.push_back({pair.dumb ? -1 : pair.client, POLLIN, 0});
      fds.push_back({pair.dumb ? -1 : pair.server, POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    for (size_t i = 0; i < pairs_.size(); ++i) {
      Pair& pair = pairs_[i];
      const bool there = fds[2 + 2 * i].revents != 0;
      const bool back = fds[3 + 2 * i].revents != 0;
      if ((there && !Carry(pair.client, pair.server)) ||
          (back && !Carry(pair.server, pair.client))) {
        close(pair.client);
        close(pair.server);
        pair = Pair();
      }
    }
    if (fds[1].revents != 0) Accept();
    if (fds[0].revents != 0 && !Obey()) return;
  }
}

void TcpRelay::Accept() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) abort();
  pairs_.push_back({fd, Connect(path_), false});
  ++connections_;
}

bool TcpRelay::Obey() {
  Order order = Order::kEnd;
  if (read(order_read_, &order, 1) != 1) return false;
  for (Pair& pair : pairs_) {
    pair.dumb = true;
    if (order == Order::kGoDumb || pair.client < 0) continue;
    close(pair.client);
    close(pair.server);
    pair = Pair();
  }
  return order != Order::kEnd;
}

}  // namespace clawplane::client
