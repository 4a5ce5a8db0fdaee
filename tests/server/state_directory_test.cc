#include "server/state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::clawplane::testing::TempDirectory;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(StateDirectoryTest, IsMadeForItsOwnerAlone) {
  TempDirectory parent;
  const std::string path = parent / "a/b/state";

  const auto directory = StateDirectory::Open(path);

  ASSERT_TRUE(directory.ok()) << directory.status().message();
  struct stat stat;
  ASSERT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0700u);
  EXPECT_EQ((*directory)->access_token_file(), path + "/access.token");
}

TEST(StateDirectoryTest, RefusesASecondHolderAndNamesTheFirst) {
  TempDirectory parent;
  const std::string path = parent / "state";
  const auto first = StateDirectory::Open(path);
  ASSERT_TRUE(first.ok());

  const auto second = StateDirectory::Open(path);

  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(path), HasSubstr("in use by process " +
                                               std::to_string(::getpid()))));
}

TEST(StateDirectoryTest, IsFreeAgainWhenItsHolderIsGone) {
  TempDirectory parent;
  const std::string path = parent / "state";
  { ASSERT_TRUE(StateDirectory::Open(path).ok()); }
  EXPECT_TRUE(StateDirectory::Open(path).ok());
}

TEST(StateDirectoryTest, SaysWhatIsInTheWay) {
  TempDirectory parent;
  const std::string file = parent.Write("file", "");
  EXPECT_THAT(std::string(StateDirectory::Open(file).status().message()),
              AllOf(HasSubstr(file), HasSubstr("Not a directory")));
  EXPECT_THAT(std::string(StateDirectory::Open(file + "/x").status().message()),
              AllOf(HasSubstr("cannot be made"), HasSubstr("set state_dir")));
}

TEST(StateDirectoryTest, DoesNotFollowALinkAtItsLock) {
  TempDirectory parent;
  const std::string victim = parent.Write("victim", "precious");
  ASSERT_EQ(::mkdir((parent / "state").c_str(), 0700), 0);
  ASSERT_EQ(::symlink(victim.c_str(), (parent / "state/lock").c_str()), 0);

  EXPECT_FALSE(StateDirectory::Open(parent / "state").ok());
}

}  // namespace
}  // namespace clawplane::server
