#include "client/clawctl/tls_text.h"

#include "absl/strings/match.h"

namespace clawplane::clawctl {
namespace {

// What gRPC 1.51 or OpenSSL says, and what it means. The first that is found
// counts.
struct Known {
  absl::string_view words;
  TlsTrouble trouble;
};

constexpr TlsTrouble kUntrusted = {
    "its certificate is not of an authority that is trusted here, or has "
    "expired",
    "name the file with the certificate of the server's authority with "
    "--tls-ca"};

constexpr Known kOverTls[] = {
    {"certificate verify failed", kUntrusted},
    // The authority has the right name and another key, as one has that was
    // made anew.
    {"asn1 encoding routines", kUntrusted},
    {"rsa routines", kUntrusted},
    {"not in peer certificate",
     {"its certificate does not name that host",
      "call it by a name in its certificate, or say with --tls-server-name "
      "which one it has"}},
    {"wrong version number",
     {"it does not speak TLS there",
      "name the address of tls.listen in the server's configuration"}},
    {"Socket closed",
     {"it hung up in the handshake",
      "see whether it asks for a certificate, and that --tls-cert names one of "
      "an authority in its tls.client_ca_file that has not expired"}},
    {"handshake failed",
     {"the handshake failed",
      "see what 'openssl s_client -connect HOST:PORT' says"}},
};

constexpr TlsTrouble kNoTls = {
    "it hung up",
    "if it serves TLS there, name the authority of its "
    "certificate with --tls-ca"};

}  // namespace

std::optional<TlsTrouble> FindTlsTrouble(const client::Target& target,
                                         absl::string_view grpc_words) {
  if (target.is_unix()) return std::nullopt;
  if (!target.tls.has_value()) {
    if (!absl::StrContains(grpc_words, "Socket closed")) return std::nullopt;
    return kNoTls;
  }
  for (const Known& known : kOverTls) {
    if (absl::StrContains(grpc_words, known.words)) return known.trouble;
  }
  return std::nullopt;
}

}  // namespace clawplane::clawctl
