#include "server/audit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/server/file_size_limit.h"
#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::clawplane::testing::TempDirectory;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class AuditFileTest : public ::testing::Test {
 protected:
  AuditFile Open() {
    absl::StatusOr<AuditFile> file = AuditFile::Open(config_);
    EXPECT_TRUE(file.ok()) << file.status().message();
    return *std::move(file);
  }
  std::string Refusal() {
    return std::string(AuditFile::Open(config_).status().message());
  }
  std::vector<std::string> Files() {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string Text(const std::string& name) {
    std::ifstream file(directory_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const TempDirectory directory_;
  const std::string path_ = directory_ / "audit.jsonl";
  core::AuditConfig config_{.file = path_, .max_bytes = 20, .max_files = 3};
};

TEST_F(AuditFileTest, IsForItsOwnerAlone) {
  const AuditFile file = Open();

  struct stat stat;
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
}

TEST_F(AuditFileTest, AppendsToWhatIsThere) {
  directory_.Write("audit.jsonl", "one\n");
  AuditFile file = Open();

  EXPECT_EQ(file.Append("two\nthree\n"), 10u);

  EXPECT_EQ(Text("audit.jsonl"), "one\ntwo\nthree\n");
  EXPECT_EQ(file.failure(), "");
  EXPECT_EQ(file.room(), 6u);
}

TEST_F(AuditFileTest, EndsHalfALineOfAnEarlierTime) {
  directory_.Write("audit.jsonl", "one\nhal");
  AuditFile file = Open();

  EXPECT_EQ(file.Append("two\n"), 4u);

  EXPECT_EQ(Text("audit.jsonl"), "one\nhal\ntwo\n");
}

TEST_F(AuditFileTest, IsPutAsideBeforeALineThatDoesNotFit) {
  AuditFile file = Open();

  for (const char* line : {"one......\n", "two......\n", "three\n"}) {
    EXPECT_EQ(file.Append(line), std::string(line).size());
  }

  EXPECT_THAT(Files(), ElementsAre("audit.jsonl", "audit.jsonl.1"));
  EXPECT_EQ(Text("audit.jsonl.1"), "one......\ntwo......\n");
  EXPECT_EQ(Text("audit.jsonl"), "three\n");
}

TEST_F(AuditFileTest, DropsTheOldest) {
  AuditFile file = Open();

  for (char c = 'a'; c <= 'f'; ++c) {
    file.Append(std::string(15, c) + "\n");
  }

  EXPECT_THAT(Files(),
              ElementsAre("audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"));
  EXPECT_EQ(Text("audit.jsonl.2"), std::string(15, 'd') + "\n");
  EXPECT_EQ(Text("audit.jsonl.1"), std::string(15, 'e') + "\n");
  EXPECT_EQ(Text("audit.jsonl"), std::string(15, 'f') + "\n");
}

TEST_F(AuditFileTest, IsBegunAnewWhereOnlyOneMayBe) {
  config_.max_files = 1;
  AuditFile file = Open();

  file.Append("one............\n");
  file.Append("two............\n");

  EXPECT_THAT(Files(), ElementsAre("audit.jsonl"));
  EXPECT_EQ(Text("audit.jsonl"), "two............\n");
}

TEST_F(AuditFileTest, TakesALineWholeThatIsLargerThanItself) {
  AuditFile file = Open();
  const std::string large = std::string(100, 'x') + "\n";

  EXPECT_EQ(file.Append("one\n"), 4u);
  EXPECT_EQ(file.Append(large), large.size());
  EXPECT_EQ(file.Append("two\n"), 4u);

  EXPECT_EQ(Text("audit.jsonl.2"), "one\n");
  EXPECT_EQ(Text("audit.jsonl.1"), large);
  EXPECT_EQ(Text("audit.jsonl"), "two\n");
}

TEST_F(AuditFileTest, GrowsOnWhereItCannotBePutAside) {
  // A folder is no name for a file.
  ASSERT_EQ(::mkdir((path_ + ".1").c_str(), 0700), 0);
  directory_.Write("audit.jsonl.1/in_use", "");
  config_.max_files = 2;
  AuditFile file = Open();

  EXPECT_EQ(file.Append("one............\n"), 16u);
  EXPECT_EQ(file.Append("two............\n"), 16u);

  EXPECT_EQ(Text("audit.jsonl"), "one............\ntwo............\n");
  EXPECT_EQ(file.failure(),
            "the audit log " + path_ + " cannot be put aside: Is a directory");
}

TEST_F(AuditFileTest, GoesOnUnderItsNameOnceItWasMovedAndOpenedAgain) {
  AuditFile file = Open();
  file.Append("one\n");
  std::filesystem::rename(path_, directory_ / "moved");

  file.Append("two\n");
  file.Reopen();
  file.Append("three\n");

  EXPECT_EQ(file.failure(), "");
  EXPECT_EQ(Text("moved"), "one\ntwo\n");
  EXPECT_EQ(Text("audit.jsonl"), "three\n");
}

TEST_F(AuditFileTest, CanBeOpenedAgainWhereItIs) {
  AuditFile file = Open();
  file.Append("one\n");

  file.Reopen();
  file.Append("two\n");

  EXPECT_EQ(file.failure(), "");
  EXPECT_EQ(Text("audit.jsonl"), "one\ntwo\n");
}

TEST_F(AuditFileTest, StaysWithWhatIsOpenIfItCannotBeOpenedAgain) {
  AuditFile file = Open();
  std::filesystem::rename(path_, directory_ / "moved");
  ASSERT_EQ(::symlink("/dev/null", path_.c_str()), 0);

  file.Reopen();
  EXPECT_THAT(file.failure(), HasSubstr("symbolic link"));
  EXPECT_EQ(file.Append("one\n"), 4u);

  EXPECT_EQ(Text("moved"), "one\n");
}

TEST_F(AuditFileTest, IsMadeAnewWhereItWasDeleted) {
  AuditFile file = Open();
  std::filesystem::remove(path_);

  EXPECT_EQ(file.Append("one\n"), 4u);

  EXPECT_EQ(Text("audit.jsonl"), "one\n");
}

TEST_F(AuditFileTest, HasRoomAgainWhereItWasCut) {
  AuditFile file = Open();
  file.Append("one............\n");
  std::filesystem::resize_file(path_, 0);

  file.Append("two............\n");

  EXPECT_THAT(Files(), ElementsAre("audit.jsonl"));
  EXPECT_EQ(Text("audit.jsonl"), "two............\n");
}

TEST_F(AuditFileTest, NamesAMissingFolder) {
  config_.file = directory_ / "gone/audit.jsonl";

  EXPECT_EQ(Refusal(), "the audit log " + config_.file +
                           " cannot be opened: the folder " +
                           directory_.path() +
                           "/gone does not exist; make it, or set audit.file "
                           "to a file in another one, or to none");
}

TEST_F(AuditFileTest, FollowsNoLink) {
  const std::string victim = directory_.Write("victim", "precious");
  ASSERT_EQ(::symlink(victim.c_str(), path_.c_str()), 0);

  EXPECT_THAT(Refusal(), HasSubstr("it is a symbolic link"));
  EXPECT_EQ(Text("victim"), "precious");
}

TEST_F(AuditFileTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(Refusal(), HasSubstr("no regular file"));
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_THAT(Refusal(), HasSubstr("Is a directory"));
  config_.file = "";
  EXPECT_THAT(Refusal(), HasSubstr("has no name"));
}

TEST_F(AuditFileTest, IsOfOneAlone) {
  const AuditFile first = Open();

  EXPECT_THAT(Refusal(), HasSubstr("another process has it"));
}

TEST_F(AuditFileTest, TellsThatADeviceIsFull) {
  config_.file = "/dev/full";
  AuditFile file = Open();

  EXPECT_EQ(file.Append("one\n"), 0u);

  EXPECT_EQ(file.failure(),
            "the audit log /dev/full cannot be written: No space left on "
            "device");
}

TEST_F(AuditFileTest, KeepsTheWholeLinesOfAWriteThatBreaksOff) {
  config_.max_bytes = 1'000;
  AuditFile file = Open();
  size_t taken = 0;
  std::string failure;
  {
    testing::FileSizeLimit::IgnoreSignal();
    const testing::FileSizeLimit limit(10);
    taken = file.Append("one\ntwo\nthree\n");
    failure = file.failure();
  }
  EXPECT_EQ(taken, 8u);
  EXPECT_THAT(failure, HasSubstr("cannot be written: File too large"));
  EXPECT_EQ(Text("audit.jsonl"), "one\ntwo\n");

  EXPECT_EQ(file.Append("four\n"), 5u);
  EXPECT_EQ(file.failure(), "");
  EXPECT_EQ(Text("audit.jsonl"), "one\ntwo\nfour\n");
}

TEST_F(AuditFileTest, HasOnlyWholeLinesOnAFullDisk) {
  if (::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=8k") != 0) {
    GTEST_SKIP() << "may not mount a small disk";
  }
  config_.max_bytes = 1'000'000;
  std::string text, failure, after;
  size_t taken = 0;
  const std::string line = std::string(699, 'x') + "\n";
  {
    AuditFile file = Open();
    for (int i = 0; i < 20; ++i) taken += file.Append(line);
    failure = file.failure();
    text = Text("audit.jsonl");
    std::filesystem::resize_file(path_, 700);
    taken += file.Append("two\n");
    after = Text("audit.jsonl");
  }
  ::umount(directory_.path().c_str());

  EXPECT_THAT(failure, HasSubstr("No space left on device"));
  EXPECT_EQ(text.size(), 11u * 700);
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(taken, text.size() + 4);
  EXPECT_EQ(after, line + "two\n");
}

}  // namespace
}  // namespace clawplane::server
