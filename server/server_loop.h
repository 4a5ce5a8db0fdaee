// Where all calls come in.

#ifndef CLAWPLANE_SERVER_SERVER_LOOP_H_
#define CLAWPLANE_SERVER_SERVER_LOOP_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/io/core_strand.h"
#include "server/counter.h"

namespace clawplane::server {

class ServedCall;
class ServerLoop;

// A method that is served: knows how to ask for its next call, and how those
// before it ended.
class ServedMethod {
 public:
  // By gRPC's codes, and those that are none of them.
  static constexpr size_t kCodes = 18;
  using Ended = std::array<Counter, kCodes>;

  // A method that has a name is shown among the metrics.
  explicit ServedMethod(std::string_view name = {}) : name_(name) {}
  virtual ~ServedMethod() = default;
  ServedMethod(const ServedMethod&) = delete;
  ServedMethod& operator=(const ServedMethod&) = delete;

  std::string_view name() const { return name_; }

  // A call of it has ended so. On the loop's thread.
  void OnEnded(grpc::StatusCode code) {
    ended_[std::min(static_cast<size_t>(code), kCodes - 1)].Add();
  }
  // For any thread.
  const Ended& ended() const { return ended_; }

  // Makes a call and has it wait for a client. On the loop's thread.
  virtual void Listen(ServerLoop& loop) = 0;

 private:
  const std::string_view name_;
  Ended ended_;
};

// gRPC's completion queue and the one thread that serves it.
//
// We chose it over gRPC's callback API, in which several threads poll and wake
// each other: that costs a call four tenths more CPU when calls come one by one
// (core/README.md has the figures). So
// nothing in this server may use that API, nor the synchronous one: one such
// method brings the threads back.
//
// The thread takes all that has come, lets calls in and decodes them, and hands
// them to the strand together. It never waits for anything else.
//
// A life: constructed -> `AddQueue` -> the server is built -> `Serve`, for each
// method -> `Begin` -> (serving) -> the server is shut down -> `End`. These are
// the main thread's; the rest belongs to the loop's own thread. `End` waits for
// every call to be finished: gRPC's own shutdown cancels them, and no more.
class ServerLoop {
 public:
  explicit ServerLoop(core::CoreStrand& strand) : strand_(strand) {}
  ServerLoop(const ServerLoop&) = delete;
  ServerLoop& operator=(const ServerLoop&) = delete;

  void AddQueue(grpc::ServerBuilder& builder);
  // Asks for `ahead` calls of it ahead. More may come at once: gRPC keeps them
  // until they are asked for.
  void Serve(std::unique_ptr<ServedMethod> method, int ahead = 1);
  void Begin();
  // Waits for the thread. No call is left then. The strand must still run.
  void End();

  // Has the thread call `visit`, once for all calls that it has not followed
  // yet. For any thread, between `Begin` and `End`. What gRPC does in a visit
  // counts as a wait.
  void Ring();
  // Before `Begin`.
  void set_visit(std::function<void()> visit) { visit_ = std::move(visit); }

  // Has the thread call `answer`. For any thread, between `Begin` and `End`,
  // and not again before the answer.
  void Ask(std::function<void()> answer);

  // One time that the thread waits for events and takes them.
  struct Turn {
    uint64_t number = 0;
    // Whether it waits: gRPC has it, and may let it work.
    bool is_waiting = false;
    // What the thread has spent so far.
    std::chrono::nanoseconds cpu{0};
  };
  // For any thread, between `Begin` and `End`.
  Turn turn() const;

  // Calls `visit` with each method. For any thread, once all
  // are served.
  void ForEach(
      const std::function<void(const ServedMethod& method)>& visit) const;

  grpc::ServerCompletionQueue* queue() { return queue_.get(); }
  core::CoreStrand& strand() { return strand_; }

  // A call of `method` has come, or is over.
  void OnArrival(ServedMethod& method);
  void OnOver();
  // Takes what is to be done with a call on the strand: its begin, or what
  // follows a write. Brief work the thread may do itself.
  void Add(ServedCall* call, void (ServedCall::*work)(), bool is_brief);
  // Hands what was added to the strand.
  void HandOver();

 private:
  void Run();
  void Take(void* tag, bool ok);
  void Visit();
  void CountWait();
  bool HasNext(void** tag, bool* ok);
  void ShutDownIfOver();

  core::CoreStrand& strand_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  struct Served {
    std::unique_ptr<ServedMethod> method;
    int ahead = 1;
  };
  std::vector<Served> methods_;
  std::thread thread_;
  clockid_t clock_ = 0;
  // Counts both the beginnings and the ends of waits.
  std::atomic<uint64_t> waits_ = 0;
  // Rings on the thread when it is to end.
  grpc::Alarm end_;
  // Rings for a visit; set by the one who made `has_rung_` true.
  grpc::Alarm bell_;
  std::atomic<bool> has_rung_ = false;
  std::function<void()> visit_;
  // Rings for an answer.
  grpc::Alarm question_;
  std::function<void()> answer_;

  // Of the loop's thread.
  bool ending_ = false;
  // Calls that have come and are not over.
  size_t calls_ = 0;
  struct Work {
    ServedCall* call;
    void (ServedCall::*what)();
  };
  std::vector<Work> work_;
  bool work_is_brief_ = true;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVER_LOOP_H_
