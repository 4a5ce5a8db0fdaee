// The one sequence on which all mutable state of the core lives.

#ifndef CLAWPLANE_CORE_IO_CORE_STRAND_H_
#define CLAWPLANE_CORE_IO_CORE_STRAND_H_

#include <atomic>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"

namespace clawplane::core {

// Runs tasks one at a time. Nearly all of them run on the io thread; another
// thread may lend itself for a short one that the io thread would first have to
// be woken for (`RunOrPost`).
//
// To Clang it is a lock that is only ever asserted, never taken: a member
// declared `ABSL_GUARDED_BY(strand_)` can be used only in a function that has
// called `strand_.AssertHeld()`, or that demands
// `ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_)` of its callers. A lambda is a
// function of its own: it begins with `AssertHeld()` too.
//
// Thread-safe. One thread runs the `io_context`. Must outlive all that was
// posted to it.
class ABSL_LOCKABLE CoreStrand {
 public:
  class Executor;

  explicit CoreStrand(boost::asio::io_context& io) : io_(io) {}
  CoreStrand(const CoreStrand&) = delete;
  CoreStrand& operator=(const CoreStrand&) = delete;

  // Runs `task` on the io thread, later, in the order posted.
  template <typename Task>
  void Post(Task&& task) {
    ++posted_;
    boost::asio::post(io_, [this, task = std::forward<Task>(task)]() mutable {
      --posted_;
      Run(std::move(task));
    });
  }

  // Runs `task` here and now if no other task is running and none that was
  // posted waits, else later, as `Post` does. May not be called on the strand.
  template <typename Task>
  void RunOrPost(Task&& task) {
    if (posted_ == 0 && mutex_.try_lock()) {
      RunLocked(std::forward<Task>(task));
    } else {
      Post(std::forward<Task>(task));
    }
  }

  // Runs `task` when the task that is running ends, before any other. On the
  // strand.
  void Defer(std::function<void()> task) {
    AssertHeld();
    deferred_.push_back(std::move(task));
  }

  // Says, and in builds with assertions checks, that the caller is on it.
  void AssertHeld() const ABSL_ASSERT_EXCLUSIVE_LOCK() { assert(IsHeld()); }

  // Whether the caller is on it.
  bool IsHeld() const { return holder_ == std::this_thread::get_id(); }

  // Whether the io thread will run nothing any more.
  bool stopped() const { return io_.stopped(); }

  // For Asio objects whose handlers are to run on the strand.
  inline Executor executor();

 private:
  template <typename Task>
  void Run(Task&& task) {
    mutex_.lock();
    RunLocked(std::forward<Task>(task));
  }

  // What the task holds goes before the lock does.
  template <typename Task>
  void RunLocked(Task&& given) {
    holder_ = std::this_thread::get_id();
    {
      auto task = std::forward<Task>(given);
      task();
    }
    for (size_t i = 0; i < deferred_.size(); ++i) {
      const auto task = std::move(deferred_[i]);
      task();
    }
    deferred_.clear();
    holder_ = std::thread::id();
    mutex_.unlock();
  }

  boost::asio::io_context& io_;
  std::mutex mutex_;
  std::atomic<std::thread::id> holder_;
  // Tasks posted and not yet begun.
  std::atomic<size_t> posted_ = 0;
  std::vector<std::function<void()>> deferred_;
};

// What Asio asks of an executor.
//
// Thread-safe. The strand must outlive it.
class CoreStrand::Executor {
 public:
  explicit Executor(CoreStrand& strand) : Executor(&strand, false) {}

  boost::asio::io_context& query(
      boost::asio::execution::context_t) const noexcept {
    return strand_->io_;
  }

  // One that always posts, and one that need not.
  Executor require(boost::asio::execution::blocking_t::never_t) const noexcept {
    return Executor(strand_, /*posts=*/true);
  }
  Executor require(
      boost::asio::execution::blocking_t::possibly_t) const noexcept {
    return Executor(strand_, /*posts=*/false);
  }

  // Runs the handler at once where a completed operation calls for it, which is
  // on the io thread and between two tasks.
  template <typename Handler>
  void execute(Handler&& handler) const {
    if (!posts_ && strand_->io_.get_executor().running_in_this_thread() &&
        !strand_->IsHeld()) {
      strand_->Run(std::forward<Handler>(handler));
    } else {
      strand_->Post(std::forward<Handler>(handler));
    }
  }

  friend bool operator==(const Executor& a, const Executor& b) noexcept {
    return a.strand_ == b.strand_ && a.posts_ == b.posts_;
  }
  friend bool operator!=(const Executor& a, const Executor& b) noexcept {
    return !(a == b);
  }

 private:
  Executor(CoreStrand* strand, bool posts) noexcept
      : strand_(strand), posts_(posts) {}

  CoreStrand* strand_;
  bool posts_;
};

inline CoreStrand::Executor CoreStrand::executor() { return Executor(*this); }

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_CORE_STRAND_H_
