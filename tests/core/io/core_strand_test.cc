// The strand: one task at a time, whoever runs it.

#include "core/io/core_strand.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace clawplane::core {
namespace {

class CoreStrandTest : public ::testing::Test {
 protected:
  ~CoreStrandTest() override { Join(); }

  // Ends the io thread once all that was posted has run.
  void Join() {
    keep_running_.reset();
    if (io_thread_.joinable()) io_thread_.join();
  }

  // Keeps the strand busy until `release_` is set.
  void Occupy() {
    std::promise<void> occupied;
    strand_.Post([&] {
      occupied.set_value();
      release_.get_future().wait();
    });
    occupied.get_future().wait();
  }

  boost::asio::io_context io_{1};
  CoreStrand strand_{io_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      keep_running_{io_.get_executor()};
  std::thread io_thread_{[this] { io_.run(); }};
  std::promise<void> release_;
};

TEST_F(CoreStrandTest, RunsWhatIsPostedOnTheIoThreadInOrder) {
  std::vector<int> order;
  std::thread::id runner;
  for (int i = 0; i < 3; ++i) {
    strand_.Post([&, i] {
      strand_.AssertHeld();
      order.push_back(i);
      runner = std::this_thread::get_id();
    });
  }
  const auto io_thread = io_thread_.get_id();
  Join();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(runner, io_thread);
}

TEST_F(CoreStrandTest, BorrowsTheCallersThreadWhileItIsFree) {
  std::thread::id runner;
  strand_.RunOrPost([&] {
    EXPECT_TRUE(strand_.IsHeld());
    runner = std::this_thread::get_id();
  });
  EXPECT_EQ(runner, std::this_thread::get_id());
  EXPECT_FALSE(strand_.IsHeld());
}

TEST_F(CoreStrandTest, NeverMakesTheCallerWaitForATask) {
  Occupy();
  std::thread::id runner;
  strand_.RunOrPost([&] { runner = std::this_thread::get_id(); });
  EXPECT_EQ(runner, std::thread::id()) << "it ran beside another task";
  release_.set_value();
  const auto io_thread = io_thread_.get_id();
  Join();
  EXPECT_EQ(runner, io_thread);
}

TEST_F(CoreStrandTest, LetsNothingOvertakeWhatWasPosted) {
  // The io thread is busy with something else, and the strand is free.
  boost::asio::post(io_, [this] { release_.get_future().wait(); });
  std::string order;
  strand_.Post([&] { order += "posted "; });
  strand_.RunOrPost([&] { order += "lent"; });
  EXPECT_EQ(order, "");
  release_.set_value();
  Join();
  EXPECT_EQ(order, "posted lent");
}

TEST_F(CoreStrandTest, RunsWhatIsDeferredAtTheEndOfTheTaskThere) {
  std::string order;
  std::thread::id runner;
  strand_.RunOrPost([&] {
    strand_.AssertHeld();
    strand_.Post([&] { order += " posted"; });
    strand_.Defer([&] {
      order += " deferred";
      runner = std::this_thread::get_id();
      strand_.Defer([&] { order += " twice"; });
    });
    order += "task";
  });
  EXPECT_EQ(runner, std::this_thread::get_id());
  Join();
  EXPECT_EQ(order, "task deferred twice posted");
}

TEST_F(CoreStrandTest, DestroysATaskBeforeItLetsGo) {
  bool destroyed_on_strand = false;
  const auto notice = [&](void*) { destroyed_on_strand = strand_.IsHeld(); };
  strand_.Post([owned = std::shared_ptr<void>(nullptr, notice)] {});
  Join();
  EXPECT_TRUE(destroyed_on_strand);
}

// The counter is no atomic: two tasks at once would lose counts, and are seen
// by TSan.
TEST_F(CoreStrandTest, RunsOneTaskAtATimeForManyThreads) {
  constexpr int kThreads = 3;
  constexpr int kTasks = 3000;
  int counted = 0;
  boost::asio::steady_timer::rebind_executor<CoreStrand::Executor>::other timer(
      strand_.executor());
  int rung = 0;
  std::function<void(boost::system::error_code)> ring = [&](auto) {
    ++counted;
    if (++rung == kTasks) return;
    timer.expires_after(std::chrono::steady_clock::duration());
    timer.async_wait(ring);
  };
  strand_.Post([&] { ring({}); });
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < kTasks; ++k) {
        i == 0 ? strand_.Post([&] { ++counted; })
               : strand_.RunOrPost([&] { ++counted; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Join();
  EXPECT_EQ(counted, (kThreads + 1) * kTasks);
}

}  // namespace
}  // namespace clawplane::core
