// Beast's WebSocket, as `ws_connection.cc` uses it. For that file alone: it
// takes seconds to compile.

#ifndef CLAWPLANE_CORE_IO_WS_STREAM_H_
#define CLAWPLANE_CORE_IO_WS_STREAM_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "core/io/core_strand.h"

namespace clawplane::core {

// A TCP socket that says when Beast has done with the WebSocket and waits for
// the peer to end the TCP connection, which a peer may never do.
//
// Thread-compatible.
class WsSocket : public boost::asio::ip::tcp::socket::rebind_executor<
                     CoreStrand::Executor>::other {
 public:
  using Base = boost::asio::ip::tcp::socket::rebind_executor<
      CoreStrand::Executor>::other;
  using Base::Base;

  std::function<void()> on_teardown;
};

// Beast finds this in place of its own, which it then calls. The name is given.
template <typename Handler>
void async_teardown(boost::beast::role_type role, WsSocket& socket,
                    Handler&& handler) {
  socket.on_teardown();
  boost::beast::websocket::async_teardown(role,
                                          static_cast<WsSocket::Base&>(socket),
                                          std::forward<Handler>(handler));
}

// Without compression.
using WsStream = boost::beast::websocket::stream<WsSocket, false>;

struct WsNotices {
  // The stream closes by itself: true for a close frame of the peer, false when
  // it begins to wait for the end of the TCP connection, which also follows a
  // breach of the protocol.
  std::function<void(bool by_peer)> on_closing;
  // A ping, pong or close came. For a close, after the above.
  std::function<void(bool pong)> on_control;
};

// Sets it up: one frame for each message, of text, in few system calls; no
// limit on what is received, for the receiver has its own. Notices come in the
// midst of Beast's operations, which must not be started or ended there.
inline void Configure(WsStream& stream, WsNotices notices) {
  stream.text(true);
  stream.auto_fragment(false);
  // A masked message is copied through this, one system call for each filling.
  stream.write_buffer_bytes(64 * 1024);
  // Masks protect proxies from what a script may send (RFC 6455, 10.3). There
  // is none on the loopback interface, so they may be guessable.
  stream.secure_prng(false);
  stream.read_message_max(0);
  stream.next_layer().on_teardown = [closing = notices.on_closing] {
    closing(false);
  };
  stream.control_callback(
      [notices = std::move(notices)](boost::beast::websocket::frame_type type,
                                     boost::beast::string_view) {
        using boost::beast::websocket::frame_type;
        if (type == frame_type::close) notices.on_closing(true);
        notices.on_control(type == frame_type::pong);
      });
}

// A reason for a close frame: the longest beginning of `text` that fits into
// one and ends between two characters.
inline boost::beast::websocket::close_reason CloseReason(
    uint16_t code, std::string_view text) {
  const boost::beast::websocket::reason_string::size_type room =
      boost::beast::websocket::reason_string::static_capacity;
  size_t end = text.size();
  if (end > room) {
    end = room;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
      --end;
    }
  }
  return {static_cast<boost::beast::websocket::close_code>(code),
          boost::beast::string_view(text.data(), end)};
}

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_WS_STREAM_H_
