// A strand that runs, on a thread of its own.

#ifndef CLAWPLANE_TESTS_CORE_IO_RUNNING_STRAND_H_
#define CLAWPLANE_TESTS_CORE_IO_RUNNING_STRAND_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <thread>

#include "core/io/core_strand.h"

namespace clawplane::core {

// Thread-compatible. Ends with itself, or by `End`.
class RunningStrand {
 public:
  RunningStrand() : thread_([this] { io_.run(); }) {}
  ~RunningStrand() { End(); }

  CoreStrand& strand() { return strand_; }

  // Does it on the strand, and waits until it is done.
  void Do(const std::function<void()>& task) {
    std::promise<void> done;
    strand_.Post([&] {
      task();
      strand_.Defer([&done] { done.set_value(); });
    });
    done.get_future().wait();
  }

  void End() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{io_.get_executor()};
  CoreStrand strand_{io_};
  std::thread thread_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_RUNNING_STRAND_H_
