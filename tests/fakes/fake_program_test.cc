// What tests may rely on the program `fake_gateway` for.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/fakes/simple_client.h"

namespace clawplane::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Runs the program, its output in one pipe; kills it at the end.
class Child {
 public:
  explicit Child(std::vector<std::string> arguments) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(ends[1], STDERR_FILENO);
      setenv("OPENCLAW_GATEWAY_TOKEN", "secret", 1);
      std::vector<char*> argv = {const_cast<char*>(FAKE_GATEWAY_PROGRAM)};
      for (std::string& one : arguments) argv.push_back(one.data());
      argv.push_back(nullptr);
      execv(FAKE_GATEWAY_PROGRAM, argv.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = ends[0];
  }

  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(output_);
  }

  pid_t pid() const { return pid_; }

  // Reads output up to the end of the line with this in it, or to the end.
  std::string ReadUntil(const std::string& part) {
    char byte;
    while (text_.find('\n', text_.find(part)) == std::string::npos &&
           read(output_, &byte, 1) == 1) {
      text_ += byte;
    }
    return text_;
  }

  // The number printed after these words.
  int NumberAfter(const std::string& words) {
    const std::string text = ReadUntil(words);
    return std::atoi(text.substr(text.find(words) + words.size()).c_str());
  }

  uint16_t Port() {
    return static_cast<uint16_t>(NumberAfter("fake gateway listening on "));
  }

  // Waits for the end; the wait status.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_;
  int output_;
  std::string text_;
};

std::vector<std::string> Arguments(std::vector<std::string> more) {
  std::vector<std::string> all = {"gateway", "run", "--port", "0",
                                  "--allow-unconfigured"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST(FakeProgramTest, SaysGoodbyeOnSigterm) {
  Child child(Arguments({}));
  SimpleClient client;
  ASSERT_TRUE(client.Connect(child.Port(), "secret"));

  kill(child.pid(), SIGTERM);

  EXPECT_THAT(client.Read(), HasSubstr("gateway stopping"));
  EXPECT_EQ(client.ReadClose(), "1012 service restart");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(FakeProgramTest, EndsBeforeItListens) {
  Child child(Arguments({"--exit-code", "78", "--exit-message", "no config"}));

  const std::string output = child.ReadUntil("no config");

  EXPECT_THAT(output, Not(HasSubstr("listening")));
  EXPECT_THAT(output, HasSubstr("no config"));
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 78);
}

TEST(FakeProgramTest, EndsAtTheFirstConnect) {
  Child child(Arguments({"--exit-at", "running", "--exit-code", "3"}));
  SimpleClient client;

  ASSERT_TRUE(client.Connect(child.Port(), "secret"));

  EXPECT_EQ(client.ReadClose(), "1006");
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 3);
}

TEST(FakeProgramTest, DiesOfASignalWhenAsked) {
  Child child(Arguments({}));
  SimpleClient client;
  ASSERT_TRUE(client.Connect(child.Port(), "secret"));

  client.Send(R"({"type":"req","id":"1","method":"fake.abort"})");

  EXPECT_EQ(WTERMSIG(child.Wait()), SIGABRT);
}

TEST(FakeProgramTest, SaysThatItsPortIsTaken) {
  FakeGateway other;
  Child child({"gateway", "run", "--port", std::to_string(other.port())});

  EXPECT_THAT(child.ReadUntil("is already in use."),
              HasSubstr("another gateway instance is already listening on "
                        "ws://127.0.0.1:"));
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 1);
}

TEST(FakeProgramTest, PrintsNamesOfItsEnvironmentOnly) {
  Child child(Arguments({"--print-env"}));

  const std::string output = child.ReadUntil("listening on");

  EXPECT_THAT(output, HasSubstr("env OPENCLAW_GATEWAY_TOKEN\n"));
  EXPECT_THAT(output, Not(HasSubstr("secret")));
}

TEST(FakeProgramTest, LeavesAGrandchildInItsOwnSession) {
  Child child(Arguments({"--leave-grandchild"}));
  child.Port();
  const pid_t grandchild = child.NumberAfter("grandchild ");
  ASSERT_GT(grandchild, 0);

  kill(child.pid(), SIGKILL);
  child.Wait();

  EXPECT_EQ(kill(grandchild, 0), 0);
  kill(grandchild, SIGKILL);
}

TEST(FakeProgramTest, RefusesAnUnknownOption) {
  Child child({"gateway", "run", "--bogus"});

  EXPECT_THAT(child.ReadUntil("--bogus'"), HasSubstr("unknown option"));
  EXPECT_EQ(WEXITSTATUS(child.Wait()), 1);
}

}  // namespace
}  // namespace clawplane::testing
