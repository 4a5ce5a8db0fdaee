#include "server/access_list.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/model/text.h"
#include "server/text_file.h"

namespace clawplane::server {
namespace {

using core::Concat;

constexpr std::string_view kWhat = "access.file";

constexpr size_t kMaxName = 64;
constexpr size_t kMaxSan = 255;

// What the audit log calls those who need no entry.
constexpr std::string_view kOwnNames[] = {"socket", "local"};

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
                  c == '@';
         });
}

std::optional<TokenHash> ReadHash(std::string_view hex) {
  TokenHash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    int digit = 0;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else {
      return std::nullopt;
    }
    hash[i / 2] = static_cast<unsigned char>(hash[i / 2] << 4 | digit);
  }
  return hash;
}

std::string ToHex(const TokenHash& hash) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : hash) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

TokenHash HashToken(std::string_view token) {
  TokenHash hash;
  ::SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(),
           hash.data());
  return hash;
}

// Reads one file into a list.
class AccessFileReader {
 public:
  explicit AccessFileReader(const std::string& path) : path_(path) {}

  absl::StatusOr<AccessList> Read(const YAML::Node& file) {
    if (!file.IsMap()) return Refuse(file, "tokens: or certificates: expected");
    for (const auto& part : file) {
      const std::string key = part.first.IsScalar() ? part.first.Scalar() : "";
      absl::Status status;
      if (key == "tokens") {
        status = ReadEach(part.second, "sha256", &AccessFileReader::AddToken);
      } else if (key == "certificates") {
        status =
            ReadEach(part.second, "san", &AccessFileReader::AddCertificate);
      } else {
        return Refuse(part.first, Concat("the key \"", key,
                                         "\" is unknown; allowed: tokens, "
                                         "certificates"));
      }
      if (!status.ok()) return status;
    }
    return std::move(list_);
  }

 private:
  using Add = absl::Status (AccessFileReader::*)(const YAML::Node& place,
                                                 AccessList::Entry entry,
                                                 const std::string& proof);

  absl::Status Refuse(const YAML::Node& node, std::string_view what) const {
    return absl::InvalidArgumentError(
        Concat(kWhat, " ", path_, ":", node.Mark().line + 1, ": ", what));
  }

  absl::Status ReadEach(const YAML::Node& entries, const std::string& proof_key,
                        Add add) {
    if (entries.IsNull()) return absl::OkStatus();
    if (!entries.IsSequence())
      return Refuse(entries, "a list is expected here");
    if (entries.size() > AccessList::kMaxEntries) {
      return Refuse(entries,
                    Concat(entries.size(), " entries; allowed: at most ",
                           AccessList::kMaxEntries));
    }
    for (const auto& entry : entries) {
      absl::Status status = ReadEntry(entry, proof_key, add);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status ReadEntry(const YAML::Node& node, const std::string& proof_key,
                         Add add) {
    std::string name, role, proof;
    if (!node.IsMap()) {
      return Refuse(node, Concat("an entry has name, role and ", proof_key));
    }
    for (const auto& part : node) {
      const std::string key = part.first.IsScalar() ? part.first.Scalar() : "";
      std::string* const value = key == "name"      ? &name
                                 : key == "role"    ? &role
                                 : key == proof_key ? &proof
                                                    : nullptr;
      if (value == nullptr) {
        return Refuse(
            part.first,
            Concat("the key \"", key,
                   "\" is unknown; an entry has name, role and ", proof_key));
      }
      if (!part.second.IsScalar()) {
        return Refuse(part.second, Concat(key, " must be a word"));
      }
      *value = part.second.Scalar();
    }
    if (!IsName(name) || std::count(std::begin(kOwnNames), std::end(kOwnNames),
                                    std::string_view(name)) != 0) {
      return Refuse(node, Concat("name is \"", name,
                                 "\"; allowed: 1 to 64 of letters, digits and "
                                 "._-@, but not socket or local"));
    }
    if (!names_.insert(Concat(proof_key, " ", name)).second) {
      return Refuse(node, Concat("the name ", name, " occurs twice"));
    }
    const auto parsed = core::ParseRole(role);
    if (!parsed) {
      return Refuse(node, Concat("role is \"", role,
                                 "\"; allowed: viewer, operator, admin"));
    }
    return (this->*add)(node, {std::move(name), *parsed}, proof);
  }

  absl::Status AddToken(const YAML::Node& place, AccessList::Entry entry,
                        const std::string& proof) {
    const auto hash = ReadHash(proof);
    // It may be a token that was put here by mistake.
    if (!hash) {
      return Refuse(place, "sha256 (not shown) is not 64 hexadecimal digits");
    }
    if (list_.FindToken(*hash) != nullptr) {
      return Refuse(place, "this sha256 occurs twice");
    }
    list_.tokens_.push_back({std::move(entry), *hash});
    return absl::OkStatus();
  }

  absl::Status AddCertificate(const YAML::Node& place, AccessList::Entry entry,
                              const std::string& proof) {
    if (proof.empty() || proof.size() > kMaxSan) {
      return Refuse(place, Concat("san has ", proof.size(),
                                  " bytes; allowed: 1 to ", kMaxSan));
    }
    if (list_.FindCertificate({proof}) != nullptr) {
      return Refuse(place, Concat("the san ", proof, " occurs twice"));
    }
    list_.certificates_.push_back({std::move(entry), proof});
    return absl::OkStatus();
  }

  const std::string& path_;
  AccessList list_;
  std::set<std::string> names_;
};

absl::StatusOr<AccessList> AccessList::Read(const std::string& path) {
  auto file = ReadTextFile(kWhat, path);
  if (!file.ok()) return file.status();
  if ((file->mode & 022) != 0) {
    return absl::FailedPreconditionError(Concat(
        kWhat, " ", path,
        " may be written by others than its owner; run: chmod go-w ", path));
  }
  return Parse(file->text, path);
}

absl::StatusOr<AccessList> AccessList::Parse(const std::string& text,
                                             const std::string& path) {
  try {
    const YAML::Node file = YAML::Load(text);
    if (file.IsNull()) return AccessList();
    return AccessFileReader(path).Read(file);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(Concat(
        kWhat, " ", path, ":", error.mark.line + 1, ": ", error.msg.c_str()));
  }
}

const AccessList::Entry* AccessList::FindToken(const TokenHash& hash) const {
  const Entry* found = nullptr;
  for (const Token& token : tokens_) {
    const bool same =
        CRYPTO_memcmp(token.hash.data(), hash.data(), hash.size()) == 0;
    found = same ? &token.entry : found;
  }
  return found;
}

const AccessList::Entry* AccessList::FindCertificate(
    const std::vector<std::string>& names) const {
  for (const Certificate& certificate : certificates_) {
    if (std::count(names.begin(), names.end(), certificate.san) != 0) {
      return &certificate.entry;
    }
  }
  return nullptr;
}

absl::StatusOr<NewToken> MakeToken(const std::string& name, core::Role role) {
  if (!IsName(name)) {
    return absl::InvalidArgumentError(
        Concat("the name is \"", name,
               "\"; allowed: 1 to 64 of letters, digits and ._-@"));
  }
  TokenHash random;
  if (::RAND_bytes(random.data(), random.size()) != 1) {
    return absl::InternalError("the system gave no random numbers");
  }
  NewToken made;
  // The prefix lets scanners of sources find tokens that went astray.
  made.token = "clawplane_" + ToHex(random);
  made.entry = Concat("  - name: ", name, "\n    role: ", core::Name(role),
                      "\n    sha256: ", ToHex(HashToken(made.token)), "\n");
  return made;
}

}  // namespace clawplane::server
