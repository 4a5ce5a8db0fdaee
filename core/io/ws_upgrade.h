// How an HTTP connection becomes a WebSocket (RFC 6455, 4).

#ifndef CLAWPLANE_CORE_IO_WS_UPGRADE_H_
#define CLAWPLANE_CORE_IO_WS_UPGRADE_H_

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "core/io/core_strand.h"

namespace clawplane::core {

using TcpSocket =
    boost::asio::ip::tcp::socket::rebind_executor<CoreStrand::Executor>::other;

struct UpgradeResult {
  // Why there is no WebSocket; empty if there is one.
  std::string failure;
  // Of a server that declined it, else 0.
  int http_status = 0;
  // What came behind the answer: the first frames.
  std::string first_bytes;
};

// Asks a connected peer for the plainest WebSocket there is at `/`: no
// `Origin`, no extension, no subprotocol. Calls `done` once, on the strand,
// never from inside. `done` must keep the socket alive. Closing the socket ends
// the attempt.
//
// On the strand.
void AskForWebSocket(TcpSocket& socket, uint16_t port,
                     std::function<void(UpgradeResult)> done);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_WS_UPGRADE_H_
