// The settings, one by one.

#include "core/model/config.h"
#include "core/model/setting_values.h"

namespace clawplane::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

bool IsNotEmpty(const std::string& text) { return !text.empty(); }

bool IsAssignment(const std::string& text) {
  const size_t equals = text.find('=');
  // The token has its own way in, and what is ours is not the gateway's.
  return equals != text.npos && equals > 0 &&
         !text.starts_with("OPENCLAW_GATEWAY_TOKEN=") &&
         !text.starts_with("CLAWPLANE_");
}

std::vector<Setting> DaemonSettings() {
  return {
      {"name", "clawplane", "1 to 4096 bytes",
       "The name of this instance, shown in its status.", false,
       Text(CLAWPLANE_FIELD(name))},
      {"state_dir", "see below", "a directory; made if missing, mode 0700",
       "Where tokens and the socket are kept.", false,
       Text(CLAWPLANE_FIELD(state_directory))},
  };
}

std::vector<Setting> LaunchSettings() {
  return {
      {"gateway.mode", "auto", "launch, attach, auto",
       "launch: only a child of ours; attach: only ever connect; auto: connect "
       "to what answers, else launch.",
       false,
       Word<Mode>({{"launch", Mode::kLaunch},
                   {"attach", Mode::kAttach},
                   {"auto", Mode::kAuto}},
                  CLAWPLANE_FIELD(machine.mode))},
      {"gateway.port", "18789", "1 to 65535", "The gateway's port on loopback.",
       false, Number(1, 65535, CLAWPLANE_FIELD(machine.port))},
      {"gateway.dir", "where openclaw in PATH lies", "a directory",
       "The installed package of the gateway, or a checkout of its sources.",
       false, Text(CLAWPLANE_FIELD(gateway.directory))},
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
       Text(CLAWPLANE_FIELD(gateway.node))},
      {"gateway.home", "that of clawplaned", "a directory",
       "HOME of the gateway, where it keeps its state.", false,
       Text(CLAWPLANE_FIELD(gateway.home))},
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
       Text(CLAWPLANE_FIELD(gateway.token_file))},
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
      {"gateway.drain_limit", "315s", "1s to 1h",
       "How long it may take to finish its work before a stop or restart that "
       "waits for that.",
       false, Time(seconds(1), hours(1), CLAWPLANE_FIELD(machine.drain_limit))},
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
      {"gateway.on_exit", "stop", "stop, drain, leave_running",
       "What becomes of a gateway of ours when clawplaned ends: it is stopped, "
       "once it has finished its work (drain), or left to the next one.",
       false,
       Word<OnExit>({{"stop", OnExit::kStop},
                     {"drain", OnExit::kDrain},
                     {"leave_running", OnExit::kLeaveRunning}},
                    CLAWPLANE_FIELD(gateway.on_exit))},
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

std::vector<Setting> EventSettings() {
  return {
      {"event_log.dir", "none", "a directory; made if missing, mode 0700",
       "Where events are kept over restarts; without it in memory alone.",
       false, Text(CLAWPLANE_FIELD(event_log.directory))},
      {"event_log.max_age", "168h", "1m to 87600h",
       "Events on disk that are older are removed.", false,
       Time(minutes(1), hours(87'600), CLAWPLANE_FIELD(event_log.max_age))},
      {"event_log.max_bytes", "1073741824", "1048576 to 1099511627776 bytes",
       "Disk for events; over it the oldest are removed.", false,
       Number(1'048'576, 1'099'511'627'776,
              CLAWPLANE_FIELD(event_log.max_bytes))},
      {"event_log.commit_interval", "20ms", "0s to 10s",
       "The least time from one commit to the next; what comes meanwhile is "
       "committed together.",
       false,
       Time(seconds(0), seconds(10),
            CLAWPLANE_FIELD(event_log.commit_interval))},
      {"nats.url", "none", "nats://HOST:PORT or tls://HOST:PORT",
       "Where events are published too: a NATS server with JetStream.", false,
       Text(CLAWPLANE_FIELD(nats.url)), /*is_secret=*/true},
      {"nats.stream", "CLAWPLANE", "a name",
       "The stream that takes the events.", false,
       Text(CLAWPLANE_FIELD(nats.stream))},
      {"nats.create_stream", "false", "true, false",
       "Make the stream if it is missing.", false,
       YesNo(CLAWPLANE_FIELD(nats.create_stream))},
      {"nats.token_file", "none", "a file", "Holds the token that NATS wants.",
       false, Text(CLAWPLANE_FIELD(nats.token_file))},
      {"nats.credentials_file", "none", "a file",
       "Holds the credentials (.creds) that NATS wants.", false,
       Text(CLAWPLANE_FIELD(nats.credentials_file))},
      {"nats.ca_file", "what the system believes", "a file in PEM",
       "Authorities whose certificates NATS may show.", false,
       Text(CLAWPLANE_FIELD(nats.ca_file))},
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

}  // namespace

const std::vector<Setting>& Settings() {
  static const auto* const settings = [] {
    auto* const all = new std::vector<Setting>(DaemonSettings());
    for (const auto& part :
         {ListenerSettings(), AccessSettings(), OpsSettings(), LaunchSettings(),
          ConnectionSettings(), HealthSettings(), EventSettings(),
          BoundSettings()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return *settings;
}

}  // namespace clawplane::core
