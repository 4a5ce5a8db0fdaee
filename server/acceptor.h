// Where connections are made.

#ifndef CLAWPLANE_SERVER_ACCEPTOR_H_
#define CLAWPLANE_SERVER_ACCEPTOR_H_

#include <grpcpp/grpcpp.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/io/unique_fd.h"
#include "server/connections.h"
#include "server/server_loop.h"

namespace clawplane::server {

// Listens in gRPC's place, and hands it the connections: so many and no more,
// and not too many at a time. Debian's gRPC 1.51 bounds neither, and once this
// process was out of descriptors it would accept nothing again, on any socket.
//
// It also ends the connections that hold the `ServerLoop` captive: that reads a
// socket as long as there is something in it, and meanwhile serves nobody, so
// that one client which keeps its socket full would keep all others waiting,
// and pile up calls by the hundred thousand. Who has its loop spend
// `kCaptive` of CPU time without a single event is ended, if it comes by TCP:
// the owner of the Unix socket is trusted. So is who has too many calls that
// nobody vouches for: those can pile up even while others are served.
//
// A life: constructed -> `Add`, for each address -> the server is started ->
// `Begin` -> (serving) -> `End` -> the server is shut down. All are called by
// the main thread; it has a thread of its own between `Begin` and `End`.
class Acceptor {
 public:
  // Connections at a time, by TCP and by Unix sockets each; less where this
  // process may not open that many files. A thousand are in use where each of
  // so many streams has its own.
  static constexpr size_t kMostConnections = 4'096;
  // From one address: loopback has all the machine's users behind one.
  static constexpr size_t kMostOfOnePeer = 2'048;
  // New connections a second and listener, of which so many may come at once:
  // each takes gRPC about 0.1 ms. Others wait with the kernel.
  static constexpr double kPerSecond = 1'000;
  static constexpr double kAtOnce = 256;
  // A message of the largest size takes half of it at most.
  static constexpr std::chrono::milliseconds kCaptive{150};
  // Who sent less meanwhile did not hold it.
  static constexpr uint64_t kLoud = 4'096;
  // What this process may have in memory, beside what the configuration lets it
  // keep, before those by TCP who send the most are ended: gRPC takes a message
  // in as a whole, of up to 4 GB, and then looks whether it is too large. Ten
  // of the largest calls are well below it.
  static constexpr uint64_t kMostMemory = uint64_t{1} << 30;
  // Complaints about a connection: so many at once, and so many a second.
  static constexpr double kMostComplaints = 200;
  static constexpr double kForgivenPerSecond = 100;

  using Way = Connections::Way;
  static constexpr size_t kWays = Connections::kWays;

  // `kept` bytes are what the configuration lets this process keep.
  explicit Acceptor(uint64_t kept = 0);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  // As `grpc::ServerBuilder::AddListeningPort`, for HOST:PORT and unix:PATH,
  // but at once: `port` is the one in use, 1 for a Unix socket, 0 if it cannot
  // be had. A Unix socket is its owner's alone from its first moment on, and
  // takes the place of one that was left behind. Returns the system's error
  // number, or 0.
  int Add(grpc::ServerBuilder& builder, Way way, const std::string& address,
          std::shared_ptr<grpc::ServerCredentials> credentials, int* port);

  // Before `loop` begins, whose thread hands the connections over: gRPC reads
  // them at once, and may keep the thread with that. Without a loop the thread
  // of the acceptor does, and ends no connection.
  void JoinLoop(ServerLoop& loop);
  // `loop` has begun.
  void Begin();
  // Takes no connections any more. Twice is as once.
  void End();

  // A call of this peer, as gRPC names it, was refused for want of a right
  // token, or needed none. For any thread; a call of its own ends nothing at
  // once.
  void Complain(const std::string& peer);

  // Of connections: those of each way that there are, and that ever were; those
  // that were closed at once, for want of room; and those that were ended.
  struct Counts {
    std::array<uint64_t, kWays> open = {};
    std::array<uint64_t, kWays> taken = {};
    uint64_t without_room = 0;
    uint64_t unvouched = 0;
    uint64_t captors = 0;
    uint64_t for_memory = 0;
  };
  // For any thread. Looks at each that is open.
  Counts counts();

 private:
  using Clock = std::chrono::steady_clock;

  struct Listener {
    core::UniqueFd fd;
    // Of a Unix socket.
    std::string path;
    Way way = Way::kPlain;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> grpc;
    // Connections that may be taken now.
    double allowance = kAtOnce;
  };

  void Run();
  void Accept(Listener& listener);
  bool HasRemote();
  void Forget();
  // Notes the connection, if there is room for it.
  bool Take(const Listener& listener, int fd, const Connections::Peer& peer);
  bool HasRoomFor(const std::string& address)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(connections_mutex_);
  void HandOver();
  void Watch(std::chrono::nanoseconds elapsed);
  void WatchMemory();
  void EndCaptor(const ServerLoop::Turn& now);
  void HearComplaints(double seconds);
  void Tell(size_t ended, std::string_view why, uint64_t Counts::*count)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(connections_mutex_);

  core::UniqueFd end_;
  std::vector<Listener> listeners_;
  std::thread thread_;

  ServerLoop* loop_ = nullptr;

  struct Accepted {
    Listener* listener;
    core::UniqueFd fd;
  };
  absl::Mutex mutex_;
  std::vector<Accepted> accepted_ ABSL_GUARDED_BY(mutex_);
  // By the name of the peer, since they were heard last.
  std::unordered_map<std::string, double> complaints_ ABSL_GUARDED_BY(mutex_);

  const uint64_t most_memory_;

  // Its thread's, but for who counts.
  absl::Mutex connections_mutex_;
  Connections connections_ ABSL_GUARDED_BY(connections_mutex_);
  Counts counts_ ABSL_GUARDED_BY(connections_mutex_);

  // Of its thread.
  size_t most_ = kMostConnections;
  Clock::time_point last_look_;
  Clock::time_point last_forget_;
  // The loop's, as it was at the last look, and when it began to be captive.
  ServerLoop::Turn seen_;
  ServerLoop::Turn captive_since_;
  bool is_listening_ = false;
  bool has_too_much_ = false;
  bool is_to_trim_ = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_ACCEPTOR_H_
