// A blocking WebSocket client, for the fake gateway's own tests.

#ifndef CLAWPLANE_TESTS_FAKES_SIMPLE_CLIENT_H_
#define CLAWPLANE_TESTS_FAKES_SIMPLE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>

namespace clawplane::testing {

// Waits for ever: ctest ends a test whose fake says nothing.
//
// Thread-compatible. Owns its socket, and drops it at the end.
class SimpleClient {
 public:
  SimpleClient();
  ~SimpleClient();

  // Whether the WebSocket is open.
  bool Open(uint16_t port);
  // Opens, and sends a connect as a backend that asks for all scopes.
  bool Connect(uint16_t port, const std::string& token);
  void Send(const std::string& text);
  // The next message; empty when the connection has ended.
  std::string Read();
  // Reads up to the first message that contains this.
  std::string ReadUntil(const std::string& part);
  // Reads up to the end; the code and reason of the close frame, "1006" where
  // there was none.
  std::string ReadClose();

  // Status code and body of an HTTP request, or nothing but spaces.
  static std::string Get(uint16_t port, const std::string& target);

  static std::string ConnectFrame(const std::string& token, int min = 3,
                                  int max = 4);

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_SIMPLE_CLIENT_H_
