#include "clawplane/client/target.h"

#include <arpa/inet.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/read_file.h"
#include "client/tls_files.h"

namespace clawplane::client {
namespace {

// The kernel's bound, without the terminating zero.
constexpr size_t kMaxSocketPath = sizeof(sockaddr_un{}.sun_path) - 1;

// No real token is as long; the bound keeps a wrong file out of memory.
constexpr size_t kMaxTokenFileBytes = 4096;

constexpr absl::string_view kTlsPrefix = "tls:";

std::optional<std::string> FirstOf(const std::optional<std::string>& option,
                                   const Environment& environment,
                                   absl::string_view variable) {
  return option.has_value() ? option : environment.variable(variable);
}

absl::StatusOr<std::string> UnixAddress(absl::string_view path) {
  if (!absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("the socket path '", path, "' does not begin with '/'"));
  }
  if (path.size() > kMaxSocketPath) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the socket path '", path, "' has ", path.size(),
        " bytes, and the system allows ", kMaxSocketPath,
        "; choose a shorter state directory or name the server as host:port"));
  }
  return absl::StrCat("unix:", path);
}

absl::StatusOr<std::string> TcpAddress(absl::string_view target) {
  const size_t colon = target.rfind(':');
  const absl::string_view host = target.substr(0, colon);
  const bool bracketed =
      absl::StartsWith(host, "[") && absl::EndsWith(host, "]");
  const bool host_is_odd =
      host.empty() || absl::StrContains(host, "/") ||
      std::any_of(host.begin(), host.end(), absl::ascii_isspace) ||
      (!bracketed && absl::StrContains(host, ":"));
  const absl::string_view digits =
      colon == absl::string_view::npos ? "" : target.substr(colon + 1);
  int port = 0;
  if (host_is_odd ||
      !std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrCat("the target '", target,
                     "' is none of unix:/path, /path/to/socket, host:port, "
                     "tls:host:port"));
  }
  return std::string(target);
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  absl::StatusOr<std::string> read =
      ReadFile("the token file", path, kMaxTokenFileBytes);
  if (!read.ok()) return read.status();
  std::string text = *std::move(read);
  const size_t filled = text.size();
  absl::StripAsciiWhitespace(&text);

  // gRPC aborts the process on metadata that HTTP/2 does not allow. The text
  // itself is not shown: it may be some other secret.
  if (text.empty() || filled > kMaxTokenFileBytes ||
      !std::all_of(text.begin(), text.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the token file ", path, " does not hold one line of visible ASCII"));
  }
  return text;
}

bool IsThisMachine(absl::string_view address) {
  const absl::string_view host = address.substr(0, address.rfind(':'));
  in_addr ipv4;
  return host == "localhost" || host == "[::1]" ||
         (absl::StartsWith(host, "127.") &&
          inet_pton(AF_INET, std::string(host).c_str(), &ipv4) == 1);
}

absl::Status AddToken(const TargetOptions& options,
                      const Environment& environment, Target& target) {
  const std::optional<std::string> named =
      FirstOf(options.token_file, environment, "CLAWPLANE_TOKEN_FILE");
  if (named.has_value()) {
    target.token_file = *named;
  } else if (IsThisMachine(target.address)) {
    absl::StatusOr<std::string> directory =
        StateDirectory(options, environment);
    if (!directory.ok()) return directory.status();
    target.token_file = absl::StrCat(*directory, "/access.token");
  } else {
    // The token of this machine's server is nothing for another machine.
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> token = ReadToken(target.token_file);
  // The server may ask for none: it decides.
  if (absl::IsNotFound(token.status()) && !named.has_value()) {
    return absl::OkStatus();
  }
  if (!token.ok()) return token.status();
  target.token = *std::move(token);
  return absl::OkStatus();
}

// Whoever reads the network would have the token, and all that it allows.
absl::Status CheckMayShowToken(const TargetOptions& options,
                               const Target& target) {
  if (target.token.empty() || target.tls.has_value() || options.insecure ||
      IsThisMachine(target.address)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the token in ", target.token_file, " is not sent to ", target.address,
      " in plain text, where whoever reads the network could take it; use TLS "
      "with --tls-ca FILE, or --tls if the system trusts the server's "
      "authority; --insecure sends it all the same"));
}

absl::StatusOr<Target> TcpTarget(absl::string_view text,
                                 const TargetOptions& options,
                                 const Environment& environment) {
  absl::StatusOr<std::string> address = TcpAddress(text);
  if (!address.ok()) return address.status();
  Target target;
  target.address = *std::move(address);
  absl::StatusOr<std::optional<TlsTarget>> tls =
      ResolveTls(options, environment);
  if (!tls.ok()) return tls.status();
  target.tls = *std::move(tls);
  const absl::Status added = AddToken(options, environment, target);
  if (!added.ok()) return added;
  const absl::Status may_show = CheckMayShowToken(options, target);
  if (!may_show.ok()) return may_show;
  return target;
}

}  // namespace

Environment Environment::FromProcess() {
  return {.variable = [](absl::string_view name) -> std::optional<std::string> {
            const char* value = std::getenv(std::string(name).c_str());
            if (value == nullptr || *value == '\0') return std::nullopt;
            return value;
          },
          .is_root = geteuid() == 0};
}

absl::StatusOr<std::string> StateDirectory(const TargetOptions& options,
                                           const Environment& environment) {
  if (auto named =
          FirstOf(options.state_dir, environment, "CLAWPLANE_STATE_DIR")) {
    return *named;
  }
  if (auto given = environment.variable("STATE_DIRECTORY")) {
    // systemd lists several where a unit has several; the first is ours.
    return std::string(*absl::StrSplit(*given, ':').begin());
  }
  if (environment.is_root) return "/var/lib/clawplane";
  if (auto state_home = environment.variable("XDG_STATE_HOME")) {
    return absl::StrCat(*state_home, "/clawplane");
  }
  if (auto home = environment.variable("HOME")) {
    return absl::StrCat(*home, "/.local/state/clawplane");
  }
  return absl::FailedPreconditionError(
      "no state directory is known, because HOME is not set; name one with "
      "--state-dir, or the server with --target");
}

absl::StatusOr<Target> ResolveTarget(const TargetOptions& options,
                                     const Environment& environment) {
  std::optional<std::string> named =
      FirstOf(options.target, environment, "CLAWPLANE_TARGET");
  if (!named.has_value()) {
    absl::StatusOr<std::string> directory =
        StateDirectory(options, environment);
    if (!directory.ok()) return directory.status();
    named = absl::StrCat("unix:", *directory, "/clawplane.sock");
  }

  absl::string_view text = *named;
  if (absl::ConsumePrefix(&text, "unix:") || absl::StartsWith(text, "/")) {
    if (AsksForTls(options)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the options --tls... are for host:port, and the target is ",
          *named));
    }
    absl::StatusOr<std::string> address = UnixAddress(text);
    if (!address.ok()) return address.status();
    Target target;
    target.address = *std::move(address);
    return target;
  }
  TargetOptions wanted = options;
  // As servers tell their address; a host may have that name, too.
  if (absl::StartsWith(text, kTlsPrefix) &&
      absl::StrContains(text.substr(kTlsPrefix.size()), ":")) {
    text.remove_prefix(kTlsPrefix.size());
    wanted.tls = true;
  }
  return TcpTarget(text, wanted, environment);
}

}  // namespace clawplane::client
