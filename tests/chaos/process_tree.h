// What the system holds for the daemon, by /proc.

#ifndef CLAWPLANE_TESTS_CHAOS_PROCESS_TREE_H_
#define CLAWPLANE_TESTS_CHAOS_PROCESS_TREE_H_

#include <sys/types.h>

#include <map>
#include <set>
#include <string>

namespace clawplane::testing {

// The children of a process; zombies are among them.
std::set<pid_t> ChildrenOf(pid_t pid);

// The descriptors of a process: how many there are of each kind (`socket`,
// `pipe`, `anon_inode:[pidfd]`, a path).
std::map<std::string, int> DescriptorsOf(pid_t pid);

// What `now` has more of than `before`, in words; empty if nothing.
std::string MoreDescriptors(const std::map<std::string, int>& before,
                            const std::map<std::string, int>& now);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_PROCESS_TREE_H_
