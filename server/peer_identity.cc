#include "server/peer_identity.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/model/trace_parent.h"

namespace clawplane::server {
namespace {

std::optional<int> HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return std::nullopt;
}

// "%5B" -> "[". What is no such escape stays as it is.
std::string Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto high =
        i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (text[i] == '%' && high && low) {
      plain += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool IsUnix(std::string_view peer) {
  return peer.starts_with("unix:") || peer.starts_with("unix-abstract:");
}

}  // namespace

std::string AddressOfPeer(std::string_view peer) {
  const size_t scheme = peer.find(':');
  if (scheme == peer.npos || IsUnix(peer)) return {};
  std::string address = Unescape(peer.substr(scheme + 1));
  address.erase(std::min(address.rfind(':'), address.size()));
  if (address.size() >= 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  return address;
}

PeerIdentity IdentifyPeer(const grpc::ServerContextBase& context) {
  PeerIdentity identity;
  const std::string peer = context.peer();
  if (IsUnix(peer)) {
    identity.kind = PeerIdentity::Kind::kUnixSocket;
    return identity;
  }
  identity.address = AddressOfPeer(peer);
  const std::shared_ptr<const grpc::AuthContext> proof = context.auth_context();
  if (proof == nullptr) return identity;
  const auto security =
      proof->FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  if (security.size() != 1 ||
      security.front() != GRPC_SSL_TRANSPORT_SECURITY_TYPE) {
    return identity;
  }
  identity.kind = PeerIdentity::Kind::kTls;
  identity.has_certificate =
      !proof->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME).empty();
  if (!identity.has_certificate) return identity;
  for (const grpc::string_ref& name :
       proof->FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME)) {
    identity.certificate_names.emplace_back(name.data(), name.size());
  }
  return identity;
}

std::string TraceParentOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("traceparent");
  if (found == metadata.end()) return {};
  const std::string_view text(found->second.data(), found->second.size());
  return core::IsTraceParent(text) ? std::string(text) : std::string();
}

}  // namespace clawplane::server
