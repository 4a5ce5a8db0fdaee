// Where all calls come in.

#ifndef CLAWPLANE_SERVER_SERVER_LOOP_H_
#define CLAWPLANE_SERVER_SERVER_LOOP_H_

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/io/core_strand.h"

namespace clawplane::server {

class ServedCall;
class ServerLoop;

// A method that is served: knows how to ask for its next call.
class ServedMethod {
 public:
  virtual ~ServedMethod() = default;

  // Makes a call and has it wait for a client. On the loop's thread.
  virtual void Listen(ServerLoop& loop) = 0;
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
