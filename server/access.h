// Who calls.

#ifndef CLAWPLANE_SERVER_ACCESS_H_
#define CLAWPLANE_SERVER_ACCESS_H_

#include <grpcpp/server_context.h>

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/model/fault.h"
#include "core/model/role.h"
#include "server/access_list.h"
#include "server/peer_identity.h"

namespace clawplane::server {

// A caller that is known.
struct Caller {
  // That of its entry in the access file; "socket" for who came over the Unix
  // socket, "local" for who bears the token of the state directory.
  std::string name;
  core::Role role;
};

// Tells callers apart.
//
// A caller on the Unix socket is an admin: the file's mode was its credential.
// One on TCP must bear a token, as `authorization: Bearer TOKEN`, or with TLS
// show a certificate. The token in the state directory makes an admin, but only
// over the listener in plain text, which is for this machine.
//
// Thread-safe.
class Access {
 public:
  explicit Access(std::string_view local_token)
      : local_(HashToken(local_token)),
        list_(std::make_shared<const AccessList>()) {}

  // The list that counts from now on.
  void Use(AccessList list);

  // Whether it is a token that lets in, as whoever.
  bool IsToken(std::string_view token) const;

  // Who the peer is, or why it may not call.
  std::variant<Caller, core::Fault> Identify(
      const grpc::ServerContextBase& context, const PeerIdentity& peer) const;

 private:
  bool IsLocal(const TokenHash& hash) const;
  std::shared_ptr<const AccessList> list() const;

  const TokenHash local_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const AccessList> list_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_ACCESS_H_
