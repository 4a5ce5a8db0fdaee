#include "core/io/listener_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/io/process_table.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// The state of a listening socket in the table: TCP_LISTEN.
constexpr std::string_view kListen = "0A";

// How well a listening socket fits a destination; the kernel takes the best.
enum class Fit { kNone, kAnyOfBothFamilies, kAnyOfFamily, kExact };

// An address as the table has it: each word is printed as it lies in memory, so
// in network order read by the machine's own.
struct TableAddress {
  // One word for IPv4, four for IPv6.
  std::vector<uint32_t> words;
  uint16_t port = 0;
};

struct Row {
  TableAddress local;
  Listener listener;
};

// The parts of `text` between separators, without the empty ones.
std::vector<std::string_view> Split(std::string_view text,
                                    std::string_view separators) {
  std::vector<std::string_view> parts;
  size_t start = text.find_first_not_of(separators);
  while (start != std::string_view::npos) {
    const size_t end =
        std::min(text.find_first_of(separators, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = text.find_first_not_of(separators, end);
  }
  return parts;
}

// The number that is all of `text`.
template <typename Number>
std::optional<Number> Parse(std::string_view text, int base) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::optional<TableAddress> ParseAddress(std::string_view text) {
  const std::vector<std::string_view> halves = Split(text, ":");
  if (halves.size() != 2) return std::nullopt;
  const std::string_view digits = halves[0];
  if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
  TableAddress address;
  for (size_t i = 0; i < digits.size(); i += 8) {
    const auto word = Parse<uint32_t>(digits.substr(i, 8), 16);
    if (!word) return std::nullopt;
    address.words.push_back(*word);
  }
  const auto port = Parse<uint16_t>(halves[1], 16);
  if (!port) return std::nullopt;
  address.port = *port;
  return address;
}

// Columns: number, local, remote, state, queues, timer, retransmits, user,
// timeout, inode, and more.
std::optional<Row> ParseListeningRow(std::string_view line) {
  const std::vector<std::string_view> columns = Split(line, " \t");
  if (columns.size() < 10 || columns[3] != kListen) return std::nullopt;
  const std::optional<TableAddress> local = ParseAddress(columns[1]);
  const auto user = Parse<uid_t>(columns[7], 10);
  const auto inode = Parse<uint64_t>(columns[9], 10);
  if (!local || !user || !inode) return std::nullopt;
  return Row{*local, {*user, *inode}};
}

Fit FitOf(const std::vector<uint32_t>& bound, Loopback address) {
  using Words = std::vector<uint32_t>;
  const uint32_t loopback4 = htonl(INADDR_LOOPBACK);
  const bool any6 = bound == Words{0, 0, 0, 0};
  switch (address) {
    case Loopback::kIpv4:
      if (bound == Words{loopback4} ||
          bound == Words{0, 0, htonl(0xffff), loopback4}) {
        return Fit::kExact;
      }
      if (bound == Words{0}) return Fit::kAnyOfFamily;
      return any6 ? Fit::kAnyOfBothFamilies : Fit::kNone;
    case Loopback::kIpv6:
      if (bound == Words{0, 0, 0, htonl(1)}) return Fit::kExact;
      return any6 ? Fit::kAnyOfFamily : Fit::kNone;
  }
  return Fit::kNone;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool HasOpen(const std::string& process, const std::string& link) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator file(absl::StrCat("/proc/", process, "/fd"), error);
  for (; !error && file != fs::directory_iterator(); file.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(file->path(), gone).native() == link) return true;
  }
  return false;
}

// What a descriptor of the socket is in /proc/PID/fd.
std::string LinkOf(const Listener& listener) {
  return absl::StrCat("socket:[", listener.inode, "]");
}

std::optional<pid_t> FindProcess(const Listener& listener) {
  namespace fs = std::filesystem;
  const std::string link = LinkOf(listener);
  std::error_code error;
  fs::directory_iterator entry("/proc", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    if (!std::all_of(name.begin(), name.end(), absl::ascii_isdigit)) continue;
    struct stat status = {};
    if (::stat(entry->path().c_str(), &status) != 0 ||
        status.st_uid != listener.user || !HasOpen(name, link)) {
      continue;
    }
    return Parse<pid_t>(name, 10);
  }
  return std::nullopt;
}

// Whether we are among the ancestors of `pid`, or `leader` is. As all orphans
// among our descendants become our children, the way up always leads here.
bool DescendsFromUs(pid_t pid, pid_t leader) {
  // Deeper than any chain of processes is; a bound should one be read in
  // turmoil.
  constexpr int kMaxDepth = 100;
  for (int depth = 0; pid > 1 && depth < kMaxDepth; ++depth) {
    if (pid == ::getpid() || pid == leader) return true;
    const auto row = ReadProcessRow(pid);
    if (!row) return true;  // gone: nothing is known
    pid = row->parent;
  }
  return pid == ::getpid() || (pid != 0 && pid == leader);
}

}  // namespace

std::vector<Listener> FindListeners(std::string_view tcp, std::string_view tcp6,
                                    Loopback address, uint16_t port) {
  std::vector<Listener> found;
  Fit best = Fit::kNone;
  for (const std::string_view table : {tcp, tcp6}) {
    for (const std::string_view line : Split(table, "\n")) {
      const std::optional<Row> row = ParseListeningRow(line);
      if (!row || row->local.port != port) continue;
      const Fit fit = FitOf(row->local.words, address);
      if (fit == Fit::kNone || fit < best) continue;
      if (fit > best) found.clear();
      best = fit;
      found.push_back(row->listener);
    }
  }
  return found;
}

bool AllTrusted(const std::vector<Listener>& listeners, uid_t self) {
  return !listeners.empty() && std::all_of(listeners.begin(), listeners.end(),
                                           [self](const Listener& listener) {
                                             return listener.user == self ||
                                                    listener.user == 0;
                                           });
}

ListenerOwner LookUpListener(Loopback address, uint16_t port, pid_t leader) {
  const std::vector<Listener> listeners = FindListeners(
      ReadFile("/proc/net/tcp"), ReadFile("/proc/net/tcp6"), address, port);
  ListenerOwner owner;
  if (listeners.empty()) return owner;
  owner.trusted = AllTrusted(listeners, ::geteuid());
  if (const auto pid = FindProcess(listeners.front())) {
    owner.pid = *pid;
    owner.description =
        absl::StrCat("process ", *pid, " (", CommandOf(*pid), ")");
    owner.stranger = !DescendsFromUs(*pid, leader);
  } else {
    owner.description =
        absl::StrCat("user ", listeners.front().user, "'s process");
  }
  return owner;
}

std::optional<Fault> SignalListener(uint16_t port, int pid, int signal) {
  const auto fault = [pid](std::string_view why) {
    return Fault{
        Reason::kNotOurs,
        Concat("the gateway's process ", pid, " was not signalled: ", why),
        "restart it where it was started"};
  };
  const auto process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return fault(::strerror(errno));
  const std::string tcp = ReadFile("/proc/net/tcp");
  const std::string tcp6 = ReadFile("/proc/net/tcp6");
  std::optional<Fault> found = fault("it does not listen on the port");
  for (const Loopback address : {Loopback::kIpv4, Loopback::kIpv6}) {
    for (const Listener& listener : FindListeners(tcp, tcp6, address, port)) {
      if (found && HasOpen(std::to_string(pid), LinkOf(listener))) {
        found.reset();
      }
    }
  }
  if (!found &&
      ::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0) != 0) {
    found = fault(::strerror(errno));
  }
  ::close(process);
  return found;
}

}  // namespace clawplane::core
