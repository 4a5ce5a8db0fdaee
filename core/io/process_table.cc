#include "core/io/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>

#include "absl/strings/ascii.h"
#include "core/io/unique_fd.h"

namespace clawplane::core {
namespace {

// Larger than any `stat`, `status` or `comm`.
using Page = std::array<char, 4096>;

// The environment may be as large as a quarter of the stack; of one larger than
// this only the start is looked at.
constexpr size_t kMaxEnvironmentBytes = 1024 * 1024;

constexpr size_t kMaxCommandBytes = 64;

struct Path {
  Path(pid_t pid, const char* file) {
    std::snprintf(text.data(), text.size(), "/proc/%d/%s", pid, file);
  }
  std::array<char, 64> text;
};

UniqueFd Open(const Path& path) {
  return UniqueFd(::open(path.text.data(), O_RDONLY | O_CLOEXEC));
}

// As much as one read brings: the kernel makes these files whole.
std::string_view ReadPage(const Path& path, Page& page) {
  const UniqueFd file = Open(path);
  if (file.get() < 0) return {};
  const ssize_t size = ::read(file.get(), page.data(), page.size());
  return {page.data(), size < 0 ? 0 : static_cast<size_t>(size)};
}

// Takes the next word off `text`.
std::string_view TakeWord(std::string_view& text) {
  const size_t start = text.find_first_not_of(" \t\n");
  if (start == text.npos) return text = {};
  text.remove_prefix(start);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
  text.remove_prefix(word.size());
  return word;
}

template <typename Number>
std::optional<Number> TakeNumber(std::string_view& text) {
  const std::string_view word = TakeWord(text);
  Number number = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// The figure of a line "Name:   123 kB", in bytes.
uint64_t FindBytes(std::string_view status, std::string_view name) {
  const size_t at = status.find(name);
  if (at == status.npos) return 0;
  status.remove_prefix(at + name.size());
  return TakeNumber<uint64_t>(status).value_or(0) * 1024;
}

Duration OfTicks(uint64_t ticks) {
  static const int64_t per_second = ::sysconf(_SC_CLK_TCK);
  return std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second *
         static_cast<int64_t>(ticks);
}

}  // namespace

std::optional<ProcessRow> ParseProcessRow(std::string_view stat) {
  // Nothing after the name can hold a parenthesis.
  const size_t name_end = stat.rfind(')');
  if (name_end == stat.npos) return std::nullopt;
  stat.remove_prefix(name_end + 1);
  ProcessRow row;
  const std::string_view state = TakeWord(stat);
  if (state.size() != 1) return std::nullopt;
  row.state = state.front();
  const auto parent = TakeNumber<pid_t>(stat);
  const auto group = TakeNumber<pid_t>(stat);
  const auto session = TakeNumber<pid_t>(stat);
  for (int skipped = 7; skipped <= 13; ++skipped) TakeWord(stat);
  const auto user_ticks = TakeNumber<uint64_t>(stat);
  const auto system_ticks = TakeNumber<uint64_t>(stat);
  for (int skipped = 16; skipped <= 21; ++skipped) TakeWord(stat);
  const auto start_ticks = TakeNumber<uint64_t>(stat);
  if (!parent || !group || !session || !user_ticks || !system_ticks ||
      !start_ticks) {
    return std::nullopt;
  }
  row.parent = *parent;
  row.group = *group;
  row.session = *session;
  row.cpu_ticks = *user_ticks + *system_ticks;
  row.start_ticks = *start_ticks;
  return row;
}

std::optional<ProcessRow> ReadProcessRow(pid_t pid) {
  Page page;
  return ParseProcessRow(ReadPage(Path(pid, "stat"), page));
}

std::optional<ProcessVitals> ReadVitals(pid_t pid) {
  const auto row = ReadProcessRow(pid);
  if (!row || row->ended()) return std::nullopt;
  Page page;
  const std::string_view status = ReadPage(Path(pid, "status"), page);
  return ProcessVitals{.state = row->state,
                       .cpu_time = OfTicks(row->cpu_ticks),
                       .resident_bytes = FindBytes(status, "\nVmRSS:"),
                       .peak_resident_bytes = FindBytes(status, "\nVmHWM:")};
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  const Path tasks(pid, "task");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(
      ::opendir(tasks.text.data()), &::closedir);
  if (!directory) return children;
  while (const dirent* const task = ::readdir(directory.get())) {
    if (task->d_name[0] == '.') continue;
    std::array<char, 48> name;
    std::snprintf(name.data(), name.size(), "task/%.16s/children",
                  task->d_name);
    const UniqueFd file = Open(Path(pid, name.data()));
    if (file.get() < 0) continue;
    // Each read brings whole numbers, with a blank after each.
    Page page;
    ssize_t size;
    while ((size = ::read(file.get(), page.data(), page.size())) > 0) {
      std::string_view list(page.data(), static_cast<size_t>(size));
      while (const auto child = TakeNumber<pid_t>(list)) {
        children.push_back(*child);
      }
    }
  }
  return children;
}

std::optional<std::string> VariableOf(pid_t pid, std::string_view name) {
  const UniqueFd file = Open(Path(pid, "environ"));
  if (file.get() < 0) return std::nullopt;
  std::string environment;
  Page page;
  ssize_t size;
  while ((size = ::read(file.get(), page.data(), page.size())) > 0 &&
         environment.size() < kMaxEnvironmentBytes) {
    environment.append(page.data(), static_cast<size_t>(size));
  }
  std::string_view rest = environment;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('\0'));
    if (entry.size() > name.size() && entry.starts_with(name) &&
        entry[name.size()] == '=') {
      return std::string(entry.substr(name.size() + 1));
    }
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
  }
  return std::nullopt;
}

std::string CommandOf(pid_t pid) {
  Page page;
  std::string command(ReadPage(Path(pid, "comm"), page));
  if (!command.empty() && command.back() == '\n') command.pop_back();
  // The kernel keeps 15 characters; the command line may have the rest.
  if (command.size() == 15) {
    std::string_view line = ReadPage(Path(pid, "cmdline"), page);
    line = line.substr(0, line.find('\0'));
    line.remove_prefix(line.rfind('/') + 1);
    line = line.substr(0, std::min(line.find(' '), kMaxCommandBytes));
    if (line.starts_with(command)) command = line;
  }
  // A process can call itself anything; people and UTF-8 are owed plain text.
  for (char& c : command) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return command;
}

}  // namespace clawplane::core
