// Reaps the processes that lost their parent and became children of this one.

#ifndef CLAWPLANE_CORE_IO_ORPHAN_REAPER_H_
#define CLAWPLANE_CORE_IO_ORPHAN_REAPER_H_

#include <sys/types.h>

#include <boost/asio/basic_signal_set.hpp>
#include <boost/system/error_code.hpp>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"

namespace clawplane::core {

// Makes this process the parent of all orphans among its descendants (the
// kernel's "child subreaper"), reaps each of them that ends, and tells the
// owners of supervised children of every SIGCHLD. The status of a supervised
// child is never taken here: that is its owner's.
//
// This is a matter of the whole process: there may be one at a time, and from
// its first moment on nothing else in the program may start processes (popen,
// system), unless it reaps them in the same step on the strand.
//
// As PID 1 of a container, orphans of strangers come here too: of `docker
// exec`, for one. So they do when this program was put in the place of another
// one that had children. They are reaped, and otherwise left alone.
//
// A life: `Begin`, then `Supervise` and `Forget` for each child, `Close`.
// Shared with the children, so that the last of them is reaped though nobody
// owns it any more. On the strand, but for construction and destruction.
class OrphanReaper : public std::enable_shared_from_this<OrphanReaper> {
 public:
  // The owner of a supervised child.
  class Owner {
   public:
    virtual ~Owner() = default;
    // A child has ended, stopped, or gone on: perhaps one of its.
    virtual void OnChildSignal() = 0;
  };

  explicit OrphanReaper(CoreStrand& strand);
  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

  void Begin();
  // Once the last supervised child is forgotten, nothing here keeps the
  // `io_context` running.
  void Close();

  // In the same step as the child's start.
  void Supervise(pid_t child, std::weak_ptr<Owner> owner);
  // In the same step as it was reaped.
  void Forget(pid_t child);

  bool IsSupervised(pid_t child) const;
  // Whether at most one child is supervised.
  bool IsAlone() const;
  // Whether orphans may come that descend from no child of ours.
  bool MayAdoptStrangers() const;

 private:
  void AwaitSignal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnSignal(const boost::system::error_code& error);
  void ReapOrphans() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void StopIfDone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  CoreStrand& strand_;
  boost::asio::basic_signal_set<CoreStrand::Executor> signals_
      ABSL_GUARDED_BY(strand_);
  std::map<pid_t, std::weak_ptr<Owner>> supervised_ ABSL_GUARDED_BY(strand_);
  bool may_adopt_strangers_ ABSL_GUARDED_BY(strand_) = true;
  bool closed_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_ORPHAN_REAPER_H_
