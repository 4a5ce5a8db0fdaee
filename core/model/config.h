// All that can be configured, with its defaults and its allowed values.

#ifndef CLAWPLANE_CORE_MODEL_CONFIG_H_
#define CLAWPLANE_CORE_MODEL_CONFIG_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/model/event_log.h"
#include "core/model/gateway_machine.h"
#include "core/model/liveness.h"
#include "core/model/log_buffer.h"
#include "core/model/pending_calls.h"
#include "core/model/time.h"

namespace clawplane::core {

// What becomes of a gateway of ours when the control plane ends.
enum class OnExit {
  // It is stopped.
  kStop,
  // It finishes its work, and is stopped.
  kDrain,
  // It runs on, and the next control plane takes it over.
  kLeaveRunning,
};

// How to start a gateway, and how to speak to it.
struct GatewayConfig {
  // The package's directory: an installed one, or a source checkout. Empty:
  // that of the `openclaw` found in PATH.
  std::string directory;
  // The whole command line in place of what `directory` leads to. `{port}` in
  // an argument stands for the port.
  std::vector<std::string> command;
  // The whole command line that repairs what keeps the gateway from starting.
  // Empty: the doctor of the installed package, and none for a `command`.
  std::vector<std::string> doctor_command;
  // The Node that runs the gateway. Empty: the `node` found in PATH.
  std::string node;
  // HOME of the gateway. Empty: our own.
  std::string home;
  bool dev = false;
  bool allow_unconfigured = false;
  bool skip_channels = false;
  // Further variables of its environment, NAME=value each.
  std::vector<std::string> environment;
  // Holds the token that we and the gateway share. Empty: `gateway.token` in
  // the state directory.
  std::string token_file;
  std::vector<std::string> scopes = {"operator.read", "operator.write",
                                     "operator.admin", "operator.approvals",
                                     "operator.pairing"};
  Duration probe_timeout = std::chrono::seconds(2);
  // Whether the gateway is wanted up where no wish is stored.
  bool autostart = false;
  OnExit on_exit = OnExit::kStop;
};

// The listener for other machines.
struct TlsConfig {
  // ADDRESS:PORT, or "none".
  std::string listen = "none";
  // In PEM; must be set where there is a listener.
  std::string cert_file;
  std::string key_file;
  // Whose client certificates are believed. Empty: nobody's.
  std::string client_ca_file;
  bool require_client_certificate = false;
};

// Who may do what.
struct AccessConfig {
  // The tokens and certificates that let in. Empty: only the token in the state
  // directory does.
  std::string file;
  // Methods of the gateway, by name or by their beginning and a star: those
  // that operators may call besides what the gateway's own scopes allow them,
  // and those that nobody may.
  std::vector<std::string> operator_methods;
  std::vector<std::string> denied_methods;
};

// What is written down of calls.
struct AuditConfig {
  // Empty: `audit.jsonl` in the state directory. "none": nothing is.
  std::string file;
  uint64_t max_bytes = 10 * 1024 * 1024;
  uint64_t max_files = 5;
  // Whether calls that change nothing are written down too.
  bool reads = false;
};

// How many calls and streams may be open at a time: of one client, which is a
// name at an address, and in all.
struct CallLimits {
  uint64_t calls_per_client = 512;
  uint64_t calls = 4096;
  uint64_t streams_per_client = 1024;
  uint64_t streams = 16384;
};

// The listener for probes and metrics.
struct OpsConfig {
  // Who may read the metrics there.
  enum class Metrics { kNobody, kTokenBearers, kEverybody };

  // ADDRESS:PORT, or "none".
  std::string listen = "127.0.0.1:50062";
  Metrics metrics = Metrics::kTokenBearers;
};

// The event log on disk.
struct EventLogConfig {
  // Empty: events are kept in memory alone.
  std::string directory;
  Duration max_age = std::chrono::hours(7 * 24);
  uint64_t max_bytes = uint64_t{1} << 30;
  // The least time between two commits, unless events pile up.
  Duration commit_interval = std::chrono::milliseconds(20);
};

// The publisher of events to NATS JetStream.
struct NatsConfig {
  // nats://HOST:PORT or tls://HOST:PORT. Empty: nothing is published.
  std::string url;
  std::string stream = "CLAWPLANE";
  bool create_stream = false;
  // What to show the server; empty: nothing. A token, or a file of credentials
  // as NATS' own tools make it.
  std::string token_file;
  std::string credentials_file;
  // Whose certificates are believed. Empty: those that the system believes.
  std::string ca_file;
};

// The daemon's own log.
struct LogConfig {
  // The least severe lines come first.
  enum class Level { kDebug, kInfo, kWarning, kError };
  enum class Format { kText, kJson };

  // Of the lines that are written, the least severe.
  Level level = Level::kInfo;
  Format format = Format::kText;
};

// Thread-compatible. Built by `ApplySetting`; changed by `CopySetting` alone.
struct Config {
  // The name of this instance.
  std::string name = "clawplane";
  // Holds tokens and the Unix socket. Empty: chosen by the daemon.
  std::string state_directory;
  // ADDRESS:PORT, or "none". Port 0: the system chooses. On loopback, unless
  // `insecure_bind`.
  std::string listen = "127.0.0.1:50061";
  // The Unix socket, or "none". Empty: `clawplane.sock` in the state directory.
  std::string socket;
  // The group that may use it too. Empty: none.
  std::string socket_group;
  bool insecure_bind = false;
  TlsConfig tls;
  AccessConfig access;
  AuditConfig audit;
  CallLimits limits;
  OpsConfig ops;
  LogConfig log;
  GatewayConfig gateway;
  GatewayMachine::Settings machine;
  Liveness::Settings liveness;
  PendingCalls::Limits calls;
  EventLog::Limits events;
  EventLogConfig event_log;
  NatsConfig nats;
  LogBuffer::Limits logs;
  // By key, where each value comes from that is not the default:
  // "clawplane.yaml:12", "--listen", "CLAWPLANE_LISTEN".
  std::map<std::string_view, std::string> origins;
};

// When a value that has changed in the configuration counts after SIGHUP.
enum class Reload {
  kAtOnce,
  // With the gateway's next start, or with the next connection to it.
  kNextGateway,
  // Once clawplaned is started anew.
  kNextDaemon,
};

// The place of a setting's values in the config.
struct SettingPlace {
  // Puts the values there; false if they are not allowed.
  std::function<bool(const std::vector<std::string>& values, Config& config)>
      apply;
  // The values there, as `apply` takes them; none if that is not set.
  std::function<std::vector<std::string>(const Config& config)> show;
  // Puts what is there in one config into another.
  std::function<void(const Config& from, Config& to)> copy;
};

// One thing that can be set. The key is its name in the file; its flag and its
// environment variable follow from it by rule.
struct Setting {
  std::string_view key;
  // The default as a person would write it.
  std::string_view fallback;
  // What is allowed, with the unit.
  std::string_view allowed;
  std::string_view meaning;
  // Whether it takes any number of values rather than one.
  bool is_list;
  SettingPlace place;
  // Whether its values may be secrets, which no error repeats.
  bool is_secret = false;

  // `gateway.stop_grace` -> `--gateway-stop-grace`
  std::string flag() const;
  // `gateway.stop_grace` -> `CLAWPLANE_GATEWAY_STOP_GRACE`
  std::string variable() const;
  Reload reload() const;
};

// All settings, in the order in which they are documented; those of a section
// follow each other.
const std::vector<Setting>& Settings();

// Sets `key` in `config`. `origin` says where the values come from, for the
// error and for `Config::origins`.
absl::Status ApplySetting(std::string_view key,
                          const std::vector<std::string>& values,
                          std::string_view origin, Config& config);

// Takes a value, and where it comes from, over from another config.
void CopySetting(const Setting& setting, const Config& from, Config& to);

// The settings whose values differ.
std::vector<const Setting*> ChangedSettings(const Config& a, const Config& b);

// Whether the listeners are safe, and can be had: nothing is reachable from
// other machines but with TLS and access control, unless that was asked for,
// and whether we live.
absl::Status CheckListeners(const Config& config);

// Whether this machine alone reaches a listener: HOST:PORT, or "none".
bool IsOnLoopback(std::string_view listener);

// The settings as the rows of a Markdown table.
std::string SettingsTable();

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_CONFIG_H_
