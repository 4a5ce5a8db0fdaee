// The settings of who may reach the daemon, and how they are held to the rules.

#include <string_view>

#include "core/model/config.h"
#include "core/model/setting_values.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr std::string_view kAddress =
    "HOST:PORT with HOST an IP address and PORT 0 (any free one) to 65535, "
    "or none";

// "127.0.0.1": four numbers.
bool IsIpv4(std::string_view host) {
  size_t parts = 1;
  for (std::string_view rest = host;; ++parts) {
    const size_t dot = rest.find('.');
    if (!ReadInteger(rest.substr(0, dot), 0, 255)) return false;
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  return parts == 4;
}

// "[::1]": brackets around what only such an address is made of.
bool IsIpv6(std::string_view host) {
  return host.size() > 3 && host.front() == '[' && host.back() == ']' &&
         host.find_first_not_of("0123456789abcdefABCDEF:.[]") == host.npos &&
         host.find(':') != host.npos;
}

std::string_view HostOf(std::string_view listener) {
  return listener.substr(0, listener.rfind(':'));
}

// "HOST:PORT" with an address for a host, or "none".
std::optional<std::string> ReadListener(const std::string& text) {
  if (text == "none") return text;
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return {};
  const std::string_view host = HostOf(text);
  if (!ReadInteger(std::string_view(text).substr(colon + 1), 0, 65535) ||
      (host != "localhost" && !IsIpv4(host) && !IsIpv6(host))) {
    return {};
  }
  return text;
}

// The name of a method, or the beginning of one and a star.
bool IsMethodPattern(const std::string& text) {
  const size_t star = text.find('*');
  return !text.empty() && text.size() <= 256 &&
         (star == text.npos || star + 1 == text.size());
}

}  // namespace

std::vector<Setting> ListenerSettings() {
  return {
      {"listen", "127.0.0.1:50061", kAddress,
       "The TCP listener in plain text, for this machine; callers need a "
       "token.",
       false, CheckedText(ReadListener, CLAWPLANE_FIELD(listen))},
      {"insecure_bind", "false", "true, false",
       "Let listen be an address that is not loopback, where whoever reads the "
       "network reads the tokens.",
       false, YesNo(CLAWPLANE_FIELD(insecure_bind))},
      {"socket", "clawplane.sock in the state directory",
       "a path of at most 107 bytes, or none",
       "The Unix socket, mode 0600; its mode is its credential.", false,
       CheckedText(
           [](const std::string& text) -> std::optional<std::string> {
             if (text.empty() || text.size() > 107) return {};
             return text;
           },
           CLAWPLANE_FIELD(socket))},
      {"socket_group", "none", "the name of a group",
       "The group that may use the Unix socket too; its mode is 0660 then.",
       false, Text(CLAWPLANE_FIELD(socket_group))},
      {"tls.listen", "none", kAddress,
       "The TCP listener with TLS, for other machines; needs a certificate and "
       "access.file.",
       false, CheckedText(ReadListener, CLAWPLANE_FIELD(tls.listen))},
      {"tls.cert_file", "none", "a file in PEM",
       "The server's certificate, and those that lead to its authority.", false,
       Text(CLAWPLANE_FIELD(tls.cert_file))},
      {"tls.key_file", "none", "a file in PEM", "The certificate's key.", false,
       Text(CLAWPLANE_FIELD(tls.key_file))},
      {"tls.client_ca_file", "none", "a file in PEM",
       "The authorities whose client certificates are believed.", false,
       Text(CLAWPLANE_FIELD(tls.client_ca_file))},
      {"tls.require_client_certificate", "false", "true, false",
       "Refuse TLS connections without such a certificate.", false,
       YesNo(CLAWPLANE_FIELD(tls.require_client_certificate))},
  };
}

std::vector<Setting> AccessSettings() {
  return {
      {"access.file", "none", "a file",
       "Who else may call, and as what: tokens and certificates.", false,
       Text(CLAWPLANE_FIELD(access.file))},
      {"access.operator_methods", "empty",
       "a list of methods, or beginnings of them with a star",
       "Methods of the gateway that operators may call besides those that need "
       "only operator.read or operator.write.",
       true, List(CLAWPLANE_FIELD(access.operator_methods), IsMethodPattern)},
      {"access.denied_methods", "empty",
       "a list of methods, or beginnings of them with a star",
       "Methods of the gateway that nobody may call, not even an admin.", true,
       List(CLAWPLANE_FIELD(access.denied_methods), IsMethodPattern)},
      {"audit.file", "audit.jsonl in the state directory", "a file, or none",
       "Where it is written who did what: a JSON object a line.", false,
       Text(CLAWPLANE_FIELD(audit.file))},
      {"audit.max_bytes", "10485760", "65536 to 1073741824 bytes",
       "The size at which the file is put aside for a new one.", false,
       Number(65'536, 1'073'741'824, CLAWPLANE_FIELD(audit.max_bytes))},
      {"audit.max_files", "5", "1 to 100",
       "How many of them there may be, the present one included.", false,
       Number(1, 100, CLAWPLANE_FIELD(audit.max_files))},
      {"audit.reads", "false", "true, false",
       "Whether calls that change nothing are written down too.", false,
       YesNo(CLAWPLANE_FIELD(audit.reads))},
      {"limits.calls_per_client", "512", "1 to 1000000",
       "Calls that one client may have open; that is a name at an address.",
       false, Number(1, 1'000'000, CLAWPLANE_FIELD(limits.calls_per_client))},
      {"limits.calls", "4096", "1 to 1000000",
       "Calls that all clients together may have open.", false,
       Number(1, 1'000'000, CLAWPLANE_FIELD(limits.calls))},
      {"limits.streams_per_client", "1024", "1 to 1000000",
       "Streams that one client may have open.", false,
       Number(1, 1'000'000, CLAWPLANE_FIELD(limits.streams_per_client))},
      {"limits.streams", "16384", "1 to 1000000",
       "Streams that all clients together may have open.", false,
       Number(1, 1'000'000, CLAWPLANE_FIELD(limits.streams))},
  };
}

std::vector<Setting> OpsSettings() {
  using Metrics = OpsConfig::Metrics;
  using Level = LogConfig::Level;
  using Format = LogConfig::Format;
  return {
      {"ops.listen", "127.0.0.1:50062", kAddress,
       "The HTTP listener for probes and metrics: /healthz, /readyz, /metrics. "
       "It has no TLS and asks nobody who they are, but for the metrics.",
       false, CheckedText(ReadListener, CLAWPLANE_FIELD(ops.listen))},
      {"ops.metrics", "token", "none, token, open",
       "Who may read /metrics: nobody, who sends a token, or everybody (on "
       "loopback only). On another address a token is sent in plain text.",
       false,
       Word<Metrics>({{"none", Metrics::kNobody},
                      {"token", Metrics::kTokenBearers},
                      {"open", Metrics::kEverybody}},
                     CLAWPLANE_FIELD(ops.metrics))},
      {"log.level", "info", "error, warning, info, debug",
       "Of the lines of the daemon's own log, the least severe; SIGUSR1 turns "
       "debug on, and off again.",
       false,
       Word<Level>({{"error", Level::kError},
                    {"warning", Level::kWarning},
                    {"info", Level::kInfo},
                    {"debug", Level::kDebug}},
                   CLAWPLANE_FIELD(log.level))},
      {"log.format", "text", "text, json",
       "Whether they are for people, or a JSON object each.", false,
       Word<Format>({{"text", Format::kText}, {"json", Format::kJson}},
                    CLAWPLANE_FIELD(log.format))},
  };
}

bool IsOnLoopback(std::string_view listener) {
  const std::string_view host = HostOf(listener);
  return listener == "none" || host == "localhost" || host == "[::1]" ||
         host.starts_with("127.");
}

absl::Status CheckListeners(const Config& config) {
  const auto refused = [](const auto&... parts) {
    return absl::InvalidArgumentError(Concat(parts...));
  };
  if (!IsOnLoopback(config.listen) && !config.insecure_bind) {
    return refused(
        "listen is ", config.listen,
        ", which other machines reach in plain text; for them set tls.listen "
        "to that, with tls.cert_file, tls.key_file and access.file, or set "
        "insecure_bind to true if the network is as trusted as this machine");
  }
  if (!IsOnLoopback(config.ops.listen) &&
      config.ops.metrics == OpsConfig::Metrics::kEverybody) {
    return refused(
        "ops.listen is ", config.ops.listen,
        ", and ops.metrics is open, so that other machines could read the "
        "metrics; set ops.metrics to token or none, or ops.listen to an "
        "address of loopback");
  }
  if (config.tls.listen == "none") return absl::OkStatus();
  if (config.tls.cert_file.empty() || config.tls.key_file.empty()) {
    return refused(
        "tls.listen is ", config.tls.listen, ", but ",
        config.tls.cert_file.empty() ? "tls.cert_file" : "tls.key_file",
        " is not set; TLS needs a certificate and its key");
  }
  if (config.access.file.empty()) {
    return refused("tls.listen is ", config.tls.listen,
                   ", but access.file is not set, so that nobody could be let "
                   "in; make one with clawplaned --new-token");
  }
  if (config.tls.require_client_certificate &&
      config.tls.client_ca_file.empty()) {
    return refused(
        "tls.require_client_certificate is true, but tls.client_ca_file, which "
        "says whose certificates are believed, is not set");
  }
  return absl::OkStatus();
}

}  // namespace clawplane::core
