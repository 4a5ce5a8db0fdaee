// The settings, one by one, and how their values are read.

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "core/model/config.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Values = std::vector<std::string>;

// ---- Reading values. Each gives nothing for what is not allowed.

std::optional<uint64_t> ReadInteger(std::string_view text, uint64_t least,
                                    uint64_t most) {
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (value < least || value > most) return {};
  return value;
}

// "10s", "1m30s", "250ms"; at least one part, each with its unit.
std::optional<Duration> ReadDuration(std::string_view text, Duration least,
                                     Duration most) {
  const std::pair<std::string_view, Duration> units[] = {
      {"ms", milliseconds(1)},
      {"s", seconds(1)},
      {"m", minutes(1)},
      {"h", hours(1)}};
  if (text.empty()) return {};
  Duration sum{};
  while (!text.empty()) {
    uint64_t count = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return {};
    text.remove_prefix(end - text.data());
    const auto unit =
        std::find_if(std::begin(units), std::end(units),
                     [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == std::end(units)) return {};
    text.remove_prefix(unit->first.size());
    // Compared as counts, so that nothing can overflow.
    if (count > static_cast<uint64_t>((most - sum) / unit->second)) return {};
    sum += unit->second * static_cast<int64_t>(count);
  }
  if (sum < least) return {};
  return sum;
}

std::optional<bool> ReadBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return {};
}

// "HOST:PORT", where the host is of the loopback interface; or "none".
bool IsLoopbackListener(std::string_view text) {
  if (text == "none") return true;
  const size_t colon = text.rfind(':');
  if (colon == text.npos || !ReadInteger(text.substr(colon + 1), 0, 65535)) {
    return false;
  }
  const std::string_view host = text.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  // 127.x.y.z: four numbers, and the first says that it is loopback.
  size_t parts = 0;
  for (std::string_view rest = host;; ++parts) {
    const size_t dot = rest.find('.');
    if (!ReadInteger(rest.substr(0, dot), 0, 255)) return false;
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  return parts == 3 && host.starts_with("127.");
}

// ---- Describing settings

using Apply = decltype(Setting::apply);

// Settings of one value, each by the reader for its type. `place` finds the
// field in the config.
template <typename Read, typename Place>
Apply One(Read read, Place place) {
  return [read, place](const Values& values, Config& config) {
    const auto value = read(values.front());
    if (!value) return false;
    place(config) = *value;
    return true;
  };
}

template <typename Place>
Apply Text(Place place, bool may_be_empty = true) {
  return One(
      [=](const std::string& text) -> std::optional<std::string> {
        if (text.empty() && !may_be_empty) return {};
        if (text.size() > 4096) return {};
        return text;
      },
      place);
}

template <typename Place>
Apply Time(Duration least, Duration most, Place place) {
  return One([=](const std::string& t) { return ReadDuration(t, least, most); },
             place);
}

template <typename Place>
Apply Number(uint64_t least, uint64_t most, Place place) {
  return One([=](const std::string& t) { return ReadInteger(t, least, most); },
             place);
}

// In MiB, kept in bytes.
template <typename Place>
Apply Mebibytes(Place place) {
  return One(
      [](const std::string& t) -> std::optional<uint64_t> {
        const auto count = ReadInteger(t, 0, 1024 * 1024);
        if (!count) return {};
        return *count << 20;
      },
      place);
}

template <typename Place>
Apply YesNo(Place place) {
  return One([](const std::string& t) { return ReadBool(t); }, place);
}

template <typename Place>
Apply List(Place place, bool (*is_allowed)(const std::string&)) {
  return [=](const Values& values, Config& config) {
    if (!std::all_of(values.begin(), values.end(), is_allowed)) return false;
    place(config) = values;
    return true;
  };
}

bool IsNotEmpty(const std::string& text) { return !text.empty(); }

bool IsAssignment(const std::string& text) {
  const size_t equals = text.find('=');
  // The token has its own way in, and what is ours is not the gateway's.
  return equals != text.npos && equals > 0 &&
         !text.starts_with("OPENCLAW_GATEWAY_TOKEN=") &&
         !text.starts_with("CLAWPLANE_");
}

std::optional<Mode> ReadMode(const std::string& text) {
  if (text == "launch") return Mode::kLaunch;
  if (text == "attach") return Mode::kAttach;
  if (text == "auto") return Mode::kAuto;
  return {};
}

// A path of members is no expression, so it takes no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define CLAWPLANE_FIELD(path) \
  [](Config & config) -> auto& { return config.path; }
// NOLINTEND(bugprone-macro-parentheses)

std::vector<Setting> DaemonSettings() {
  return {
      {"name", "clawplane", "1 to 4096 bytes",
       "The name of this instance, shown in its status.", false,
       Text(CLAWPLANE_FIELD(name), false)},
      {"state_dir", "see below", "a directory; made if missing, mode 0700",
       "Where tokens and the socket are kept.", false,
       Text(CLAWPLANE_FIELD(state_directory), false)},
      {"listen", "127.0.0.1:50061",
       "HOST:PORT with HOST on loopback and PORT 0 (any free one) to 65535, "
       "or none; other hosts are refused until there is access control",
       "The TCP listener; callers need the access token.", false,
       One(
           [](const std::string& text) -> std::optional<std::string> {
             if (!IsLoopbackListener(text)) return {};
             return text;
           },
           CLAWPLANE_FIELD(listen))},
      {"socket", "clawplane.sock in the state directory",
       "a path of at most 107 bytes, or none",
       "The Unix socket, mode 0600; its mode is its credential.", false,
       One(
           [](const std::string& text) -> std::optional<std::string> {
             if (text.empty() || text.size() > 107) return {};
             return text;
           },
           CLAWPLANE_FIELD(socket))},
  };
}

std::vector<Setting> LaunchSettings() {
  return {
      {"gateway.mode", "auto", "launch, attach, auto",
       "launch: only a child of ours; attach: only ever connect; auto: connect "
       "to what answers, else launch.",
       false, One(ReadMode, CLAWPLANE_FIELD(machine.mode))},
      {"gateway.port", "18789", "1 to 65535", "The gateway's port on loopback.",
       false, Number(1, 65535, CLAWPLANE_FIELD(machine.port))},
      {"gateway.dir", "where openclaw in PATH lies", "a directory",
       "The installed package of the gateway, or a checkout of its sources.",
       false, Text(CLAWPLANE_FIELD(gateway.directory), false)},
      {"gateway.command", "from gateway.dir",
       "a list; the first is a program; {port} stands for the port",
       "The whole command line, in place of what gateway.dir leads to.", true,
       List(CLAWPLANE_FIELD(gateway.command), IsNotEmpty)},
      {"gateway.doctor_command", "from gateway.dir; none for gateway.command",
       "a list; the first is a program; {port} stands for the port",
       "What repairs a gateway that will not start, in place of its own "
       "doctor.",
       true, List(CLAWPLANE_FIELD(gateway.doctor_command), IsNotEmpty)},
      {"gateway.node", "node in PATH", "a program",
       "The Node that runs the gateway.", false,
       Text(CLAWPLANE_FIELD(gateway.node), false)},
      {"gateway.home", "that of clawplaned", "a directory",
       "HOME of the gateway, where it keeps its state.", false,
       Text(CLAWPLANE_FIELD(gateway.home), false)},
      {"gateway.dev", "false", "true, false",
       "Run the gateway with its development profile (--dev).", false,
       YesNo(CLAWPLANE_FIELD(gateway.dev))},
      {"gateway.allow_unconfigured", "false", "true, false",
       "Let the gateway run without a configuration of its own.", false,
       YesNo(CLAWPLANE_FIELD(gateway.allow_unconfigured))},
      {"gateway.skip_channels", "false", "true, false",
       "Start no channels (chat networks) in the gateway.", false,
       YesNo(CLAWPLANE_FIELD(gateway.skip_channels))},
      {"gateway.environment", "empty",
       "a list of NAME=value; not CLAWPLANE_*, not OPENCLAW_GATEWAY_TOKEN",
       "Further variables of the gateway's environment.", true,
       List(CLAWPLANE_FIELD(gateway.environment), IsAssignment),
       /*is_secret=*/true},
  };
}

std::vector<Setting> ConnectionSettings() {
  return {
      {"gateway.token_file", "gateway.token in the state directory", "a file",
       "Holds the token shared with the gateway; made if missing.", false,
       Text(CLAWPLANE_FIELD(gateway.token_file), false)},
      {"gateway.scopes", "operator.read, .write, .admin, .approvals, .pairing",
       "a list", "What to ask the gateway for permission to do.", true,
       List(CLAWPLANE_FIELD(gateway.scopes), IsNotEmpty)},
      {"gateway.probe_timeout", "2s", "50ms to 60s",
       "How long to wait for what listens on the port to answer.", false,
       Time(milliseconds(50), seconds(60),
            CLAWPLANE_FIELD(gateway.probe_timeout))},
      {"gateway.start_budget", "300s", "1s to 1h",
       "How long a start may show no progress (output, CPU time, an answer).",
       false,
       Time(seconds(1), hours(1), CLAWPLANE_FIELD(machine.start_budget))},
      {"gateway.start_limit", "900s", "1s to 24h",
       "How long a start may take in all.", false,
       Time(seconds(1), hours(24), CLAWPLANE_FIELD(machine.start_limit))},
      {"gateway.stop_grace", "10s", "0s to 330s",
       "How long it may take after SIGTERM before it is killed.", false,
       Time(seconds(0), seconds(330), CLAWPLANE_FIELD(machine.stop_grace))},
      {"gateway.restart_delay", "1s", "0s to 60s",
       "The pause between stop and start of a restart.", false,
       Time(seconds(0), seconds(60), CLAWPLANE_FIELD(machine.restart_delay))},
      {"gateway.handshake_timeout", "30s", "100ms to 300s",
       "How long one attempt to connect may take.", false,
       Time(milliseconds(100), seconds(300),
            CLAWPLANE_FIELD(machine.handshake_timeout))},
      {"gateway.max_reconnect_attempts", "10", "1 to 1000",
       "After so many failed attempts the status says so; they go on.", false,
       Number(1, 1000, CLAWPLANE_FIELD(machine.max_reconnect_attempts))},
  };
}

std::vector<Setting> HealthSettings() {
  return {
      {"gateway.autostart", "false", "true, false",
       "Start the gateway with the daemon, unless a stop was the last order.",
       false, YesNo(CLAWPLANE_FIELD(gateway.autostart))},
      {"gateway.check_interval", "30s", "1s to 1h",
       "How often the gateway's health and memory are looked at.", false,
       Time(seconds(1), hours(1), CLAWPLANE_FIELD(liveness.check_interval))},
      {"gateway.silence_limit", "180s", "3s to 24h",
       "After so long without a sign of life, and with all proofs of it "
       "failed, "
       "it is launched anew.",
       false,
       Time(seconds(3), hours(24), CLAWPLANE_FIELD(liveness.silence_limit))},
      {"gateway.memory_soft_limit", "0 (none)", "0 to 1048576 MiB",
       "Resident memory above which an event tells so.", false,
       Mebibytes(CLAWPLANE_FIELD(machine.memory_soft_limit))},
      {"gateway.memory_hard_limit", "0 (none)", "0 to 1048576 MiB",
       "Resident memory above which the gateway is launched anew.", false,
       Mebibytes(CLAWPLANE_FIELD(machine.memory_hard_limit))},
  };
}

std::vector<Setting> BoundSettings() {
  return {
      {"rpc.max_in_flight", "128", "1 to 256",
       "Calls that may be with the gateway at a time.", false,
       Number(1, 256, CLAWPLANE_FIELD(calls.max_in_flight))},
      {"rpc.max_queued", "1024", "1 to 65536",
       "Calls that may wait for their turn.", false,
       Number(1, 65536, CLAWPLANE_FIELD(calls.max_queued))},
      {"events.max_count", "65536", "1 to 10000000", "Events held for replay.",
       false, Number(1, 10'000'000, CLAWPLANE_FIELD(events.max_events))},
      {"events.max_bytes", "67108864", "65536 to 8589934592 bytes",
       "Memory for events held for replay.", false,
       Number(65'536, 8'589'934'592, CLAWPLANE_FIELD(events.max_bytes))},
      {"logs.max_lines", "10000", "1 to 100000",
       "Lines of the gateway's output held.", false,
       Number(1, 100'000, CLAWPLANE_FIELD(logs.max_lines))},
      {"logs.max_bytes", "4194304", "65536 to 268435456 bytes",
       "Memory for the gateway's output.", false,
       Number(65'536, 268'435'456, CLAWPLANE_FIELD(logs.max_bytes))},
  };
}

#undef CLAWPLANE_FIELD

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto* const settings = [] {
    auto* const all = new std::vector<Setting>(DaemonSettings());
    for (const auto& part : {LaunchSettings(), ConnectionSettings(),
                             HealthSettings(), BoundSettings()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *settings;
}

}  // namespace clawplane::core
