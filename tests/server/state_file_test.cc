#include "server/state_file.h"

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
using core::StateRecord;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateFileTest : public ::testing::Test {
 protected:
  // What `Read` says of a file that it does not take.
  std::string Problem() {
    const StoredState stored = ReadStateFile(path_);
    const auto* status = std::get_if<absl::Status>(&stored);
    return status == nullptr ? "" : std::string(status->message());
  }
  bool NothingStored() {
    return std::holds_alternative<std::monostate>(ReadStateFile(path_));
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
  const std::string path_ = directory_ / "state.json";
};

TEST_F(StateFileTest, HasNothingAtFirst) { EXPECT_TRUE(NothingStored()); }

TEST_F(StateFileTest, KeepsTheLatestStateForItsOwnerAlone) {
  for (const bool up : {true, false, true}) {
    const absl::Status written = WriteStateFile(path_, {.wanted_up = up});
    ASSERT_TRUE(written.ok()) << written.message();
    EXPECT_EQ(ReadStateFile(path_), StoredState(StateRecord{.wanted_up = up}));
  }
  struct stat stat;
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_THAT(Files(), ElementsAre("state.json"));
}

TEST_F(StateFileTest, SetsADamagedFileAsideAndSaysSoOnce) {
  directory_.Write("state.json.damaged", "an earlier one");
  directory_.Write("state.json", "{\"version\":1,");

  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("the state file " + path_ + " is damaged: "),
                    HasSubstr("not JSON"),
                    HasSubstr("it was moved to " + path_ + ".damaged")));

  EXPECT_TRUE(NothingStored());
  EXPECT_EQ(Text("state.json.damaged"), "{\"version\":1,");
  EXPECT_TRUE(WriteStateFile(path_, {.wanted_up = true}).ok());
}

TEST_F(StateFileTest, SetsAnEmptyFileAside) {
  directory_.Write("state.json", "");
  EXPECT_THAT(Problem(), HasSubstr("is damaged"));
}

TEST_F(StateFileTest, TakesAFileOf64KibAndNoLargerOne) {
  const std::string record = R"({"version":1,"wanted":"up"})";
  directory_.Write("state.json",
                   record + std::string(64 * 1024 - record.size(), ' '));
  EXPECT_EQ(ReadStateFile(path_), StoredState(StateRecord{.wanted_up = true}));

  directory_.Write("state.json",
                   record + std::string(64 * 1024 + 1 - record.size(), ' '));
  EXPECT_THAT(Problem(), HasSubstr("is damaged: it is over 64 KiB"));
}

TEST_F(StateFileTest, SetsAsideWhatIsNoFile) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  EXPECT_THAT(Problem(), HasSubstr("no regular file"));
  ASSERT_EQ(::rmdir((path_ + ".damaged").c_str()), 0);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(Problem(), HasSubstr("no regular file"));
  EXPECT_TRUE(WriteStateFile(path_, {}).ok());
}

TEST_F(StateFileTest, SaysWhenADamagedFileCannotBeMoved) {
  directory_.Write("state.json", "x");
  ASSERT_EQ(::mkdir((path_ + ".damaged").c_str(), 0700), 0);

  EXPECT_THAT(Problem(),
              AllOf(HasSubstr("is damaged"), HasSubstr("cannot be moved to"),
                    HasSubstr("Is a directory")));
}

TEST_F(StateFileTest, PassesOverWhatAnInterruptedWriteLeft) {
  directory_.Write("state.json.new", "{\"vers");
  EXPECT_TRUE(NothingStored());

  ASSERT_TRUE(WriteStateFile(path_, {.wanted_up = true}).ok());

  EXPECT_EQ(ReadStateFile(path_), StoredState(StateRecord{.wanted_up = true}));
  EXPECT_THAT(Files(), ElementsAre("state.json"));
}

TEST_F(StateFileTest, DoesNotWriteThroughALink) {
  const std::string victim = directory_.Write("victim", "precious");
  ASSERT_EQ(::symlink(victim.c_str(), (path_ + ".new").c_str()), 0);
  ASSERT_TRUE(WriteStateFile(path_, {}).ok());
  EXPECT_EQ(Text("victim"), "precious");
}

TEST_F(StateFileTest, NamesAMissingDirectory) {
  const absl::Status status =
      WriteStateFile(directory_ / "gone/state.json", {});
  EXPECT_EQ(status.message(), "the state file " + directory_.path() +
                                  "/gone/state.json cannot be written: No such "
                                  "file or directory");
}

TEST_F(StateFileTest, KeepsWhatItHeldWhenTheDirectoryIsReadOnly) {
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is read-only to root";
  ASSERT_TRUE(WriteStateFile(path_, {.wanted_up = true}).ok());
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0500), 0);

  const absl::Status status = WriteStateFile(path_, {});

  ASSERT_EQ(::chmod(directory_.path().c_str(), 0700), 0);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Permission denied"));
  EXPECT_EQ(ReadStateFile(path_), StoredState(StateRecord{.wanted_up = true}));
}

TEST_F(StateFileTest, KeepsWhatItHeldWhenAWriteBreaksOff) {
  ASSERT_TRUE(WriteStateFile(path_, {.wanted_up = true}).ok());
  absl::Status status;
  {
    // Some bytes still fit.
    testing::FileSizeLimit::IgnoreSignal();
    const testing::FileSizeLimit limit(10);
    status = WriteStateFile(path_, {});
  }
  EXPECT_EQ(status.message(),
            "the state file " + path_ + " cannot be written: File too large");
  EXPECT_EQ(ReadStateFile(path_), StoredState(StateRecord{.wanted_up = true}));
  EXPECT_THAT(Files(), ElementsAre("state.json"));
}

TEST_F(StateFileTest, NamesAFullDisk) {
  if (::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=4k") != 0) {
    GTEST_SKIP() << "may not mount a small disk";
  }
  directory_.Write("rest", std::string(4096, 'x'));

  const absl::Status status = WriteStateFile(path_, {});

  std::filesystem::remove(directory_ / "rest");
  EXPECT_THAT(Files(), IsEmpty());
  ::umount(directory_.path().c_str());
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(path_), HasSubstr("No space left on device")));
}

}  // namespace
}  // namespace clawplane::server
