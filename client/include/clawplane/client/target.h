// Which server a client talks to, and what it shows to be let in.

#ifndef CLAWPLANE_CLIENT_TARGET_H_
#define CLAWPLANE_CLIENT_TARGET_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace clawplane::client {

// What the surroundings of a process say. `FromProcess` reads the real ones;
// tests make up their own.
//
// Thread-compatible.
struct Environment {
  // The value of a variable; nothing if it is unset or empty.
  std::function<std::optional<std::string>(absl::string_view name)> variable;
  bool is_root = false;

  static Environment FromProcess();
};

// What a person chose, over all that the environment says. Thread-compatible.
struct TargetOptions {
  // `unix:/path`, `/path` of a socket, `host:port`, or `tls:host:port`.
  std::optional<std::string> target;
  std::optional<std::string> state_dir;
  std::optional<std::string> token_file;

  // Any of these asks for TLS, as `tls:` does. Without `tls_ca` the
  // authorities that the system trusts are believed.
  bool tls = false;
  std::optional<std::string> tls_ca;
  // What this client shows of itself: both, or neither.
  std::optional<std::string> tls_cert;
  std::optional<std::string> tls_key;
  // The name in the server's certificate, where it is not the target's host.
  std::optional<std::string> tls_server_name;

  // Plain text whatever the environment says, and the token too.
  bool insecure = false;
};

// How to speak TLS. The files' contents, in PEM. Thread-compatible.
struct TlsTarget {
  // Empty: those that the system trusts.
  std::string authorities;
  // Both empty: none is shown.
  std::string certificate;
  std::string key;
  // Empty: the host.
  std::string server_name;
};

// One server: where it is, and the token it asks for. Hold it as carefully as
// the token.
//
// Thread-compatible.
struct Target {
  // As gRPC takes it; fit to be shown: `unix:/path` or `host:port`.
  std::string address;
  // The access token; empty over a Unix socket, and where none was found.
  std::string token;
  // The file that the token was, or would have been, read from; empty over a
  // Unix socket, and for another machine where no file was named.
  std::string token_file;
  // Nothing: plain text.
  std::optional<TlsTarget> tls;

  bool is_unix() const { return address.rfind("unix:", 0) == 0; }
};

// The directory in which a server of this user keeps its socket and its token:
// the option, else CLAWPLANE_STATE_DIR, else STATE_DIRECTORY, else
// /var/lib/clawplane for root and $XDG_STATE_HOME/clawplane or
// $HOME/.local/state/clawplane for others. An error if none of these is known.
absl::StatusOr<std::string> StateDirectory(const TargetOptions& options,
                                           const Environment& environment);

// Chooses the server: the option, else CLAWPLANE_TARGET, else the socket
// `clawplane.sock` in the state directory. For TCP, reads the token from the
// option's file, else from that of CLAWPLANE_TOKEN_FILE, else, for this machine
// alone, from `access.token` in the state directory, which may be missing.
//
// TCP is TLS where an option asks for it, or one of CLAWPLANE_TLS_CA,
// CLAWPLANE_TLS_CERT and CLAWPLANE_TLS_KEY does, which name files too. Without
// it a token goes to this machine alone: another host is an error, unless the
// option `insecure` allows it.
absl::StatusOr<Target> ResolveTarget(const TargetOptions& options,
                                     const Environment& environment);

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_TARGET_H_
