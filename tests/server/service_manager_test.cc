// What a service manager hears on its socket.

#include "server/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/io/core_strand.h"
#include "core/model/gateway_status.h"
#include "core/model/text.h"
#include "server/status_words.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"
#include "tests/temp_directory.h"

namespace clawplane::testing {
namespace {

using server::ServiceManager;
using ::testing::ElementsAre;
using ::testing::StartsWith;

// The service manager's end: a datagram socket, and the variables that name it
// to a service.
class NotifySocket {
 public:
  // `watchdog`: its time in microseconds, for a service that has one.
  explicit NotifySocket(const char* watchdog = nullptr)
      : path_(directory_ / "notify") {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address),
                     sizeof address),
              0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    if (watchdog != nullptr) ::setenv("WATCHDOG_USEC", watchdog, 1);
  }
  ~NotifySocket() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC"}) {
      ::unsetenv(name);
    }
    ::close(socket_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The next message; "" if none comes in 20 s.
  std::string Next() {
    pollfd wanted = {socket_, POLLIN, 0};
    if (::poll(&wanted, 1, 20'000) != 1) return {};
    std::array<char, 4096> text;
    const ssize_t size = ::read(socket_, text.data(), text.size());
    return size < 0 ? std::string()
                    : std::string(text.data(), static_cast<size_t>(size));
  }

  // The messages before the next one that is `last`.
  std::vector<std::string> Until(const std::string& last) {
    std::vector<std::string> before;
    for (std::string next = Next(); next != last; next = Next()) {
      if (next.empty()) {
        ADD_FAILURE() << "there was no " << last;
        break;
      }
      before.push_back(next);
    }
    return before;
  }

 private:
  TempDirectory directory_;
  std::string path_;
  const int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

// A part of the server with a thread of its own, that answers at once; how
// often it was asked can be waited for.
class LivingPart {
 public:
  ServiceManager::Question question() {
    return [this](std::function<void()> answer) {
      strand_.Post(std::move(answer));
      const std::lock_guard lock(mutex_);
      ++asked_;
      changed_.notify_all();
    };
  }

  ~LivingPart() {
    keep_running_.reset();
    thread_.join();
  }

  core::CoreStrand& strand() { return strand_; }

  void WaitUntilAsked(int more) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [this, wanted = asked_ + more] { return asked_ >= wanted; });
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      keep_running_{io_.get_executor()};
  core::CoreStrand strand_{io_};
  std::mutex mutex_;
  std::condition_variable changed_;
  int asked_ = 0;
  std::thread thread_{[this] { io_.run(); }};
};

// Short, so that many meals fit into a test.
constexpr char kWatchdog[] = "1000";
constexpr char kFed[] = "WATCHDOG=1\n";

class WatchdogTest : public ::testing::Test {
 protected:
  NotifySocket socket_{kWatchdog};
  LivingPart strand_;
  LivingPart loop_;
  ServiceManager manager_{{strand_.question(), loop_.question()}};
};

TEST_F(WatchdogTest, IsFedAgainAndAgainWhileAllPartsAnswer) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(socket_.Next(), kFed);
}

TEST_F(WatchdogTest, IsNotFedWhileTheStrandHangs) {
  std::promise<void> hung;
  std::promise<void> end_of_hang;
  strand_.strand().Post([&] {
    hung.set_value();
    end_of_hang.get_future().wait();
  });
  hung.get_future().wait();
  // What it answered before may win one meal more.
  loop_.WaitUntilAsked(3);
  manager_.Status("hung");
  socket_.Until("STATUS=hung");

  loop_.WaitUntilAsked(10);
  manager_.Status("still hung");

  EXPECT_THAT(socket_.Until("STATUS=still hung"), ElementsAre());
  end_of_hang.set_value();
  EXPECT_EQ(socket_.Next(), kFed) << "once the strand goes on";
}

TEST_F(WatchdogTest, IsNotFedWhileTheLoopHangs) {
  std::promise<void> hung;
  std::promise<void> end_of_hang;
  loop_.strand().Post([&] {
    hung.set_value();
    end_of_hang.get_future().wait();
  });
  hung.get_future().wait();
  strand_.WaitUntilAsked(3);
  manager_.Status("hung");
  socket_.Until("STATUS=hung");

  strand_.WaitUntilAsked(10);
  manager_.Status("still hung");

  EXPECT_THAT(socket_.Until("STATUS=still hung"), ElementsAre());
  end_of_hang.set_value();
}

TEST_F(WatchdogTest, WinsTimeForAStopWhileAllPartsAnswer) {
  manager_.Stopping();

  socket_.Until("STOPPING=1");
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=1000");
  EXPECT_EQ(socket_.Next(), "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=1000");
}

TEST_F(WatchdogTest, AsksNothingAfterTheEnd) {
  manager_.End();

  // Sends nothing either, and does not hang.
  manager_.Ready();
  manager_.Status("gone");
  manager_.End();
}

TEST(ServiceManager, TellsOfReadinessReloadAndStopInOrder) {
  NotifySocket socket;
  LivingPart part;
  ServiceManager manager({part.question()});

  manager.Ready();
  manager.Reloading();
  manager.Ready();
  manager.Stopping();
  manager.End();

  EXPECT_EQ(socket.Next(), "READY=1");
  EXPECT_THAT(socket.Next(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(socket.Next(), "READY=1");
  EXPECT_EQ(socket.Next(), "STOPPING=1");
}

TEST(ServiceManager, FeedsNoWatchdogThatNobodyAskedFor) {
  NotifySocket socket;
  LivingPart part;
  ServiceManager manager({part.question()});

  manager.Stopping();

  EXPECT_EQ(socket.Next(), "STOPPING=1");
  EXPECT_EQ(socket.Next(), "EXTEND_TIMEOUT_USEC=10000000");
}

TEST(ServiceManager, AsksNobodyWhereThereIsNone) {
  ::unsetenv("NOTIFY_SOCKET");
  ServiceManager manager(
      {[](const std::function<void()>&) { ADD_FAILURE() << "was asked"; }});

  manager.Ready();
  manager.Status("idle");
  manager.Stopping();
  manager.End();
}

TEST(ServiceManager, HearsOfAWholeServerAndItsGateway) {
  NotifySocket socket(kWatchdog);
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ServiceManager manager(served.app().Questions());
  served.app().TellStatus(
      [&](const std::string& words) { manager.Status(words); });
  socket.Until("STATUS=gateway stopped");

  ASSERT_TRUE(Start(served.stub()).ok());

  // The fake is in our own process.
  EXPECT_THAT(
      socket.Until(core::Concat("STATUS=gateway running, pid ", ::getpid())),
      ::testing::Contains(kFed))
      << "both of its parts answered";
  manager.End();
  served.End();
}

TEST(StatusWords, NameTheStateThePhaseTheProcessAndTheReason) {
  core::GatewayStatus status;
  status.state = core::State::kReconnecting;
  status.phase = core::Phase::kBackingOff;
  status.pid = 42;
  status.error = core::Fault{core::Reason::kCrashLoop, "a secret", "mend it"};

  EXPECT_EQ(server::InWords(status),
            "gateway reconnecting: backing off, pid 42 (CRASH_LOOP)");
}

}  // namespace
}  // namespace clawplane::testing
