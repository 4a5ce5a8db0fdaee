// Who may call: the entries of the access file.

#ifndef CLAWPLANE_SERVER_ACCESS_LIST_H_
#define CLAWPLANE_SERVER_ACCESS_LIST_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/role.h"

namespace clawplane::server {

// What is kept of a token: its SHA-256. Tokens are long and random, so that
// nobody finds one from its hash, and a slow hash would only serve who floods.
using TokenHash = std::array<unsigned char, 32>;
TokenHash HashToken(std::string_view token);

// The file, in YAML; both lists may be left out:
//
//   tokens:
//     - name: ci
//       role: operator
//       sha256:
//       9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//   certificates:
//     - name: grafana
//       role: viewer
//       san: spiffe://example.org/grafana
//
// A certificate's name (`san`) is compared whole with each subject alternative
// name of what the client showed and `tls.client_ca_file` vouches for.
//
// Immutable, so any thread may ask.
class AccessList {
 public:
  struct Entry {
    std::string name;
    core::Role role = core::Role::kViewer;
  };

  static constexpr size_t kMaxEntries = 1000;  // of each kind

  // Nobody.
  AccessList() = default;

  // Reads the file, or says what is wrong with it and where. Refuses one that
  // users other than its owner could write to.
  static absl::StatusOr<AccessList> Read(const std::string& path);
  static absl::StatusOr<AccessList> Parse(const std::string& text,
                                          const std::string& path);

  // Whose token it is; null for nobody's. Takes as long whether the first entry
  // fits, the last, or none.
  const Entry* FindToken(const TokenHash& hash) const;

  // Whose certificate has one of these names; the first entry counts.
  const Entry* FindCertificate(const std::vector<std::string>& names) const;

  size_t size() const { return tokens_.size() + certificates_.size(); }

 private:
  friend class AccessFileReader;

  struct Token {
    Entry entry;
    TokenHash hash;
  };
  struct Certificate {
    Entry entry;
    std::string san;
  };
  std::vector<Token> tokens_;
  std::vector<Certificate> certificates_;
};

// A new token for an entry of this name and role: 256 random bits.
struct NewToken {
  std::string token;
  // What goes under `tokens:` in the file.
  std::string entry;
};
absl::StatusOr<NewToken> MakeToken(const std::string& name, core::Role role);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_ACCESS_LIST_H_
