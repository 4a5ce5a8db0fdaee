// The gateway that all bridges of the benchmarks carry calls to, and that sends
// them events.
//
// echo_gateway PORT: listens on the loopback interface and prints `port N`; 0
// lets the system choose. It answers /readyz and /health, takes every
// handshake, answers `connect`, `health` and `last-heartbeat`, and any other
// request with its own params, without checking anything. All answers to what
// one recv brought leave with one send, so that the gateway costs the bridges
// that share its machine little. Ends with SIGTERM.
//
// Lines on stdin, `burst COUNT SIZE` and `pace RATE COUNT SIZE`, have it send
// so many events to each client that has shaken hands: as fast as all of them
// take them, or so many a second. Once it has, it prints `published COUNT`.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/bench/events/event_payload.h"
#include "tests/bench/events/publication.h"
#include "tests/bench/rpc/echo_client.h"

namespace clawplane::testing {
namespace {

constexpr std::chrono::seconds kTickInterval{30};
// Events that leave with one send at most.
constexpr uint64_t kMaxEventsAtOnce = 64;

// Takes clients and serves them, all on one thread.
//
// Thread-compatible.
class Gateway {
 public:
  // Port 0: any. -1 if it cannot be had.
  int Listen(uint16_t port);
  [[noreturn]] void Serve();

 private:
  void Watch(int fd, bool write, int how);
  void Accept();
  void OnEvents(int fd, uint32_t events);
  void OnClient(int socket, uint32_t events);
  // Settles with a client that was used; `lives` is what that said.
  void After(int socket, bool wrote, bool lives);
  void TickAll();
  // Reads orders.
  void OnInput();
  void Begin(const std::string& order);
  // Whether events could be sent at once.
  bool MayPublish() const;
  // Sends what is due of the events, and sets the timer for what is not.
  void Publish();

  int listener_ = -1;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  const int timer_ =
      ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  std::map<int, std::unique_ptr<EchoClient>> clients_;
  // The beginning of a line.
  std::string input_;
  std::optional<Publication> publication_;
  std::optional<EventPayload> payload_;
};

int Gateway::Listen(uint16_t port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, any, &size) != 0) {
    return -1;
  }
  Watch(listener_, false, EPOLL_CTL_ADD);
  Watch(timer_, false, EPOLL_CTL_ADD);
  // A file on stdin cannot be watched, and brings no orders.
  Watch(STDIN_FILENO, false, EPOLL_CTL_ADD);
  return ntohs(address.sin_port);
}

void Gateway::Watch(int fd, bool write, int how) {
  epoll_event event = {};
  event.events = EPOLLIN | (write ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  event.data.fd = fd;
  ::epoll_ctl(epoll_, how, fd, &event);
}

void Gateway::Accept() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  clients_.emplace(socket, std::make_unique<EchoClient>(socket));
  Watch(socket, false, EPOLL_CTL_ADD);
}

void Gateway::OnEvents(int fd, uint32_t events) {
  if (fd == listener_) {
    Accept();
  } else if (fd == STDIN_FILENO) {
    OnInput();
  } else if (fd == timer_) {
    uint64_t times = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_, &times, sizeof(times));
    Publish();
  } else {
    OnClient(fd, events);
  }
}

void Gateway::OnClient(int socket, uint32_t events) {
  const auto found = clients_.find(socket);
  // Something that came with this may have ended it.
  if (found == clients_.end()) return;
  EchoClient& client = *found->second;
  const bool wrote = client.has_unwritten();
  bool lives = true;
  if ((events & EPOLLOUT) != 0) lives = client.Write();
  if (lives && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
    lives = client.Read();
  }
  After(socket, wrote, lives);
}

void Gateway::After(int socket, bool wrote, bool lives) {
  if (!lives) {
    clients_.erase(socket);
  } else if (clients_.at(socket)->has_unwritten() != wrote) {
    Watch(socket, !wrote, EPOLL_CTL_MOD);
  }
}

void Gateway::TickAll() {
  for (auto at = clients_.begin(); at != clients_.end();) {
    const auto& [socket, client] = *at++;
    const bool wrote = client->has_unwritten();
    client->Tick();
    After(socket, wrote, client->Write());
  }
}

void Gateway::OnInput() {
  char bytes[4096];
  const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof(bytes));
  if (got <= 0) {
    Watch(STDIN_FILENO, false, EPOLL_CTL_DEL);
    return;
  }
  input_.append(bytes, static_cast<size_t>(got));
  for (size_t end; (end = input_.find('\n')) != input_.npos;) {
    Begin(input_.substr(0, end));
    input_.erase(0, end + 1);
  }
}

void Gateway::Begin(const std::string& order) {
  if (publication_) {
    std::cerr << "busy: " << order << std::endl;
    return;
  }
  publication_ = Publication::Parse(order);
  if (!publication_) {
    std::cerr << "not understood: " << order << std::endl;
    return;
  }
  payload_.emplace(publication_->size());
  Publish();
}

bool Gateway::MayPublish() const {
  return publication_ && !publication_->is_paced() &&
         std::none_of(clients_.begin(), clients_.end(), [](const auto& client) {
           return client.second->has_unwritten();
         });
}

void Gateway::Publish() {
  if (!publication_) return;
  const uint64_t now = MonotonicNs();
  const uint64_t count = std::min(publication_->Due(now), kMaxEventsAtOnce);
  for (auto at = clients_.begin(); at != clients_.end();) {
    const auto& [socket, client] = *at++;
    const bool wrote = client->has_unwritten();
    for (uint64_t i = 0; i < count; ++i) client->PutEvent(payload_->At(now));
    After(socket, wrote, client->Write());
  }
  publication_->OnSent(count);
  if (publication_->over()) {
    std::cout << "published " << publication_->count() << std::endl;
    publication_.reset();
  } else if (publication_->is_paced()) {
    const uint64_t next = publication_->NextAt();
    itimerspec when = {};
    when.it_value.tv_sec = static_cast<time_t>(next / 1'000'000'000);
    when.it_value.tv_nsec = static_cast<long>(next % 1'000'000'000);
    ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
  }
}

void Gateway::Serve() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point tick_at = Clock::now() + kTickInterval;
  for (;;) {
    epoll_event events[16];
    const int wait_ms = MayPublish() ? 0 : 1000;
    const int count = ::epoll_wait(epoll_, events, std::size(events), wait_ms);
    for (int i = 0; i < count; ++i)
      OnEvents(events[i].data.fd, events[i].events);
    if (MayPublish()) Publish();
    if (Clock::now() < tick_at) continue;
    tick_at += kTickInterval;
    TickAll();
  }
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: echo_gateway PORT" << std::endl;
    return 2;
  }
  clawplane::testing::Gateway gateway;
  const int port = gateway.Listen(static_cast<uint16_t>(std::atoi(argv[1])));
  if (port < 0) {
    std::cerr << "cannot listen on port " << argv[1] << std::endl;
    return 1;
  }
  std::cout << "port " << port << std::endl;
  gateway.Serve();
}
