#include "tests/chaos/process_tree.h"

#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/e2e/child.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;

// 0 where there is no such process any more.
pid_t ParentOf(pid_t pid) {
  const std::string stat = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  const size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return 0;
  const std::vector<std::string> words =
      absl::StrSplit(stat.substr(name_end + 2), ' ');
  pid_t parent = 0;
  return words.size() > 1 && absl::SimpleAtoi(words[1], &parent) ? parent : 0;
}

}  // namespace

std::set<pid_t> ChildrenOf(pid_t pid) {
  std::set<pid_t> children;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    pid_t other = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &other)) continue;
    if (ParentOf(other) == pid) children.insert(other);
  }
  return children;
}

std::map<std::string, int> DescriptorsOf(pid_t pid) {
  std::map<std::string, int> kinds;
  std::error_code error;
  for (const auto& entry :
       fs::directory_iterator(absl::StrCat("/proc/", pid, "/fd"), error)) {
    const std::string target = fs::read_symlink(entry.path(), error).string();
    if (error) continue;
    // Sockets and pipes have numbers, files paths.
    const bool numbered = target.find(":[") != target.npos &&
                          target.compare(0, 11, "anon_inode:") != 0;
    ++kinds[numbered ? target.substr(0, target.find(':')) : target];
  }
  return kinds;
}

std::string MoreDescriptors(const std::map<std::string, int>& before,
                            const std::map<std::string, int>& now) {
  std::string more;
  for (const auto& [kind, count] : now) {
    const auto found = before.find(kind);
    const int had = found == before.end() ? 0 : found->second;
    if (count > had) absl::StrAppend(&more, count - had, " more ", kind, "; ");
  }
  return more;
}

}  // namespace clawplane::testing
