// What one connection may do.

#ifndef CLAWPLANE_SERVER_TRANSPORT_LIMITS_H_
#define CLAWPLANE_SERVER_TRANSPORT_LIMITS_H_

#include <grpcpp/grpcpp.h>

#include <chrono>

namespace clawplane::server {

// What a client may send in one message: the most that a gateway accepts
// (25 MiB) and room for the envelope.
inline constexpr int kMaxRequestBytes = 33 * 1024 * 1024;

// All headers of a call, and 32 bytes for each. A token, a trace and what
// proxies add are well below it. It is what gRPC's clients take, too.
inline constexpr int kMaxHeaderBytes = 8 * 1024;

// Streams of one connection at a time, about 14 KB each. A client of gRPC lets
// further calls wait. The project's own benchmark puts 1,000 on one.
inline constexpr int kMaxStreams = 1'000;

// How long a connection may take to become one, TLS included: who sends
// nothing, or half of it, is dropped then.
inline constexpr std::chrono::seconds kHandshakeTime(10);

// A connection on which nothing comes is asked after so long whether its client
// is still there, and dropped when that does not answer.
inline constexpr std::chrono::seconds kKeepaliveTime(30);
inline constexpr std::chrono::seconds kKeepalivePatience(20);

// A connection without a call for so long is told to go; its client comes back
// with its next call, and need not know.
inline constexpr std::chrono::minutes kIdleTime(10);

// How often a client may ask the same, with calls or without. gRPC's clients
// ask every 10 s at most; one that asks too often twice in a row is dropped.
inline constexpr std::chrono::seconds kPingInterval(9);

// What is read in one go, and therefore looked at before anything else is.
inline constexpr int kReadBytes = 256 * 1024;

// Tells gRPC all of them. What gRPC cannot bound is in docs/security.md.
void ApplyTransportLimits(grpc::ServerBuilder& builder);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TRANSPORT_LIMITS_H_
