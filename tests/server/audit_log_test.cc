#include "server/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/file_size_limit.h"
#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::clawplane::testing::TempDirectory;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuditLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<AuditLog> Open() {
    absl::StatusOr<std::unique_ptr<AuditLog>> log = AuditLog::Open(config_);
    EXPECT_TRUE(log.ok()) << log.status().message();
    return *std::move(log);
  }
  std::vector<std::string> Lines(const std::string& name = "audit.jsonl") {
    std::ifstream file(directory_ / name);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  // Writes the line, and waits for it.
  static bool WriteNow(AuditLog& log, const std::string& line) {
    std::promise<bool> written;
    log.Write(line, [&written](bool ok) { written.set_value(ok); });
    return written.get_future().get();
  }

  const TempDirectory directory_;
  const std::string path_ = directory_ / "audit.jsonl";
  core::AuditConfig config_{.file = path_};
};

// Holds the writer in its hand until it goes.
class Hold {
 public:
  explicit Hold(AuditLog& log) {
    std::promise<void> held;
    log.Write("held", [&held, released = released_.get_future().share()](bool) {
      held.set_value();
      released.wait();
    });
    held.get_future().wait();
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { Release(); }
  void Release() {
    if (!std::exchange(is_released_, true)) released_.set_value();
  }

 private:
  std::promise<void> released_;
  bool is_released_ = false;
};

TEST_F(AuditLogTest, SaysWhenALineIsInTheFile) {
  const auto log = Open();

  EXPECT_TRUE(WriteNow(*log, "one"));

  EXPECT_THAT(Lines(), ElementsAre("one"));
  EXPECT_EQ(log->failure(), "");
}

TEST_F(AuditLogTest, WritesWhatWaitsBeforeItEnds) {
  {
    const auto log = Open();
    for (int i = 0; i < 1'000; ++i) log->Write(std::to_string(i));
  }

  ASSERT_THAT(Lines(), SizeIs(1'000));
  EXPECT_EQ(Lines().back(), "999");
}

TEST_F(AuditLogTest, KeepsALineOnOneLine) {
  const auto log = Open();
  WriteNow(*log, "one\ntwo");

  EXPECT_THAT(Lines(), ElementsAre("one two"));
}

TEST_F(AuditLogTest, KeepsTheOrderOfEachOfManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10'000;
  auto log = Open();
  std::atomic<int> told = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&log, &told, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string line = std::to_string(t) + " " + std::to_string(i);
        // Now and then waits, so that there are never too many.
        if (i % 1'000 == 999) {
          told += WriteNow(*log, line);
        } else {
          log->Write(line, [&told](bool ok) { told += ok; });
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  log.reset();

  EXPECT_EQ(told, kThreads * kEach);
  std::array<int, kThreads> next{};
  for (const std::string& line : Lines()) {
    const size_t thread = static_cast<size_t>(line.at(0) - '0');
    ASSERT_LT(thread, next.size()) << line;
    ASSERT_EQ(line.substr(2), std::to_string(next[thread])) << line;
    ++next[thread];
  }
  EXPECT_THAT(next, Each(kEach));
}

TEST_F(AuditLogTest, KeepsEveryLineWholeInTheFilesThatItPutsAside) {
  config_.max_bytes = 65'536;
  config_.max_files = 4;
  auto log = Open();
  const std::string rest(90, 'x');
  constexpr int kLines = 6'000;
  for (int i = 0; i < kLines; i += 1'000) {
    for (int j = i; j < i + 999; ++j) log->Write(std::to_string(j) + rest);
    ASSERT_TRUE(WriteNow(*log, std::to_string(i + 999) + rest));
  }
  log.reset();

  // From the last one back, without a gap, as far as files are kept.
  int next = kLines;
  for (const char* name :
       {"audit.jsonl", "audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3"}) {
    std::vector<std::string> lines = Lines(name);
    ASSERT_THAT(lines, ::testing::Not(IsEmpty())) << name;
    EXPECT_LE(std::filesystem::file_size(directory_ / name), 65'536u);
    std::reverse(lines.begin(), lines.end());
    for (const std::string& line : lines) {
      ASSERT_EQ(line, std::to_string(--next) + rest) << name;
    }
  }
  EXPECT_GT(next, 3'000);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "audit.jsonl.4"));
}

TEST_F(AuditLogTest, TurnsAwayWhatIsTooMuchAndCountsIt) {
  auto log = Open();
  Hold hold(*log);
  std::atomic<size_t> written = 0;
  std::vector<bool> turned_away;

  for (size_t i = 0; i < AuditLog::kMaxLines; ++i) {
    log->Write("line", [&](bool ok) { written += ok; });
  }
  for (int i = 0; i < 3; ++i) {
    log->Write("too many", [&](bool ok) { turned_away.push_back(!ok); });
  }

  EXPECT_THAT(turned_away, ElementsAre(true, true, true));
  EXPECT_THAT(log->failure(), HasSubstr("does not keep up: 4096 lines of"));
  hold.Release();
  while (!WriteNow(*log, "next")) {
  }
  log->Write("last");
  log.reset();
  EXPECT_EQ(written, AuditLog::kMaxLines);
  const std::vector<std::string> lines = Lines();
  EXPECT_EQ(lines.at(AuditLog::kMaxLines), "line");
  EXPECT_THAT(lines.at(AuditLog::kMaxLines + 1), HasSubstr("{\"lost\":"));
  EXPECT_EQ(lines.at(lines.size() - 2), "next");
  EXPECT_EQ(lines.back(), "last");
  EXPECT_THAT(lines, ::testing::Not(::testing::Contains("too many")));
}

TEST_F(AuditLogTest, TurnsAwayTooManyBytes) {
  auto log = Open();
  {
    const Hold hold(*log);
    bool told = false;

    log->Write(std::string(AuditLog::kMaxBytes - 10, 'x'));
    log->Write("too many bytes", [&](bool ok) { told = !ok; });
    log->Write("fits");

    EXPECT_TRUE(told);
  }
  log.reset();
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[2], "{\"lost\":1}");
  EXPECT_THAT(lines[3], "fits");
}

TEST_F(AuditLogTest, CountsAtItsEndWhatNoLineCameAfter) {
  auto log = Open();
  {
    const Hold hold(*log);
    for (size_t i = 0; i < AuditLog::kMaxLines + 7; ++i) log->Write("line");
  }
  log.reset();

  EXPECT_EQ(Lines().back(), "{\"lost\":7}");
}

TEST_F(AuditLogTest, TellsWhyALineCannotBeWritten) {
  config_.file = "/dev/full";
  const auto log = Open();

  EXPECT_FALSE(WriteNow(*log, "one"));

  EXPECT_EQ(log->failure(),
            "the audit log /dev/full cannot be written: No space left on "
            "device");
}

TEST_F(AuditLogTest, WritesWhatFitsAndCountsWhatDoesNot) {
  auto log = Open();
  std::array<bool, 4> ok{};
  {
    const testing::FileSizeLimit limit(15);
    Hold hold(*log);
    log->Write("one", [&](bool written) { ok[0] = written; });
    log->Write("too long by far", [&](bool written) { ok[1] = written; });
    log->Write("also too long", [&](bool written) { ok[2] = written; });
    hold.Release();
    EXPECT_FALSE(WriteNow(*log, "too long as well"));
    EXPECT_THAT(log->failure(), HasSubstr("File too large"));
  }
  EXPECT_THAT(Lines(), ElementsAre("held", "one"));

  EXPECT_TRUE(WriteNow(*log, "two"));

  EXPECT_THAT(ok, ElementsAre(true, false, false, false));
  EXPECT_THAT(Lines(), ElementsAre("held", "one", "{\"lost\":3}", "two"));
  EXPECT_EQ(log->failure(), "");
}

TEST_F(AuditLogTest, GoesOnInANewFileAfterTheOldOneWasMoved) {
  const auto log = Open();
  WriteNow(*log, "one");
  std::filesystem::rename(path_, directory_ / "moved");

  WriteNow(*log, "two");
  log->Reopen();
  WriteNow(*log, "three");

  EXPECT_THAT(Lines("moved"), ElementsAre("one", "two"));
  EXPECT_THAT(Lines(), ElementsAre("three"));
}

TEST_F(AuditLogTest, DoesNotBeginWithAFileThatItCannotHave) {
  config_.file = directory_ / "gone/audit.jsonl";

  EXPECT_THAT(std::string(AuditLog::Open(config_).status().message()),
              HasSubstr("/gone does not exist"));
}

TEST_F(AuditLogTest, TakesEverythingWithoutAFileIfThereIsToBeNone) {
  config_.file = "none";
  const auto log = Open();
  bool told = false;

  log->Write("one", [&](bool ok) { told = ok; });
  log->Reopen();

  EXPECT_TRUE(told);
  EXPECT_EQ(log->failure(), "");
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

// A process that writes numbered lines without end, and says through a pipe
// which of them it was told are written. Is killed when it is told of `last`.
[[noreturn]] void WriteForEver(const core::AuditConfig& config, uint32_t last,
                               int pipe) {
  auto log = AuditLog::Open(config);
  if (!log.ok()) ::_exit(1);
  for (uint32_t i = 0;; ++i) {
    (*log)->Write(std::to_string(i) + std::string(200, 'x'),
                  [pipe, i, last](bool ok) {
                    if (ok && ::write(pipe, &i, sizeof i) != sizeof i)
                      ::_exit(1);
                    if (ok && i >= last) ::kill(::getpid(), SIGKILL);
                  });
  }
}

class KilledAuditLogTest : public AuditLogTest {
 protected:
  // Lets such a process write until it is killed: when it is told of `last`, or
  // from outside when it was told of `enough` lines. Then looks at its file.
  void WriteAndDie(uint32_t last, size_t enough) {
    config_.max_bytes = 64 * 1024 * 1024;
    std::array<int, 2> ends;
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) WriteForEver(config_, last, ends[1]);
    ::close(ends[1]);
    std::vector<uint32_t> told;
    uint32_t number = 0;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
      told.push_back(number);
      if (told.size() == enough) ::kill(pid, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_GT(told.size(), 1'000u);

    ASSERT_TRUE(WriteNow(*Open(), "the next life"));

    const std::vector<std::string> lines = Lines();
    EXPECT_EQ(lines.back(), "the next life");
    const std::set<std::string> written(lines.begin(), lines.end());
    for (const uint32_t i : told) {
      ASSERT_TRUE(written.contains(std::to_string(i) + std::string(200, 'x')))
          << i;
    }
  }
};

TEST_F(KilledAuditLogTest, HasEveryLineOfWhichItWasToldAtTheMoment) {
  WriteAndDie(10'000, SIZE_MAX);
}

TEST_F(KilledAuditLogTest, HasEveryLineOfWhichItWasToldAtAnyMoment) {
  WriteAndDie(UINT32_MAX, 20'000);
}

}  // namespace
}  // namespace clawplane::server
