// How many files the daemon and its gateway may open.

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <string>

#include "tests/abuse/attacks.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

constexpr rlim_t kSoft = 300;

rlim_t SoftLimitOf(pid_t pid) {
  const std::string text = ReadFile("/proc/" + std::to_string(pid) + "/limits");
  const std::string name = "Max open files";
  const size_t at = text.find(name);
  return at == text.npos ? 0
                         : std::strtoul(&text[at + name.size()], nullptr, 10);
}

class FileLimitTest : public DaemonTest {
 protected:
  void SetUp() override {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = kSoft;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    WriteConfig(LaunchFake());
    StartDaemon();
  }
  void TearDown() override {
    ::setrlimit(RLIMIT_NOFILE, &before_);
    DaemonTest::TearDown();
  }

 private:
  rlimit before_ = {};
};

TEST_F(FileLimitTest, IsRaisedForTheDaemonAndNotForItsGateway) {
  EXPECT_GT(SoftLimitOf(daemon_->pid()), kSoft);
  ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
  EXPECT_EQ(SoftLimitOf(GatewayPid()), kSoft);
}

// The system lowers the limit of a process that runs, as nobody else can.
TEST_F(FileLimitTest, ThatIsReachedHindersNobodyLaterOn) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's check of objects opens a pipe for each, and "
                  "takes those that it cannot look at for invalid";
#endif
  const rlimit few = {40, 40};
  ASSERT_EQ(::prlimit(daemon_->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  AllowManyFiles();
  OpenSilent(tcp_address(), 100, kPreface);
  EXPECT_TRUE(WaitFor([&] { return Clawctl({"status"}).exit_code == 0; }));
  EXPECT_EQ(Clawctl({"--target", tcp_address(), "--token-file",
                     state_directory() + "/access.token", "status"})
                .exit_code,
            0);
}

}  // namespace
}  // namespace clawplane::testing
