// Finds and kills what descends from one launch, wherever it went.

#ifndef CLAWPLANE_CORE_IO_DESCENDANTS_H_
#define CLAWPLANE_CORE_IO_DESCENDANTS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/io/orphan_reaper.h"
#include "core/io/process_table.h"
#include "core/io/unique_fd.h"

namespace clawplane::core {

// The variable that marks the environment of all processes of one launch.
inline constexpr std::string_view kRunVariable = "CLAWPLANE_RUN";

// The descendants of one supervised child, the leader: those below it, and
// those whose parents have ended, which are children of this process then. An
// orphan is taken for a descendant if
//
//   * it is in the leader's session or group; or
//   * its environment carries the mark of the launch; or
//   * it was seen below the leader before; or
//   * it has no mark at all, no other child is supervised, and strangers cannot
//     come here (see OrphanReaper).
//
// All else is left alone. A process is signalled through a pidfd that was
// opened before the look at it, so a signal never hits another one that got its
// number. The leader itself must not be reaped while this is used: it keeps the
// number of its session and group.
//
// Thread-compatible.
class Descendants {
 public:
  // `run` is the value of `kRunVariable` that only this launch has.
  Descendants(pid_t leader, std::string run,
              std::shared_ptr<const OrphanReaper> orphans);

  // Sends SIGKILL to the group, with its living leader in it, and to all other
  // descendants that are found.
  void KillAll();

  // Sends SIGKILL to those that have outlived the leader, and reaps the dead.
  // False once there was none alive: the dead make no more.
  bool KillOrphans();

  // How many were killed so far, without the leader.
  int killed() const { return static_cast<int>(killed_.size()); }

 private:
  // Number and start.
  using Identity = std::pair<pid_t, uint64_t>;
  struct Found {
    UniqueFd handle;
    Identity identity;
  };

  // Adds the orphans that belong here, and all below them.
  void FindOrphans(std::vector<Found>& found);
  // Adds what is below a process that `parent` holds.
  void FindBelow(pid_t pid, int parent, int depth, std::vector<Found>& found);
  bool IsOurs(pid_t pid, const ProcessRow& row) const;
  void Kill(const std::vector<Found>& found);

  const pid_t leader_;
  const std::string run_;
  const std::shared_ptr<const OrphanReaper> orphans_;
  std::set<Identity> killed_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_DESCENDANTS_H_
