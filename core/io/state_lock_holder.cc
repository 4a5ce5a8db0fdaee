#include "core/io/state_lock_holder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "core/io/process_table.h"
#include "core/io/unique_fd.h"
#include "core/model/state_lock.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

namespace fs = std::filesystem;

// The folder is the gateway's, for anything; it holds a few entries.
constexpr int kMaxEntries = 1000;

// Empty for what is no plain file, or too long for a lock. Opening a FIFO does
// not wait for its writer.
std::string ReadSmallFile(const fs::path& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0 ||
      !S_ISREG(status.st_mode) || status.st_size <= 0 ||
      static_cast<size_t>(status.st_size) > StateLock::kMaxBytes) {
    return {};
  }
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  return text;
}

// Whether the process that wrote the lock still runs, and no other one with its
// number.
bool IsHeld(const StateLock& lock) {
  const auto row = ReadProcessRow(lock.pid);
  return row && !row->ended() &&
         (lock.start_ticks == 0 || lock.start_ticks == row->start_ticks);
}

}  // namespace

std::optional<StateLockHolder> FindStateLockHolder(const std::string& home) {
  const fs::path state = fs::path(home) / ".openclaw";
  std::error_code error;
  fs::directory_iterator folder(state / "tmp", error);
  for (int seen = 0;
       !error && folder != fs::directory_iterator() && seen < kMaxEntries;
       folder.increment(error), ++seen) {
    if (!folder->path().filename().native().starts_with("openclaw-")) continue;
    const auto lock =
        ParseStateLock(ReadSmallFile(folder->path() / "gateway.state.lock"));
    if (!lock || !IsHeld(*lock)) continue;
    StateLockHolder holder{lock->pid, CommandOf(lock->pid), lock->port, {}};
    holder.description = Concat("process ", holder.pid, " (", holder.command,
                                ") holds the state lock of ", state.native());
    return holder;
  }
  return std::nullopt;
}

}  // namespace clawplane::core
