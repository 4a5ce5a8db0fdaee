#include "server/server_loop.h"

#include <pthread.h>
#include <time.h>

#include <utility>

#include "server/served_call.h"

namespace clawplane::server {
namespace {

// How many events are taken before the strand gets what came of them.
constexpr int kMaxBatch = 64;

}  // namespace

void ServerLoop::AddQueue(grpc::ServerBuilder& builder) {
  queue_ = builder.AddCompletionQueue();
}

void ServerLoop::Serve(std::unique_ptr<ServedMethod> method, int ahead) {
  methods_.push_back({std::move(method), ahead});
}

void ServerLoop::ForEach(
    const std::function<void(const ServedMethod&)>& visit) const {
  for (const Served& served : methods_) visit(*served.method);
}

void ServerLoop::Begin() {
  thread_ = std::thread([this] {
    for (const Served& served : methods_) {
      for (int i = 0; i < served.ahead; ++i) served.method->Listen(*this);
    }
    Run();
  });
  ::pthread_getcpuclockid(thread_.native_handle(), &clock_);
}

ServerLoop::Turn ServerLoop::turn() const {
  const uint64_t waits = waits_.load(std::memory_order_relaxed);
  timespec spent = {};
  ::clock_gettime(clock_, &spent);
  return {.number = waits / 2,
          .is_waiting = waits % 2 == 0,
          .cpu = std::chrono::seconds(spent.tv_sec) +
                 std::chrono::nanoseconds(spent.tv_nsec)};
}

void ServerLoop::End() {
  end_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), nullptr);
  thread_.join();
}

void ServerLoop::OnArrival(ServedMethod& method) {
  ++calls_;
  if (!ending_) method.Listen(*this);
}

void ServerLoop::OnOver() {
  --calls_;
  ShutDownIfOver();
}

// A call may still have to be finished, which takes a queue.
void ServerLoop::ShutDownIfOver() {
  if (ending_ && calls_ == 0) queue_->Shutdown();
}

void ServerLoop::Ring() {
  if (has_rung_.exchange(true)) return;
  bell_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &bell_);
}

void ServerLoop::Visit() {
  has_rung_ = false;
  visit_();
}

void ServerLoop::Ask(std::function<void()> answer) {
  answer_ = std::move(answer);
  question_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &question_);
}

// Only this thread writes it.
void ServerLoop::CountWait() {
  waits_.store(waits_.load(std::memory_order_relaxed) + 1,
               std::memory_order_relaxed);
}

void ServerLoop::Take(void* tag, bool ok) {
  if (tag == nullptr) {
    ending_ = true;
    ShutDownIfOver();
  } else if (tag == &question_) {
    // The next question may come from inside the answer.
    std::exchange(answer_, nullptr)();
  } else {
    static_cast<CallEvent*>(tag)->Tell(ok);
  }
}

bool ServerLoop::HasNext(void** tag, bool* ok) {
  CountWait();
  const auto next =
      queue_->AsyncNext(tag, ok, gpr_inf_past(GPR_CLOCK_MONOTONIC));
  CountWait();
  return next == grpc::CompletionQueue::GOT_EVENT;
}

void ServerLoop::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
    CountWait();
    int taken = 0;
    bool is_visited = false;
    do {
      if (tag == &bell_) {
        is_visited = true;
      } else {
        Take(tag, ok);
      }
      // A call among many goes to the strand with those that are here already;
      // a lone one does not wait for the look.
    } while (!work_.empty() && calls_ > 1 && ++taken < kMaxBatch &&
             HasNext(&tag, &ok));
    HandOver();
    CountWait();
    if (is_visited) Visit();
  }
}

void ServerLoop::Add(ServedCall* call, void (ServedCall::*work)(),
                     bool is_brief) {
  work_.push_back({call, work});
  work_is_brief_ &= is_brief;
}

void ServerLoop::HandOver() {
  if (work_.empty()) return;
  auto task = [all = std::exchange(work_, {})] {
    for (const Work& work : all) (work.call->*work.what)();
  };
  if (std::exchange(work_is_brief_, true)) {
    strand_.RunOrPost(std::move(task));
  } else {
    strand_.Post(std::move(task));
  }
}

}  // namespace clawplane::server
