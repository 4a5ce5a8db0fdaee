// What TLS is served with.

#ifndef CLAWPLANE_SERVER_TLS_MATERIAL_H_
#define CLAWPLANE_SERVER_TLS_MATERIAL_H_

#include <string>

#include "absl/status/status.h"

namespace clawplane::server {

// The texts of the files, in PEM. Hold it as carefully as the key.
// Thread-compatible; shared once it is made, and never changed then.
struct TlsMaterial {
  // The server's certificate, then those that lead to its authority.
  std::string certificates;
  std::string key;
  // Whose client certificates are believed. Empty: none is asked for.
  std::string client_authorities;
};

// Whether a handshake can succeed with it: all of it can be read, the key is
// the certificate's, OpenSSL takes them for strong enough, and the certificate
// is valid now. Errors begin with the setting at fault ("tls.key_file ") and
// never repeat the key. Thread-safe.
absl::Status CheckTlsMaterial(const TlsMaterial& material);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TLS_MATERIAL_H_
