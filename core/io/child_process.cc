#include "core/io/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "core/io/adopted_process.h"
#include "core/io/process_table.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// When to look again though no signal tells that a descendant has ended.
constexpr std::chrono::milliseconds kSweepInterval(20);

ExitStatus ToExitStatus(int native) {
  if (WIFSIGNALED(native)) return ExitStatus::Signaled(WTERMSIG(native));
  return ExitStatus::Exited(WEXITSTATUS(native));
}

}  // namespace

ChildProcess::ChildProcess(CoreStrand& strand,
                           std::shared_ptr<OrphanReaper> orphans,
                           ProcessReports reports)
    : strand_(strand),
      orphans_(std::move(orphans)),
      reports_(std::make_shared<const ProcessReports>(std::move(reports))),
      process_(strand.executor()),
      exited_(strand.executor()),
      next_sweep_(strand.executor()),
      stdout_(LogSource::kStdout, strand.executor()),
      stderr_(LogSource::kStderr, strand.executor()) {}

ChildProcess::~ChildProcess() {
  // Boost's destructor would kill by a number that may be another's by now.
  process_.detach();
}

std::optional<LaunchFailure> ChildProcess::Launch(
    LaunchSpec spec, const std::string& run, const VforkLauncher::Terms& terms,
    const std::string& output_directory) {
  strand_.AssertHeld();
  spec.environment.push_back(Concat(kRunVariable, "=", run));
  const UniqueFd in = OpenNullDevice();
  if (in.get() < 0) return LaunchFailure{LaunchStep::kPipes, errno};
  const bool may_be_left = !output_directory.empty();
  UniqueFd out = Open(stdout_, may_be_left ? StdoutFile(output_directory) : "");
  if (out.get() < 0) return LaunchFailure{LaunchStep::kPipes, errno};
  UniqueFd err = Open(stderr_, may_be_left ? StderrFile(output_directory) : "");
  if (err.get() < 0) return LaunchFailure{LaunchStep::kPipes, errno};

  VforkLauncher launcher(terms);
  const auto started = launcher.Start(
      spec, {.in = in.get(), .out = out.get(), .err = err.get()});
  if (const auto* failure = std::get_if<LaunchFailure>(&started)) {
    return *failure;
  }

  const pid_t pid = std::get<pid_t>(started);
  if (!Watch(pid, run)) {
    const int error = errno;
    KillAndReap(pid);
    return LaunchFailure{LaunchStep::kWatch, error};
  }
  const auto row = ReadProcessRow(pid);
  if (may_be_left && row) {
    identity_ = {pid, row->start_ticks, SystemBootId(), run};
  }
  Follow(stdout_);
  Follow(stderr_);
  AwaitExit();
  return std::nullopt;
}

void ChildProcess::Follow(Output& output) {
  if (output.file == nullptr) {
    AwaitOutput(output);
  } else {
    output.file->Begin();
  }
}

UniqueFd ChildProcess::OpenFile(Output& output, const std::string& path) {
  output.file = OutputFile::Create(strand_, path,
                                   [reports = reports_, source = output.source](
                                       std::string_view line, size_t cut) {
                                     reports->on_line(source, line, cut);
                                   });
  return output.file ? output.file->OpenToWrite() : UniqueFd();
}

UniqueFd ChildProcess::Open(Output& output, const std::string& path) {
  if (!path.empty()) return OpenFile(output, path);
  std::optional<PipeEnds> pipe = MakePipe();
  if (!pipe) return UniqueFd();
  // Ours is not to block: a read after the exit may find nothing. The flag
  // belongs to the reading end alone.
  ::fcntl(pipe->read.get(), F_SETFL, O_NONBLOCK);
  Error error;
  output.pipe.assign(pipe->read.get(), error);
  if (error) {
    errno = error.value();
    return UniqueFd();
  }
  pipe->read.Release();
  return std::move(pipe->write);
}

bool ChildProcess::Watch(pid_t pid, const std::string& run) {
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (handle.get() < 0) return false;
  UniqueFd duplicate(::fcntl(handle.get(), F_DUPFD_CLOEXEC, 3));
  if (duplicate.get() < 0) return false;
  try {
    exited_.assign(duplicate.get());
    duplicate.Release();
    process_ = decltype(process_)(strand_.executor(), pid, handle.get());
    handle.Release();
  } catch (const boost::system::system_error& failure) {
    errno = failure.code().value();
    return false;
  }
  pid_ = pid;
  unreaped_ = true;
  descendants_.emplace(pid, run, orphans_);
  orphans_->Supervise(pid, weak_from_this());
  return true;
}

pid_t ChildProcess::pid() const {
  strand_.AssertHeld();
  return pid_;
}

void ChildProcess::SignalGroup(int signal) {
  strand_.AssertHeld();
  if (unreaped_) ::kill(-pid_, signal);
}

void ChildProcess::Kill() {
  strand_.AssertHeld();
  if (unreaped_) descendants_->KillAll();
}

std::optional<ProcessVitals> ChildProcess::Vitals() const {
  strand_.AssertHeld();
  if (!unreaped_) return std::nullopt;
  return ReadVitals(pid_);
}

std::optional<ProcessIdentity> ChildProcess::Identity() const {
  strand_.AssertHeld();
  return identity_;
}

void ChildProcess::Leave() {
  strand_.AssertHeld();
  reports_ = nullptr;
  unreaped_ = false;
  Error ignored;
  exited_.close(ignored);
  next_sweep_.cancel();
  for (Output* const output : {&stdout_, &stderr_}) {
    if (output->file) output->file->Close();
  }
  orphans_->Forget(pid_);
}

// Not analysed, because on a stopped `io_context` there is no strand to be on.
void ChildProcess::Abandon() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  assert(strand_.IsHeld() || strand_.stopped());
  reports_ = nullptr;
  if (unreaped_) descendants_->KillAll();
  Error ignored;
  for (Output* const output : {&stdout_, &stderr_}) {
    output->pipe.close(ignored);
    if (output->file) output->file->Close();
  }
}

// ---- Output. Waiting and reading are two steps: an asynchronous read may have
// taken bytes that its handler has yet to bring when the exit is noticed, and
// the rest of the pipe would overtake them.

void ChildProcess::AwaitOutput(Output& output) {
  output.pipe.async_wait(Descriptor::wait_read,
                         [self = shared_from_this(), &output](Error error) {
                           if (!error) self->OnReadable(output);
                         });
}

void ChildProcess::OnReadable(Output& output) {
  strand_.AssertHeld();
  if (!output.pipe.is_open()) return;
  ReadOnce(output, buffer_.size());
  if (output.pipe.is_open()) AwaitOutput(output);
}

size_t ChildProcess::ReadOnce(Output& output, size_t most) {
  const ssize_t size = ::read(output.pipe.native_handle(), buffer_.data(),
                              std::min(most, buffer_.size()));
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (size <= 0) {
    Finish(output);
    return 0;
  }
  output.lines.Feed({buffer_.data(), static_cast<size_t>(size)});
  Deliver(output);
  return static_cast<size_t>(size);
}

void ChildProcess::Deliver(Output& output) {
  while (const auto reports = reports_) {
    const auto line = output.lines.Next();
    if (!line) return;
    reports->on_line(output.source, *line, output.lines.cut());
  }
}

void ChildProcess::Finish(Output& output) {
  Error ignored;
  output.pipe.close(ignored);
  const auto reports = reports_;
  if (!reports) return;
  if (const auto line = output.lines.Last()) {
    reports->on_line(output.source, *line, output.lines.cut());
  }
}

// ---- Stops, and exit.

void ChildProcess::OnChildSignal() {
  strand_.AssertHeld();
  if (!unreaped_) return;
  if (sweep_end_) return Sweep();
  ReportStops();
}

void ChildProcess::ReportStops() {
  for (;;) {
    siginfo_t change = {};
    if (!unreaped_ ||
        ::waitid(P_PID, static_cast<id_t>(pid_), &change,
                 WSTOPPED | WCONTINUED | WNOHANG) != 0 ||
        change.si_pid == 0) {
      return;
    }
    const auto reports = reports_;
    if (reports && reports->on_stopped) {
      reports->on_stopped(change.si_code == CLD_STOPPED);
    }
  }
}

void ChildProcess::AwaitExit() {
  exited_.async_wait(Descriptor::wait_read,
                     [self = shared_from_this()](Error error) {
                       if (!error) self->OnExited();
                     });
}

void ChildProcess::OnExited() {
  strand_.AssertHeld();
  Error ignored;
  exited_.close(ignored);
  sweep_end_ = std::chrono::steady_clock::now() + kSweepTime;
  Sweep();
}

void ChildProcess::Sweep() {
  if (!descendants_->KillOrphans() ||
      std::chrono::steady_clock::now() >= *sweep_end_) {
    return Reap();
  }
  next_sweep_.expires_after(kSweepInterval);
  next_sweep_.async_wait([self = shared_from_this()](Error error) {
    self->strand_.AssertHeld();
    if (!error && self->unreaped_) self->Sweep();
  });
}

void ChildProcess::Reap() {
  next_sweep_.cancel();
  stragglers_ = descendants_->killed();
  unreaped_ = false;
  // Boost reaps within this call and tells us later.
  process_.async_wait(
      [self = shared_from_this()](Error error, int) { self->OnReaped(error); });
  orphans_->Forget(pid_);
}

void ChildProcess::OnReaped(const Error& error) {
  strand_.AssertHeld();
  const ExitStatus status = error ? ExitStatus::Exited(-1)
                                  : ToExitStatus(process_.native_exit_code());
  process_.detach();
  Drain(stdout_);
  Drain(stderr_);
  if (const auto reports = std::exchange(reports_, nullptr)) {
    reports->on_gone({status, stragglers_});
  }
}

void ChildProcess::Drain(Output& output) {
  if (output.file) output.file->Drain();
  if (!output.pipe.is_open()) return;
  // Only what is there now: a descendant that left the group may hold the pipe
  // open, and write to it without end.
  int left = 0;
  ::ioctl(output.pipe.native_handle(), FIONREAD, &left);
  while (left > 0 && output.pipe.is_open()) {
    const size_t size = ReadOnce(output, static_cast<size_t>(left));
    if (size == 0) break;
    left -= static_cast<int>(size);
  }
  if (output.pipe.is_open()) Finish(output);
}

}  // namespace clawplane::core
