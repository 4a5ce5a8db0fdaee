#include "core/io/private_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/temp_directory.h"

namespace clawplane::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class PrivateFileTest : public ::testing::Test {
 protected:
  // Why it cannot be used; names the file, and nothing of what is in it.
  Fault FaultOf(const PrivateFile& file) const {
    const auto* const fault = std::get_if<Fault>(&file);
    if (fault == nullptr) {
      ADD_FAILURE() << "it was read";
      return {};
    }
    EXPECT_THAT(fault->message,
                AllOf(HasSubstr(path_), Not(HasSubstr("s3cret"))));
    EXPECT_NE(fault->next_step, "");
    return *fault;
  }

  testing::TempDirectory place_;
  const std::string path_ = place_ / "file";
};

TEST_F(PrivateFileTest, IsReadAsItWasWritten) {
  EXPECT_TRUE(std::holds_alternative<std::monostate>(ReadPrivateFile(path_)));
  const mode_t mask = ::umask(0);
  EXPECT_FALSE(WritePrivateFile(path_, "s3cret").has_value());
  ::umask(mask);
  struct stat stat = {};
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_EQ(std::get<std::string>(ReadPrivateFile(path_)), "s3cret");

  EXPECT_FALSE(WritePrivateFile(path_, "another").has_value());
  EXPECT_EQ(std::get<std::string>(ReadPrivateFile(path_)), "another");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(PrivateFileTest, IsRefusedWhereOthersMayReadIt) {
  place_.Write("file", "s3cret");
  for (const mode_t mode : {0640, 0604, 0620}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(FaultOf(ReadPrivateFile(path_)).next_step,
                HasSubstr("chmod 600 " + path_));
  }
}

TEST_F(PrivateFileTest, IsRefusedWhereItIsAnothers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  place_.Write("file", "s3cret");
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  ASSERT_EQ(::chown(path_.c_str(), 65534, 0), 0);
  const Fault fault = FaultOf(ReadPrivateFile(path_));
  EXPECT_THAT(fault.message, HasSubstr("65534"));
  EXPECT_THAT(fault.next_step, HasSubstr("chown 0 " + path_));
}

TEST_F(PrivateFileTest, IsRefusedWhereItIsNoFile) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(FaultOf(ReadPrivateFile(path_)).message,
              HasSubstr("not a regular file"));
  ::unlink(path_.c_str());
  ASSERT_EQ(::symlink("elsewhere", path_.c_str()), 0);
  FaultOf(ReadPrivateFile(path_));
}

TEST_F(PrivateFileTest, IsRefusedWhereItIsLarge) {
  place_.Write("file", std::string(4097, 'x'));
  ASSERT_EQ(::chmod(path_.c_str(), 0600), 0);
  EXPECT_THAT(FaultOf(ReadPrivateFile(path_)).message, HasSubstr("4096"));
}

TEST_F(PrivateFileTest, SaysWhyItCannotBeWritten) {
  const auto fault = WritePrivateFile(place_ / "none/file", "s3cret");
  ASSERT_TRUE(fault.has_value());
  EXPECT_THAT(fault->message, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace clawplane::core
