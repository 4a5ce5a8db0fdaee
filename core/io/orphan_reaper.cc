#include "core/io/orphan_reaper.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "core/io/process_table.h"

namespace clawplane::core {

OrphanReaper::OrphanReaper(CoreStrand& strand)
    : strand_(strand), signals_(strand.executor()) {}

void OrphanReaper::Begin() {
  strand_.AssertHeld();
  may_adopt_strangers_ = ::getpid() == 1 || !ChildrenOf(::getpid()).empty();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  boost::system::error_code ignored;
  signals_.add(SIGCHLD, ignored);
  // Asio's handler would interrupt system calls all over the program, of people
  // who have never seen that happen.
  struct sigaction action = {};
  if (::sigaction(SIGCHLD, nullptr, &action) == 0) {
    action.sa_flags |= SA_RESTART;
    ::sigaction(SIGCHLD, &action, nullptr);
  }
  if (closed_) return;
  AwaitSignal();
  // For those that ended before there was a handler.
  ReapOrphans();
}

void OrphanReaper::Close() {
  strand_.AssertHeld();
  closed_ = true;
  StopIfDone();
}

void OrphanReaper::Supervise(pid_t child, std::weak_ptr<Owner> owner) {
  strand_.AssertHeld();
  supervised_.insert_or_assign(child, std::move(owner));
}

void OrphanReaper::Forget(pid_t child) {
  strand_.AssertHeld();
  supervised_.erase(child);
  // It may have hidden others.
  ReapOrphans();
  StopIfDone();
}

// Not analysed, because on a stopped `io_context` there is no strand to be on.
bool OrphanReaper::IsSupervised(pid_t child) const
    ABSL_NO_THREAD_SAFETY_ANALYSIS {
  return supervised_.contains(child);
}

bool OrphanReaper::IsAlone() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
  return supervised_.size() <= 1;
}

bool OrphanReaper::MayAdoptStrangers() const ABSL_NO_THREAD_SAFETY_ANALYSIS {
  return may_adopt_strangers_;
}

void OrphanReaper::AwaitSignal() {
  signals_.async_wait(
      [self = shared_from_this()](boost::system::error_code error, int) {
        self->OnSignal(error);
      });
}

void OrphanReaper::OnSignal(const boost::system::error_code& error) {
  strand_.AssertHeld();
  if (error) return;
  if (!closed_ || !supervised_.empty()) AwaitSignal();
  ReapOrphans();
  // An owner may forget its child, or start another.
  std::vector<std::weak_ptr<Owner>> owners;
  for (const auto& [child, owner] : supervised_) owners.push_back(owner);
  for (const auto& weak : owners) {
    if (const auto owner = weak.lock()) owner->OnChildSignal();
  }
}

// One signal may stand for many ends. A look that takes nothing comes first,
// because taking a supervised child's status would lose it.
void OrphanReaper::ReapOrphans() {
  for (;;) {
    siginfo_t ended = {};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        ended.si_pid == 0 || supervised_.contains(ended.si_pid)) {
      return;
    }
    if (::waitid(P_PID, static_cast<id_t>(ended.si_pid), &ended,
                 WEXITED | WNOHANG) != 0) {
      return;
    }
  }
}

void OrphanReaper::StopIfDone() {
  if (!closed_ || !supervised_.empty()) return;
  boost::system::error_code ignored;
  signals_.cancel(ignored);
}

}  // namespace clawplane::core
