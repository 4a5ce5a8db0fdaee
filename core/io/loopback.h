// How a client socket reaches a port of the loopback interface.

#ifndef CLAWPLANE_CORE_IO_LOOPBACK_H_
#define CLAWPLANE_CORE_IO_LOOPBACK_H_

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstdint>
#include <utility>

namespace clawplane::core {

// The two addresses of the machine itself.
enum class Loopback { kIpv4, kIpv6 };

// Connects `socket` to `port`: to 127.0.0.1, and to ::1 if that is refused.
// Calls `done(error, address)` once, from the socket's executor, never from
// inside; when neither answers, with the error of 127.0.0.1. `done` must keep
// the socket alive. Closing the socket ends the attempt.
template <typename Socket, typename Done>
void ConnectLoopback(Socket& socket, uint16_t port, Done done) {
  using boost::asio::ip::tcp;
  using boost::system::error_code;
  auto on_ipv4 = [&socket, port, done = std::move(done)](error_code error) {
    // A closed socket means that the owner gave up in the meantime.
    if (error != boost::asio::error::connection_refused || !socket.is_open()) {
      done(error, Loopback::kIpv4);
      return;
    }
    error_code ignored;
    socket.close(ignored);
    socket.async_connect(
        tcp::endpoint(boost::asio::ip::address_v6::loopback(), port),
        [first = error, done](error_code error) {
          done(error ? first : error, Loopback::kIpv6);
        });
  };
  socket.async_connect(
      tcp::endpoint(boost::asio::ip::address_v4::loopback(), port),
      std::move(on_ipv4));
}

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_LOOPBACK_H_
