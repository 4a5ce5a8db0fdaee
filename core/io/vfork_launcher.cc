#include "core/io/vfork_launcher.h"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "core/io/unique_fd.h"

namespace clawplane::core {
namespace {

namespace process = boost::process::v2;

void Reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// Reads what the child says about its failure; nothing if it runs.
std::optional<LaunchFailure> ReadFailure(int pipe) {
  LaunchFailure failure{LaunchStep::kFork, 0};
  ssize_t size;
  do {
    size = ::read(pipe, &failure, sizeof(failure));
  } while (size < 0 && errno == EINTR);
  if (size == 0) return std::nullopt;
  if (size != sizeof(failure)) return LaunchFailure{LaunchStep::kFork, EIO};
  return failure;
}

}  // namespace

struct VforkLauncher::Plan {
  const std::filesystem::path executable;
  const char* const* arguments;
  process::process_stdio streams;
  process::process_start_dir directory;
  // Where to write a `LaunchFailure`; closes itself when the program starts.
  int failures;
  pid_t parent;
};

void KillAndReap(pid_t pid) {
  ::kill(-pid, SIGKILL);
  Reap(pid);
}

std::variant<pid_t, LaunchFailure> VforkLauncher::Start(
    const LaunchSpec& spec, const Streams& streams) {
  std::optional<PipeEnds> failures = MakePipe();
  if (!failures) return LaunchFailure{LaunchStep::kPipes, errno};
  Plan plan{.executable = spec.executable,
            .arguments = nullptr,
            .streams = {streams.in, streams.out, streams.err},
            .directory = std::filesystem::path(spec.directory),
            .failures = failures->write.get(),
            .parent = ::getpid()};
  plan.arguments = build_argv_(plan.executable, spec.arguments);
  process::process_environment environment(spec.environment);
  environment.on_setup(*this, plan.executable, plan.arguments);

  const pid_t child = Fork(plan);

  if (child < 0) return LaunchFailure{LaunchStep::kFork, errno};
  failures->write.Reset();
  if (auto failure = ReadFailure(failures->read.get())) {
    Reap(child);
    return *failure;
  }
  return child;
}

// On its own, so that nothing else is on the frame that two processes share.
pid_t VforkLauncher::Fork(Plan& plan) {
  // A handler of ours must not run in the child, where it would work on our
  // memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::vfork();
  if (child == 0) RunChild(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return child;
}

// Runs in the child, on the memory of the suspended parent: nothing but calls
// that are safe in a signal handler.
void VforkLauncher::RunChild(Plan& plan) noexcept {
  const auto fail = [&plan](LaunchStep step, int error) {
    const LaunchFailure failure{step, error};
    [[maybe_unused]] ssize_t written =
        ::write(plan.failures, &failure, sizeof(failure));
    ::_exit(127);
  };
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < _NSIG; ++signal) {
    ::sigaction(signal, &standard, nullptr);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::setsid() < 0) fail(LaunchStep::kSession, errno);
  if (terms_.parent_death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, terms_.parent_death_signal);
    // The parent may have died before it was asked for.
    if (::getppid() != plan.parent) ::_exit(127);
  }
  if (auto error =
          plan.streams.on_exec_setup(*this, plan.executable, plan.arguments)) {
    fail(LaunchStep::kStandardStreams, error.value());
  }
  if (auto error = plan.directory.on_exec_setup(*this, plan.executable,
                                                plan.arguments)) {
    fail(LaunchStep::kDirectory, error.value());
  }
  if (terms_.soft_file_limit != 0) {
    rlimit files = {};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = terms_.soft_file_limit;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    fail(LaunchStep::kDescriptors, errno);
  }
  ::execve(plan.executable.c_str(), const_cast<char* const*>(plan.arguments),
           const_cast<char* const*>(env));
  fail(LaunchStep::kExecute, errno);
  ::_exit(127);
}

}  // namespace clawplane::core
