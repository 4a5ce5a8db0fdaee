#include "core/io/descendants.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

namespace clawplane::core {
namespace {

// How many are looked for at a time: each costs a descriptor. More are found
// in the next round.
constexpr size_t kMaxFound = 128;
// Children of those deeper down come up when their ancestors die.
constexpr int kMaxDepth = 32;

UniqueFd Hold(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool Send(int handle, int signal) {
  return ::syscall(SYS_pidfd_send_signal, handle, signal, nullptr, 0) == 0;
}

// What the table says of the process behind the handle. The number was its own
// all the time, because it is not reaped even now.
std::optional<ProcessRow> RowOf(pid_t pid, const UniqueFd& handle) {
  if (handle.get() < 0) return std::nullopt;
  auto row = ReadProcessRow(pid);
  if (!row || !Send(handle.get(), 0)) return std::nullopt;
  return row;
}

// False if it lives: without its first thread a process looks dead.
bool Reap(pid_t pid) {
  siginfo_t ended = {};
  return ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG) !=
             0 ||
         ended.si_pid == pid;
}

}  // namespace

Descendants::Descendants(pid_t leader, std::string run,
                         std::shared_ptr<const OrphanReaper> orphans)
    : leader_(leader), run_(std::move(run)), orphans_(std::move(orphans)) {}

void Descendants::KillAll() {
  std::vector<Found> found;
  const UniqueFd leader = Hold(leader_);
  // Before anything dies: an orphan no longer shows where it came from.
  if (leader.get() >= 0) FindBelow(leader_, leader.get(), 0, found);
  FindOrphans(found);
  ::kill(-leader_, SIGKILL);
  Kill(found);
}

bool Descendants::KillOrphans() {
  std::vector<Found> found;
  FindOrphans(found);
  Kill(found);
  // For those that were made meanwhile. The leader keeps the number.
  ::kill(-leader_, SIGKILL);
  return !found.empty();
}

void Descendants::FindOrphans(std::vector<Found>& found) {
  const pid_t self = ::getpid();
  for (const pid_t pid : ChildrenOf(self)) {
    if (orphans_->IsSupervised(pid) || found.size() >= kMaxFound) continue;
    UniqueFd handle = Hold(pid);
    const auto row = RowOf(pid, handle);
    if (!row || row->parent != self) continue;
    // The reaper may not get to the dead while the leader is not reaped.
    if (row->ended() && Reap(pid)) continue;
    if (IsOurs(pid, *row) && Send(handle.get(), 0)) {
      FindBelow(pid, handle.get(), 0, found);
      found.push_back({std::move(handle), {pid, row->start_ticks}});
    }
  }
}

void Descendants::FindBelow(pid_t pid, int parent, int depth,
                            std::vector<Found>& found) {
  if (depth > kMaxDepth) return;
  for (const pid_t child : ChildrenOf(pid)) {
    if (found.size() >= kMaxFound) return;
    UniqueFd handle = Hold(child);
    const auto row = RowOf(child, handle);
    // The parent still holds its own number, so it is this child's parent.
    if (!row || row->parent != pid || !Send(parent, 0)) continue;
    FindBelow(child, handle.get(), depth + 1, found);
    if (row->ended()) continue;
    found.push_back({std::move(handle), {child, row->start_ticks}});
  }
}

bool Descendants::IsOurs(pid_t pid, const ProcessRow& row) const {
  if (row.group == leader_ || row.session == leader_) return true;
  if (const auto run = VariableOf(pid, kRunVariable)) return *run == run_;
  return killed_.contains({pid, row.start_ticks}) ||
         (orphans_->IsAlone() && !orphans_->MayAdoptStrangers());
}

void Descendants::Kill(const std::vector<Found>& found) {
  for (const Found& process : found) {
    if (Send(process.handle.get(), SIGKILL)) killed_.insert(process.identity);
  }
}

}  // namespace clawplane::core
