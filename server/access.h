// Who may call.

#ifndef CLAWPLANE_SERVER_ACCESS_H_
#define CLAWPLANE_SERVER_ACCESS_H_

#include <grpcpp/server_context.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "core/model/fault.h"

namespace clawplane::server {

// The one decision that every call of `GatewayService` passes before anything
// else is done for it. (gRPC's own hooks are not it: an interceptor cannot
// refuse a call, and an authentication processor ends the process of Debian's
// gRPC on one malformed request.) Health and reflection do not pass it: they
// tell nothing that is secret.
//
// A caller on the Unix socket is let in: the file's mode was its credential.
// One on TCP must bear the token, as `authorization: Bearer TOKEN`: any user of
// the machine can reach loopback.
//
// Thread-safe.
class Access {
 public:
  // `complain` is told the peer of each call that bears no right token.
  explicit Access(std::string token,
                  std::function<void(const std::string&)> complain = {})
      : token_(std::move(token)), complain_(std::move(complain)) {}

  // Why the call may not go on; nothing if it may.
  std::optional<core::Fault> Refusal(
      const grpc::ServerContextBase& context) const;

 private:
  core::Fault Refuse(const std::string& peer, std::string message,
                     std::string advice) const;

  const std::string token_;
  const std::function<void(const std::string&)> complain_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_ACCESS_H_
