// The one sequence on which all mutable state of the core lives.

#ifndef CLAWPLANE_CORE_IO_CORE_STRAND_H_
#define CLAWPLANE_CORE_IO_CORE_STRAND_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <cassert>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace clawplane::core {

// A strand that the compiler knows.
//
// To Clang it is a lock that is only ever asserted, never taken: a member
// declared `ABSL_GUARDED_BY(strand_)` can be used only in a function that has
// called `strand_.AssertHeld()`, or that demands
// `ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_)` of its callers. A lambda is a
// function of its own: it begins with `AssertHeld()` too.
//
// Thread-safe. Must outlive all that was posted to it.
class ABSL_LOCKABLE CoreStrand {
 public:
  using Executor = boost::asio::strand<boost::asio::io_context::executor_type>;

  explicit CoreStrand(boost::asio::io_context& io)
      : executor_(boost::asio::make_strand(io)) {}
  CoreStrand(const CoreStrand&) = delete;
  CoreStrand& operator=(const CoreStrand&) = delete;

  // Runs `task` on the strand, later, in the order posted.
  template <typename Task>
  void Post(Task&& task) {
    boost::asio::post(executor_, std::forward<Task>(task));
  }

  // Says, and in builds with assertions checks, that the caller is on it.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() {
    assert(executor_.running_in_this_thread());
  }

  // For Asio objects whose handlers are to run on the strand.
  const Executor& executor() const { return executor_; }

 private:
  Executor executor_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_CORE_STRAND_H_
