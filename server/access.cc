#include "server/access.h"

#include <openssl/crypto.h>

#include <iterator>
#include <optional>
#include <utility>

namespace clawplane::server {
namespace {

constexpr std::string_view kScheme = "Bearer ";

core::Fault Unknown(std::string message, const PeerIdentity& peer) {
  const bool is_tls = peer.kind == PeerIdentity::Kind::kTls;
  return {core::Reason::kTokenRequired, std::move(message),
          is_tls ? "send the metadata \"authorization: Bearer TOKEN\" with a "
                   "token of access.file, or show a certificate of it"
                 : "send the metadata \"authorization: Bearer TOKEN\" with the "
                   "token in the file access.token of the state directory or "
                   "one of access.file, or use the Unix socket"};
}

}  // namespace

void Access::Use(AccessList list) {
  auto shared = std::make_shared<const AccessList>(std::move(list));
  const absl::MutexLock lock(&mutex_);
  list_.swap(shared);
}

std::shared_ptr<const AccessList> Access::list() const {
  const absl::MutexLock lock(&mutex_);
  return list_;
}

bool Access::IsLocal(const TokenHash& hash) const {
  // In constant time: how much of a guess was right must not show.
  return CRYPTO_memcmp(hash.data(), local_.data(), hash.size()) == 0;
}

bool Access::IsToken(std::string_view token) const {
  const TokenHash hash = HashToken(token);
  const bool is_listed = list()->FindToken(hash) != nullptr;
  return IsLocal(hash) || is_listed;
}

std::variant<Caller, core::Fault> Access::Identify(
    const grpc::ServerContextBase& context, const PeerIdentity& peer) const {
  if (peer.kind == PeerIdentity::Kind::kUnixSocket) {
    return Caller{"socket", core::Role::kAdmin};
  }
  const auto list = this->list();
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last) {
    const AccessList::Entry* const entry =
        list->FindCertificate(peer.certificate_names);
    if (entry != nullptr) return Caller{entry->name, entry->role};
    return Unknown(peer.certificate_names.empty()
                       ? "this listener asks for a token"
                       : "access.file has no entry for this certificate",
                   peer);
  }
  const std::string_view header(first->second.data(), first->second.size());
  if (std::next(first) != last || !header.starts_with(kScheme)) {
    return Unknown("the metadata authorization is not one \"Bearer TOKEN\"",
                   peer);
  }
  const TokenHash hash = HashToken(header.substr(kScheme.size()));
  const AccessList::Entry* const entry = list->FindToken(hash);
  if (entry != nullptr) return Caller{entry->name, entry->role};
  if (IsLocal(hash) && peer.kind == PeerIdentity::Kind::kPlainTcp) {
    return Caller{"local", core::Role::kAdmin};
  }
  return Unknown("the token is not a right one", peer);
}

}  // namespace clawplane::server
