// Who is at the other end of a call.

#ifndef CLAWPLANE_SERVER_PEER_IDENTITY_H_
#define CLAWPLANE_SERVER_PEER_IDENTITY_H_

#include <grpcpp/server_context.h>

#include <string>
#include <string_view>
#include <vector>

namespace clawplane::server {

// What the connection proves of its client. Thread-compatible.
struct PeerIdentity {
  enum class Kind { kUnixSocket, kPlainTcp, kTls };

  // What is none of the others counts as the least trusted.
  Kind kind = Kind::kPlainTcp;
  // "192.0.2.1", "2001:db8::1", without the port; empty for a Unix socket.
  std::string address;
  // Whether it showed a certificate of an authority that we believe; with any
  // other one there is no connection.
  bool has_certificate = false;
  // The subject's alternative names in it, of all kinds, in its order.
  std::vector<std::string> certificate_names;
};

// Thread-safe.
PeerIdentity IdentifyPeer(const grpc::ServerContextBase& context);

// The address in what gRPC calls the peer: "ipv4:192.0.2.1:5",
// "ipv6:%5B2001:db8::1%5D:5". Empty if it has none. Thread-safe.
std::string AddressOfPeer(std::string_view peer);

// The caller's place in a trace, its `traceparent`; empty if it told none that
// is in order. Thread-safe.
std::string TraceParentOf(const grpc::ServerContextBase& context);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_PEER_IDENTITY_H_
