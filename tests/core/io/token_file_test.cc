#include "core/io/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <barrier>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class TokenFileTest : public ::testing::Test {
 protected:
  TokenFileTest() {
    std::string pattern = ::testing::TempDir() + "/token_file.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/gateway.token";
  }
  ~TokenFileTest() override { std::filesystem::remove_all(directory_); }

  void Write(std::string_view text, mode_t mode = 0600) {
    std::ofstream(path_) << text;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }
  // The error, which names the path and never the contents.
  std::string ErrorOfRead() {
    const auto token = ReadToken(path_);
    if (token.ok()) return "it was read";
    const std::string message(token.status().message());
    EXPECT_THAT(message, HasSubstr(path_));
    EXPECT_THAT(message, Not(HasSubstr("s3cret-token")));
    return message;
  }
  mode_t Mode() const {
    struct stat stat = {};
    EXPECT_EQ(::stat(path_.c_str(), &stat), 0);
    return stat.st_mode & 07777;
  }

  std::string directory_;
  std::string path_;
};

TEST_F(TokenFileTest, MakesATokenThatOnlyTheOwnerMayRead) {
  const mode_t mask = ::umask(0);
  const auto token = ReadOrMakeToken(path_);
  ::umask(mask);

  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_THAT(*token, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(Mode(), 0600u);
}

TEST_F(TokenFileTest, ReadsWhatItMade) {
  const auto made = ReadOrMakeToken(path_);

  EXPECT_EQ(*ReadToken(path_), *made);
  EXPECT_EQ(*ReadOrMakeToken(path_), *made);
}

TEST_F(TokenFileTest, LeavesNothingElseBehind) {
  ASSERT_TRUE(ReadOrMakeToken(path_).ok());

  const std::filesystem::directory_iterator all(directory_);
  EXPECT_EQ(std::distance(begin(all), end(all)), 1);
}

TEST_F(TokenFileTest, DoesNotMakeOneWhenOnlyAskedToRead) {
  EXPECT_THAT(ErrorOfRead(), HasSubstr("No such file"));

  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(TokenFileTest, IgnoresTheSpaceAroundTheToken) {
  Write(" \ts3cret-token\r\n\n");

  EXPECT_EQ(*ReadToken(path_), "s3cret-token");
}

TEST_F(TokenFileTest, LetsTheGroupReadIt) {
  Write("s3cret-token\n", 0640);

  EXPECT_EQ(*ReadToken(path_), "s3cret-token");
}

// The mode is that of `defaultMode: 0440` with an `fsGroup`.
TEST_F(TokenFileTest, ReadsASecretAsKubernetesMountsIt) {
  const std::filesystem::path volume(directory_);
  std::filesystem::create_directory(volume / "..2026_11_23");
  std::ofstream(volume / "..2026_11_23" / "token") << "s3cret-token";
  ASSERT_EQ(::chmod((volume / "..2026_11_23" / "token").c_str(), 0440), 0);
  std::filesystem::create_symlink("..2026_11_23", volume / "..data");
  std::filesystem::create_symlink("..data/token", path_);

  EXPECT_EQ(*ReadToken(path_), "s3cret-token");
  EXPECT_EQ(*ReadOrMakeToken(path_), "s3cret-token");
}

TEST_F(TokenFileTest, RefusesAFileThatOthersMayTouch) {
  for (const mode_t mode : {0644, 0604, 0602, 0601, 0660, 0620, 0666}) {
    Write("s3cret-token\n", mode);

    EXPECT_THAT(ErrorOfRead(), HasSubstr("chmod 600")) << std::oct << mode;
  }
}

TEST_F(TokenFileTest, RefusesAnEmptyFile) {
  for (const char* text : {"", "\n", " \t\r\n"}) {
    Write(text);

    EXPECT_THAT(ErrorOfRead(), HasSubstr("is empty"));
  }
}

TEST_F(TokenFileTest, RefusesATokenThatCouldBeGuessed) {
  Write("1234567");

  EXPECT_THAT(ErrorOfRead(), HasSubstr("7 bytes"));
}

TEST_F(TokenFileTest, DoesNotReplaceAnEmptyFile) {
  Write("");

  EXPECT_FALSE(ReadOrMakeToken(path_).ok());
}

TEST_F(TokenFileTest, RefusesALargeFile) {
  Write(std::string(4096, 'x'));
  EXPECT_TRUE(ReadToken(path_).ok());

  Write("s3cret-token" + std::string(4085, 'x'));
  EXPECT_THAT(ErrorOfRead(), HasSubstr("4 KiB"));
}

TEST_F(TokenFileTest, RefusesWhatIsNotOnePrintableWord) {
  for (const std::string& text :
       {std::string("s3cret-token two"), std::string("s3cret-token\nsecond"),
        std::string("s3cret-token\0x", 14), std::string("s3cret-token\x7f"),
        std::string("s3cret-token\xc3\xa9"),
        std::string("s3cret-token\x1b[0m")}) {
    Write(text);

    EXPECT_THAT(ErrorOfRead(), HasSubstr("printable"));
  }
}

TEST_F(TokenFileTest, RefusesADirectory) {
  std::filesystem::create_directory(path_);
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all);

  EXPECT_THAT(ErrorOfRead(), HasSubstr("not a regular file"));
}

TEST_F(TokenFileTest, DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);

  EXPECT_THAT(ErrorOfRead(), HasSubstr("not a regular file"));
}

TEST_F(TokenFileTest, TellsThatTheDirectoryIsMissing) {
  path_ = directory_ + "/none/gateway.token";

  const auto token = ReadOrMakeToken(path_);

  ASSERT_FALSE(token.ok());
  EXPECT_THAT(std::string(token.status().message()),
              HasSubstr("No such file or directory"));
}

TEST_F(TokenFileTest, GivesAllMakersTheSameToken) {
  constexpr int kMakers = 8;
  for (int round = 0; round < 50; ++round) {
    std::filesystem::remove(path_);
    std::barrier start(kMakers);
    std::vector<std::string> tokens(kMakers);
    std::vector<std::thread> makers;
    for (std::string& token : tokens) {
      makers.emplace_back([&] {
        start.arrive_and_wait();
        const auto made = ReadOrMakeToken(path_);
        token = made.ok() ? *made : made.status().ToString();
      });
    }
    for (std::thread& maker : makers) maker.join();

    EXPECT_THAT(tokens, ::testing::Each(tokens[0]));
    EXPECT_THAT(tokens[0], MatchesRegex("[0-9a-f]{64}"));
  }
}

}  // namespace
}  // namespace clawplane::core
