// A WebSocket to the gateway.

#ifndef CLAWPLANE_CORE_IO_WS_CONNECTION_H_
#define CLAWPLANE_CORE_IO_WS_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/io/core_strand.h"
#include "core/io/ports.h"

namespace clawplane::core {

struct WsLimits {
  // The largest message delivered whole: the largest answer a caller may ask
  // for, and room for what the gateway wraps around it.
  size_t max_message_bytes = 32 * 1024 * 1024 + 64 * 1024;
  // When more bytes than this wait to be written, the connection is given up.
  // It is a last resort: the caller bounds what it queues.
  size_t max_queued_bytes = 64 * 1024 * 1024;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration upgrade_timeout = std::chrono::seconds(10);
  // From `Close`, or from the peer's close, to `on_end` at the latest.
  Duration close_timeout = std::chrono::seconds(2);
};

// Connects to `ws://127.0.0.1:PORT/`: no `Origin`, no compression, one frame
// for each message, with a mask of zero. Life of a connection:
//
//   Phase      | Ends with
//   -----------+-----------------------------------------------------------
//   connecting | a TCP connection, or on_end with code 0
//   upgrading  | on_open, or on_end with code 0 and perhaps an HTTP status
//   open       | Close, the peer's close, its disappearance, its nonsense
//   closing    | on_end: the peer's code and reason; 1005 for a close without
//              | a code, 1006 if there was no closing handshake
//
// * `Send` may come before `on_open`; the messages wait for it.
// * Pings are answered in every phase after the upgrade, and nothing ends a
//   connection for being quiet: who uses it decides about liveness, by
//   `on_alive` and `Ping`, which is nothing while the last ping is unwritten.
// * Text and binary messages are delivered alike, but a text message that is
//   not UTF-8 ends the connection (1007 to the peer, 1006 in `on_end`).
// * A message over the limit is read to its end, reported by its head
//   (`MessageBuffer::kHeadBytes`) and dropped; the connection stays open.
//   Nobody looks whether it is UTF-8.
// * Messages that wait are written together, from where they lie. `on_write`
//   follows the system call that took the first byte, in the same task.
// * After `Close` no report comes but `on_end`. A message being written is
//   finished first, within the time that closing may take.
//
// On the strand. A connection may outlive its connector.
class WsConnector final : public Connector {
 public:
  // `strand` must outlive the connector, its connections and the strand's last
  // task.
  explicit WsConnector(CoreStrand& strand, WsLimits limits = {})
      : strand_(strand), limits_(limits) {}

  std::unique_ptr<Connection> Connect(uint16_t port,
                                      ConnectionReports reports) override;

 private:
  CoreStrand& strand_;
  const WsLimits limits_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_WS_CONNECTION_H_
