#include "server/acceptor.h"

#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "core/model/text.h"
#include "server/log.h"

namespace clawplane::server {
namespace {

constexpr std::string_view kUnix = "unix:";

// How often the thread looks while there is something to look at.
constexpr std::chrono::milliseconds kTick(50);

// How long a connection that has gone may be counted.
constexpr std::chrono::seconds kForgetAfter(1);

// Who works less than this part of the time is not captive, though no event
// came: it takes in a message as the network brings it. The machine may be busy
// with others, so that one who is gets far less than all of it.
constexpr int kIdleShare = 8;

// Descriptors that are not for connections.
constexpr size_t kReserve = 256;

uint64_t ResidentBytes() {
  uint64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<uint64_t>(::getpagesize());
}

int Bind(const core::UniqueFd& fd, const sockaddr* address, socklen_t size) {
  return ::bind(fd.get(), address, size) == 0 &&
                 ::listen(fd.get(), SOMAXCONN) == 0
             ? 0
             : errno;
}

int ListenOnUnix(const std::string& path, core::UniqueFd& fd) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::copy(path.begin(), path.end(), address.sun_path);
  struct stat stat;
  if (::lstat(path.c_str(), &stat) == 0 && S_ISSOCK(stat.st_mode)) {
    ::unlink(path.c_str());
  }
  fd = core::UniqueFd(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // The file gets the mode of the socket.
  ::fchmod(fd.get(), 0600);
  return Bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int ListenOnTcp(const std::string& address, core::UniqueFd& fd, int& port) {
  std::string host = address.substr(0, address.rfind(':'));
  const std::string service = address.substr(host.size() + 1);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), service.c_str(), &hints, &found) != 0) {
    return EADDRNOTAVAIL;
  }
  fd = core::UniqueFd(::socket(found->ai_family,
                               SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Connections have these from the listener.
  const int yes = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const int error = Bind(fd, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  sockaddr_in6 bound = {};
  socklen_t size = sizeof bound;
  // Both families have the port in the same place.
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  port = error == 0 ? ntohs(bound.sin6_port) : 0;
  return error;
}

}  // namespace

Acceptor::Acceptor(uint64_t kept)
    : end_(::eventfd(0, EFD_CLOEXEC)), most_memory_(kMostMemory + kept) {}

Acceptor::~Acceptor() { End(); }

int Acceptor::Add(grpc::ServerBuilder& builder, Way way,
                  const std::string& address,
                  std::shared_ptr<grpc::ServerCredentials> credentials,
                  int* port) {
  Listener listener;
  listener.way = way;
  int error = 0;
  *port = 0;
  if (way == Way::kUnix) {
    listener.path = address.substr(kUnix.size());
    error = ListenOnUnix(listener.path, listener.fd);
    if (error == 0) *port = 1;
  } else {
    error = ListenOnTcp(address, listener.fd, *port);
  }
  if (error != 0) return error;
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  listener.grpc = builder.experimental().AddExternalConnectionAcceptor(
      Type::FROM_FD, std::move(credentials));
  listeners_.push_back(std::move(listener));
  return 0;
}

void Acceptor::JoinLoop(ServerLoop& loop) {
  loop_ = &loop;
  loop.set_visit([this] { HandOver(); });
}

void Acceptor::Begin() {
  rlimit files = {};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const size_t may = files.rlim_cur > 2 * kReserve
                         ? (files.rlim_cur - kReserve) / 2
                         : files.rlim_cur / 4;
  most_ = std::min(kMostConnections, may);
  last_look_ = Clock::now();
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::End() {
  if (thread_.joinable()) {
    ::eventfd_write(end_.get(), 1);
    thread_.join();
  }
  for (Listener& listener : listeners_) {
    listener.fd.Reset();
    if (!listener.path.empty()) ::unlink(listener.path.c_str());
    listener.path.clear();
  }
}

void Acceptor::Run() {
  std::vector<pollfd> wanted;
  while (true) {
    wanted.assign(1, {end_.get(), POLLIN, 0});
    bool has_to_look = HasRemote() || is_to_trim_;
    for (const Listener& listener : listeners_) {
      // One that has had its share waits for the next look.
      const bool may = listener.allowance >= 1;
      wanted.push_back({may ? listener.fd.get() : -1, POLLIN, 0});
      has_to_look |= listener.allowance < kAtOnce;
    }
    ::poll(wanted.data(), wanted.size(),
           has_to_look ? static_cast<int>(kTick.count()) : -1);
    if (wanted[0].revents != 0) return;
    const auto now = Clock::now();
    const auto elapsed = now - last_look_;
    const double seconds = std::chrono::duration<double>(elapsed).count();
    for (size_t i = 0; i < listeners_.size(); ++i) {
      Listener& listener = listeners_[i];
      listener.allowance =
          std::min(kAtOnce, listener.allowance + seconds * kPerSecond);
      if (wanted[i + 1].revents != 0) Accept(listener);
    }
    last_look_ = now;
    // So that it sleeps again once the last has gone.
    if (now - last_forget_ >= kForgetAfter) {
      last_forget_ = now;
      Forget();
    }
    HearComplaints(seconds);
    if (loop_ != nullptr) Watch(elapsed);
  }
}

void Acceptor::Accept(Listener& listener) {
  while (listener.allowance >= 1) {
    core::UniqueFd fd(::accept4(listener.fd.get(), nullptr, nullptr,
                                SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd.get() < 0) {
      // Without descriptors, those who wait keep waiting.
      if (errno != EAGAIN) listener.allowance = 0;
      return;
    }
    const auto peer = Connections::PeerOf(fd.get());
    if (!peer || !Take(listener, fd.get(), *peer)) {
      // So cheap that it costs little of the share.
      listener.allowance -= 0.1;
      continue;
    }
    --listener.allowance;
    {
      const absl::MutexLock lock(&mutex_);
      accepted_.push_back({&listener, std::move(fd)});
    }
    if (loop_ == nullptr) {
      HandOver();
    } else {
      loop_->Ring();
    }
  }
}

// On the loop's thread.
void Acceptor::HandOver() {
  std::vector<Accepted> accepted;
  {
    const absl::MutexLock lock(&mutex_);
    accepted.swap(accepted_);
  }
  for (auto& [listener, fd] : accepted) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
        connection;
    connection.listener_fd = listener->fd.get();
    connection.fd = fd.Release();
    listener->grpc->HandleNewConnection(&connection);
  }
}

bool Acceptor::HasRemote() {
  const absl::MutexLock lock(&connections_mutex_);
  return connections_.remote() > 0;
}

void Acceptor::Forget() {
  const absl::MutexLock lock(&connections_mutex_);
  connections_.Forget();
}

Acceptor::Counts Acceptor::counts() {
  const absl::MutexLock lock(&connections_mutex_);
  connections_.Forget();
  std::ranges::copy(connections_.by_way(), counts_.open.begin());
  return counts_;
}

bool Acceptor::Take(const Listener& listener, int fd,
                    const Connections::Peer& peer) {
  const absl::MutexLock lock(&connections_mutex_);
  if (!HasRoomFor(peer.address)) {
    ++counts_.without_room;
    return false;
  }
  connections_.Add(fd, listener.way, peer);
  ++counts_.taken[static_cast<size_t>(listener.way)];
  return true;
}

bool Acceptor::HasRoomFor(const std::string& address) {
  const auto has = [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return address.empty() ? connections_.local() < most_
                           : connections_.remote() < most_ &&
                                 connections_.Of(address) < kMostOfOnePeer;
  };
  if (has()) return true;
  connections_.Forget();
  return has();
}

void Acceptor::Complain(const std::string& peer) {
  const absl::MutexLock lock(&mutex_);
  ++complaints_[peer];
}

void Acceptor::HearComplaints(double seconds) {
  std::unordered_map<std::string, double> complaints;
  {
    const absl::MutexLock lock(&mutex_);
    complaints.swap(complaints_);
  }
  const absl::MutexLock lock(&connections_mutex_);
  connections_.Forgive(seconds * kForgivenPerSecond);
  if (complaints.empty()) return;
  Tell(connections_.Complain(complaints, kMostComplaints),
       "with too many calls that nobody vouches for", &Counts::unvouched);
}

void Acceptor::Watch(std::chrono::nanoseconds elapsed) {
  const ServerLoop::Turn now = loop_->turn();
  const bool is_captive = now.is_waiting && now.number == seen_.number &&
                          now.cpu - seen_.cpu >= elapsed / kIdleShare;
  seen_ = now;
  if (is_captive) {
    EndCaptor(now);
    return;
  }
  WatchMemory();
  captive_since_ = now;
  is_listening_ = has_too_much_;
  if (std::exchange(is_to_trim_, false)) {
    Forget();
    ::malloc_trim(0);
  }
}

// Once it has too much, it looks who sends; at the next look that is known.
void Acceptor::WatchMemory() {
  const bool has_too_much = ResidentBytes() > most_memory_;
  const absl::MutexLock lock(&connections_mutex_);
  if (std::exchange(has_too_much_, has_too_much)) {
    Tell(connections_.EndLoudest(kLoud), "because memory ran short",
         &Counts::for_memory);
  }
  if (has_too_much_) connections_.Listen();
}

// Who holds it is seen from what came while it was held.
void Acceptor::EndCaptor(const ServerLoop::Turn& now) {
  const absl::MutexLock lock(&connections_mutex_);
  if (!is_listening_) {
    is_listening_ = true;
    connections_.Listen();
  } else if (now.cpu - captive_since_.cpu >= kCaptive) {
    Tell(connections_.EndLoudest(kLoud), "that kept all others waiting",
         &Counts::captors);
    captive_since_ = now;
    is_listening_ = false;
  }
}

void Acceptor::Tell(size_t ended, std::string_view why,
                    uint64_t Counts::*count) {
  if (ended == 0) return;
  counts_.*count += ended;
  is_to_trim_ = true;
  LogWarning(core::Concat("ended ", ended, " connections ", why));
}

}  // namespace clawplane::server
