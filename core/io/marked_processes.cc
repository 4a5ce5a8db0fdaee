#include "core/io/marked_processes.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "core/io/descendants.h"
#include "core/io/process_table.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// How many are found at a time: each costs a descriptor. More are found in the
// next round.
constexpr size_t kMaxFound = 128;

bool IsOfOurUser(pid_t pid) {
  struct stat status = {};
  return ::stat(Concat("/proc/", pid).c_str(), &status) == 0 &&
         status.st_uid == ::geteuid();
}

bool IsBeside(const HeldProcess* leader, const ProcessRow& row) {
  return leader != nullptr &&
         (row.session == leader->pid() || row.group == leader->pid());
}

std::optional<pid_t> NumberIn(const std::string& name) {
  pid_t pid = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data(), end, pid);
  if (read.ec != std::errc() || read.ptr != end || pid <= 0) return {};
  return pid;
}

}  // namespace

std::optional<HeldProcess> HeldProcess::Hold(pid_t pid) {
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (handle.get() < 0) return std::nullopt;
  return HeldProcess(pid, std::move(handle));
}

bool HeldProcess::Send(int signal) const {
  return ::syscall(SYS_pidfd_send_signal, handle_.get(), signal, nullptr, 0) ==
         0;
}

bool BearsMark(pid_t pid, const std::string& run) {
  return !run.empty() && IsOfOurUser(pid) &&
         VariableOf(pid, kRunVariable) == run;
}

std::vector<HeldProcess> FindMarked(const std::string& run,
                                    const HeldProcess* leader) {
  namespace fs = std::filesystem;
  std::vector<HeldProcess> found;
  std::error_code error;
  fs::directory_iterator entry("/proc", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto pid = NumberIn(entry->path().filename().native());
    if (!pid || *pid == ::getpid() || found.size() >= kMaxFound) continue;
    auto held = HeldProcess::Hold(*pid);
    const auto row = ReadProcessRow(*pid);
    if (!held || !row || row->ended()) continue;
    const bool beside = IsBeside(leader, *row) && leader->Send(0);
    // It was the one that is held all the time, if it is not reaped even now.
    if ((beside || BearsMark(*pid, run)) && held->Send(0)) {
      found.push_back(*std::move(held));
    }
  }
  return found;
}

std::string SystemBootId() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace clawplane::core
