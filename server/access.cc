#include "server/access.h"

#include <openssl/crypto.h>

#include <string_view>

namespace clawplane::server {

std::optional<core::Fault> Access::Refusal(
    const grpc::ServerContextBase& context) const {
  const std::string peer = context.peer();
  if (peer.rfind("unix:", 0) == 0) return std::nullopt;

  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last) {
    return Refuse(
        peer, "this listener asks for a token",
        "send the metadata \"authorization: Bearer TOKEN\" with the token in "
        "the file access.token of the state directory, or use the Unix socket");
  }
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header(first->second.data(), first->second.size());
  const std::string_view token =
      header.starts_with(kScheme) ? header.substr(kScheme.size()) : "";
  // In constant time: how much of a guess was right must not show.
  if (std::next(first) != last || token.size() != token_.size() ||
      CRYPTO_memcmp(token.data(), token_.data(), token_.size()) != 0) {
    return Refuse(
        peer, "the token is not the right one",
        "use the one in the file access.token of the state directory");
  }
  return std::nullopt;
}

core::Fault Access::Refuse(const std::string& peer, std::string message,
                           std::string advice) const {
  if (complain_) complain_(peer);
  return {core::Reason::kTokenRequired, std::move(message), std::move(advice)};
}

}  // namespace clawplane::server
