#include "core/io/state_lock_holder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/io/process_table.h"
#include "core/model/text.h"
#include "tests/temp_directory.h"

namespace clawplane::core {
namespace {

class StateLockHolderTest : public ::testing::Test {
 protected:
  StateLockHolderTest() { std::filesystem::create_directories(folder_); }

  std::optional<StateLockHolder> HolderAfter(const std::string& text) const {
    std::ofstream(folder_ + "/gateway.state.lock") << text;
    return FindStateLockHolder(home_.path());
  }

  const clawplane::testing::TempDirectory home_;
  const std::string folder_ = home_ / ".openclaw/tmp/openclaw-1000";
  const uint64_t start_ = ReadProcessRow(::getpid())->start_ticks;
};

TEST_F(StateLockHolderTest, IsTheProcessThatTheLockNames) {
  const auto holder = HolderAfter(Concat(
      "{\"pid\":", ::getpid(), ",\"port\":4321,\"startTime\":", start_, "}"));

  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, ::getpid());
  EXPECT_EQ(holder->port, 4321);
  EXPECT_EQ(holder->command, "core_io_manager_test");
  EXPECT_EQ(holder->description,
            Concat("process ", ::getpid(),
                   " (core_io_manager_test) holds the state lock of ",
                   home_ / ".openclaw"));
}

TEST_F(StateLockHolderTest, NeedsNoPortAndNoStart) {
  const auto holder = HolderAfter(Concat("{\"pid\":", ::getpid(), "}"));

  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->port, 0);
}

TEST_F(StateLockHolderTest, IsNobodyIfTheNumberIsAnothersNow) {
  EXPECT_FALSE(HolderAfter(
      Concat("{\"pid\":", ::getpid(), ",\"startTime\":", start_ + 1, "}")));
}

TEST_F(StateLockHolderTest, IsNobodyIfTheProcessIsGone) {
  // No system has so many.
  EXPECT_FALSE(HolderAfter("{\"pid\":2000000000}"));
}

TEST_F(StateLockHolderTest, IsNobodyWithoutALock) {
  EXPECT_FALSE(FindStateLockHolder(home_.path()));
  EXPECT_FALSE(FindStateLockHolder("/no/such/home"));
  EXPECT_FALSE(HolderAfter("no lock"));
}

TEST_F(StateLockHolderTest, IsNotLookedForInWhatIsNoFile) {
  ASSERT_EQ(::mkfifo((folder_ + "/gateway.state.lock").c_str(), 0600), 0);

  EXPECT_FALSE(FindStateLockHolder(home_.path()));
}

}  // namespace
}  // namespace clawplane::core
