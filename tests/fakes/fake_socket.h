// One accepted connection of the fake gateway: HTTP first, then perhaps a
// WebSocket. Keeps Beast's templates in one translation unit.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_SOCKET_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_SOCKET_H_

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace clawplane::testing {

struct HttpAsk {
  std::string method;
  std::string target;
  std::string origin;
  bool upgrade = false;
};

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
};

// Decides what a socket does. Called on the thread of the socket.
class FakeSocketOwner {
 public:
  virtual ~FakeSocketOwner() = default;

  // Nothing: the upgrade is accepted.
  virtual std::optional<HttpAnswer> OnHttp(const HttpAsk& ask) = 0;
  virtual void OnUpgraded() = 0;
  virtual void OnMessage(std::string message) = 0;
  virtual void OnPing() = 0;
  // The last call; the owner may go. The code is the peer's, or 1006.
  virtual void OnClosed(uint16_t code) = 0;
};

// Sends in the order asked. Whoever holds it can let go at any time: the
// connection then lives on until it is closed or dropped.
//
// Thread-compatible: everything happens on the thread of its executor.
class FakeSocket {
 public:
  virtual ~FakeSocket() = default;

  // Serves HTTP. `owner` must live until `OnClosed`.
  virtual void Serve() = 0;
  // Writes this instead of HTTP, and then waits for the peer to go.
  virtual void Babble(std::string text) = 0;

  virtual void SendText(std::string text) = 0;
  virtual void SendBinary(std::string bytes) = 0;
  // After what was sent before. Code 0 sends a close frame without a code.
  virtual void Close(uint16_t code, std::string reason) = 0;
  // Resets the TCP connection at once.
  virtual void Drop() = 0;
  // A longer message closes with 1009. From the next message on.
  virtual void LimitMessages(size_t bytes) = 0;
  // Pings again and again.
  virtual void PingEvery(std::chrono::milliseconds interval) = 0;
  // Reads nothing for a while, from the next message on.
  virtual void PauseReading(std::chrono::milliseconds time) = 0;
  // Neither reads nor writes any more, from the next message on; stays open.
  virtual void Freeze() = 0;
  // These bytes, outside of any frame. Not while anything is being sent.
  virtual void SendBytes(const std::string& bytes) = 0;
};

std::shared_ptr<FakeSocket> MakeFakeSocket(
    boost::asio::ip::tcp::socket connection, FakeSocketOwner& owner);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_SOCKET_H_
