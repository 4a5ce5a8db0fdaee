#include "client/clawctl/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

#include "client/clawctl/exit_code.h"

namespace clawplane::clawctl {
namespace {

// A descriptor that SIGINT makes readable; -1, which `poll` passes over, where
// the signal is ignored.
int TakeSignal() {
  struct sigaction before {};
  sigaction(SIGINT, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return -1;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

Interrupt::Interrupt()
    : signal_fd_(TakeSignal()),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      watcher_([this] { Watch(); }) {}

Interrupt::~Interrupt() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof(one));
  watcher_.join();
  if (signal_fd_ >= 0) close(signal_fd_);
  close(stop_fd_);
}

void Interrupt::Watch() {
  std::array<pollfd, 3> fds = {pollfd{stop_fd_, POLLIN, 0},
                               pollfd{signal_fd_, POLLIN, 0},
                               // No events: errors are reported always.
                               pollfd{STDOUT_FILENO, 0, 0}};
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents != 0) return;
    if (fds[1].revents != 0) Pressed();
    if (fds[2].revents != 0) {
      fds[2].fd = -1;
      ReaderLeft();
    }
  }
}

void Interrupt::Pressed() {
  signalfd_siginfo info;
  if (read(signal_fd_, &info, sizeof(info)) != sizeof(info)) return;
  if (pressed_.exchange(true)) _exit(kInterrupted);
  absl::MutexLock lock(&mutex_);
  // Nothing to cancel: the process may be waiting for its standard input.
  if (calls_.empty()) _exit(kInterrupted);
  for (const Scope* call : calls_) call->cancel_();
}

void Interrupt::ReaderLeft() {
  reader_left_ = true;
  absl::MutexLock lock(&mutex_);
  for (const Scope* call : streams_) call->cancel_();
}

Interrupt::Scope::Scope(Interrupt& interrupt, std::function<void()> cancel,
                        EndsWith ends)
    : interrupt_(interrupt), cancel_(std::move(cancel)) {
  absl::MutexLock lock(&interrupt_.mutex_);
  interrupt_.calls_.insert(this);
  const bool is_stream = ends == EndsWith::kInterruptOrReader;
  if (is_stream) interrupt_.streams_.insert(this);
  // What came before this call was made counts for it as well.
  if (interrupt_.pressed() || (is_stream && interrupt_.reader_left_)) {
    cancel_();
  }
}

Interrupt::Scope::~Scope() {
  absl::MutexLock lock(&interrupt_.mutex_);
  interrupt_.calls_.erase(this);
  interrupt_.streams_.erase(this);
}

}  // namespace clawplane::clawctl
