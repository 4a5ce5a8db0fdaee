// What is left of the event log of a process that was killed at any moment.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include "core/io/event_database.h"
#include "core/io/unique_fd.h"
#include "core/model/text.h"
#include "tests/temp_directory.h"

namespace clawplane::core {
namespace {

using std::chrono::microseconds;
using testing::TempDirectory;

// CLAWPLANE_TEST_KILLS, CLAWPLANE_TEST_SEED
uint32_t Variable(const char* name, uint32_t fallback) {
  const char* const text = std::getenv(name);
  return text == nullptr
             ? fallback
             : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

// Runs the writer for a while, and gives all that it said.
std::string RunWriter(const std::vector<std::string>& arguments,
                      microseconds life, int signal) {
  auto pipe = MakePipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(pipe->write.get(), STDOUT_FILENO);
    ::execl(EVENT_WRITER, EVENT_WRITER, arguments[0].c_str(),
            arguments[1].c_str(), arguments[2].c_str(), nullptr);
    ::_exit(127);
  }
  pipe->write.Reset();
  // It is killed while it is read, for it writes no faster than that.
  std::thread killer([=] {
    std::this_thread::sleep_for(life);
    ::kill(pid, signal);
  });
  std::string said;
  char buffer[65'536];
  ssize_t size = 0;
  while ((size = ::read(pipe->read.get(), buffer, sizeof buffer)) > 0) {
    said.append(buffer, static_cast<size_t>(size));
  }
  killer.join();
  ::waitpid(pid, nullptr, 0);
  return said;
}

class EventCrashTest : public ::testing::Test {
 protected:
  using Number = std::pair<std::string, uint64_t>;

  // Takes note of what one life said; what it said last may be cut.
  void Note(const std::string& said) {
    std::istringstream lines(said);
    std::string epoch;
    DurableRange durable;
    for (std::string line; std::getline(lines, line) && !lines.eof();) {
      std::istringstream words(line);
      std::string what;
      words >> what;
      if (what == "begin") {
        uint64_t last = 0;
        words >> epoch >> last;
        ++epochs_[epoch];
      } else if (what == "told") {
        uint64_t sequence = 0;
        std::string content;
        words >> sequence >> content;
        // Each number once, whatever became of the processes.
        ASSERT_TRUE(told_.emplace(Number(epoch, sequence), content).second)
            << epoch << ":" << sequence << " was told twice";
      } else if (what == "durable") {
        words >> durable.first >> durable.last;
        durable_[epoch] = durable;
      } else {
        ASSERT_EQ(what, "ended") << line;
      }
    }
  }

  // What has come to the disk since it was last checked, or all of it: told as
  // it stands there, whole in each epoch, and not less than was promised.
  void Check(bool all = false) {
    EventLogConfig config;
    config.directory = place_.path();
    auto database = EventDatabase::Open(config);
    ASSERT_TRUE(database.ok()) << database.status().message();
    if (all) {
      checked_ = {};
      last_.clear();
    }
    EventPosition& at = checked_;
    std::map<std::string, uint64_t>& last = last_;
    while (true) {
      const auto page =
          (*database)->Read(at, EventFilter({}, {std::string("*")}));
      ASSERT_TRUE(page.ok()) << page.status().message();
      if (page->end == at) break;
      for (const Event& event : page->events) {
        const Number number(page->end.epoch, event.sequence);
        ASSERT_EQ(event.sequence, ++last[number.first]) << "a hole";
        const auto told = told_.find(number);
        // What it was about to tell when it was killed.
        if (told != told_.end()) {
          ASSERT_EQ(event.what.name, told->second);
        }
      }
      at = page->end;
    }
    for (const auto& [epoch, durable] : durable_) {
      ASSERT_EQ(durable.first, 1u);
      ASSERT_GE(last[epoch], durable.last) << epoch << " lost what was durable";
      promised_ = std::max(promised_, durable.last);
    }
    events_ = 0;
    for (const auto& [epoch, number] : last) events_ += number;
  }

  const TempDirectory place_;
  std::map<std::string, int> epochs_;
  std::map<Number, std::string> told_;
  std::map<std::string, DurableRange> durable_;
  // How far the disk was checked, and the last number of each epoch there.
  EventPosition checked_;
  std::map<std::string, uint64_t> last_;
  uint64_t promised_ = 0;
  uint64_t events_ = 0;
};

TEST_F(EventCrashTest, HoldsAllThatWasDurableAndNoNumberTwice) {
  const uint32_t kills = Variable("CLAWPLANE_TEST_KILLS", 20);
  const uint32_t seed = Variable("CLAWPLANE_TEST_SEED", std::random_device()());
  std::printf("%u kills, CLAWPLANE_TEST_SEED=%u\n", kills, seed);
  std::mt19937 random(seed);
  uint32_t killed = 0;
  for (int life = 0; killed < kills; ++life) {
    // Between two kills some end in order, and the next goes on with the epoch.
    const bool kill = random() % 4 != 0;
    killed += kill ? 1 : 0;
    const std::string said = RunWriter(
        {place_.path(), Concat("epoch", life), std::to_string(random())},
        microseconds(random() % 150'000), kill ? SIGKILL : SIGTERM);
    ASSERT_NO_FATAL_FAILURE(Note(said)) << "life " << life;
    ASSERT_NO_FATAL_FAILURE(Check()) << "life " << life;
  }
  ASSERT_NO_FATAL_FAILURE(Check(/*all=*/true));
  std::printf("%zu epochs, %zu events told, %llu on disk\n", epochs_.size(),
              told_.size(), static_cast<unsigned long long>(events_));
  EXPECT_GT(promised_, 0u);
}

}  // namespace
}  // namespace clawplane::core
