#include "tests/client/clawctl_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace clawplane::client {
namespace {

constexpr int kPatienceMilliseconds = 30'000;

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) abort();
  return {ends[0], ends[1]};
}

Pipe MakeTerminal() {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) abort();
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 60;
  ioctl(master, TIOCSWINSZ, &size);
  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) abort();
  return {master, slave};
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

void WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<size_t>(n);
  }
}

}  // namespace

ClawctlRun::ClawctlRun(const std::vector<std::string>& arguments,
                       const Options& options) {
  signal(SIGPIPE, SIG_IGN);
  const Pipe in = MakePipe();
  const Pipe out = MakePipe();
  const Pipe err = options.terminal ? MakeTerminal() : MakePipe();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read_end, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end, 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);

  std::vector<std::string> argv = {CLAWCTL_PATH};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = {"TZ=UTC", "HOME=/nonexistent"};
  for (const auto& [name, value] : options.environment) {
    environment.push_back(name + "=" + value);
  }
  const int error =
      posix_spawn(&pid_, CLAWCTL_PATH, &actions, &attributes,
                  Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) abort();
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  out_ = out.read_end;
  err_ = err.read_end;
  WriteAll(in.write_end, options.input);
  if (options.keep_input_open) {
    in_ = in.write_end;
  } else {
    close(in.write_end);
  }
}

ClawctlRun::~ClawctlRun() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {in_, out_, err_}) {
    if (fd >= 0) close(fd);
  }
}

bool ClawctlRun::ReadMore() {
  std::array<pollfd, 2> fds = {pollfd{out_, POLLIN, 0},
                               pollfd{err_, POLLIN, 0}};
  if (out_ < 0 && err_ < 0) return false;
  if (poll(fds.data(), fds.size(), kPatienceMilliseconds) <= 0) {
    ADD_FAILURE() << "clawctl says nothing more; it said:\n"
                  << result_.out << result_.err;
    kill(pid_, SIGKILL);
    return false;
  }
  const auto take = [](const pollfd& ready, int& fd, std::string& text) {
    if (ready.revents == 0) return;
    std::array<char, 4096> buffer;
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got > 0) {
      text.append(buffer.data(), static_cast<size_t>(got));
    } else {  // The end; of a terminal it is an error.
      close(fd);
      fd = -1;
    }
  };
  take(fds[0], out_, result_.out);
  take(fds[1], err_, result_.err);
  return true;
}

void ClawctlRun::AwaitOut(const std::string& text) {
  while (result_.out.find(text) == std::string::npos) {
    ASSERT_TRUE(ReadMore()) << "it never wrote: " << text;
  }
}

void ClawctlRun::AwaitErr(const std::string& text) {
  while (result_.err.find(text) == std::string::npos) {
    ASSERT_TRUE(ReadMore()) << "it never wrote: " << text << "\nbut:\n"
                            << result_.err;
  }
}

void ClawctlRun::Signal(int signal) const { kill(pid_, signal); }

void ClawctlRun::CloseOut() {
  close(out_);
  out_ = -1;
}

ClawctlRun::Result ClawctlRun::Finish() {
  while (ReadMore()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  result_.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return result_;
}

ClawctlRun::Result RunClawctl(const std::vector<std::string>& arguments,
                              const ClawctlRun::Options& options) {
  return ClawctlRun(arguments, options).Finish();
}

ClawctlRun::Result RunClawctl(const FakeServer& server,
                              std::vector<std::string> arguments,
                              const std::string& input) {
  return ClawctlRun(To(server, std::move(arguments)), {.input = input})
      .Finish();
}

void ExpectWrongUse(const std::vector<std::string>& arguments) {
  const auto run = RunClawctl(arguments);
  EXPECT_EQ(run.code, 2) << ::testing::PrintToString(arguments);
  EXPECT_THAT(run.err, ::testing::HasSubstr("clawctl: "));
  EXPECT_EQ(run.out, "");
}

std::vector<std::string> To(const FakeServer& server,
                            std::vector<std::string> arguments) {
  arguments.push_back("--target");
  arguments.push_back(server.unix_target());
  return arguments;
}

}  // namespace clawplane::client
