// A client of the gateway that the benchmark plays.

#ifndef CLAWPLANE_TESTS_BENCH_RPC_ECHO_CLIENT_H_
#define CLAWPLANE_TESTS_BENCH_RPC_ECHO_CLIENT_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/rpc/echo_frames.h"

namespace clawplane::testing {

// One client, from its HTTP request to its end.
//
// Thread-compatible. It owns its socket.
class EchoClient {
 public:
  explicit EchoClient(int socket) : socket_(socket) {}
  ~EchoClient() { ::close(socket_); }
  EchoClient(const EchoClient&) = delete;
  EchoClient& operator=(const EchoClient&) = delete;

  // Reads once and answers what came; false once the client is to go.
  bool Read();
  // Goes on writing what the socket did not take; false as above.
  bool Write();
  bool has_unwritten() const { return !out_.empty(); }
  // Puts a tick among what is to be written, as the real one does.
  void Tick();
  // Puts an event there, if the client has shaken hands; numbers it.
  void PutEvent(std::string_view payload);

 private:
  // Upgrades, or answers and has `close_` set. Takes the request off `in_`.
  void OnHttp();
  void OnFrames();
  void OnFrame(const EchoFrame& frame);
  void OnMessage(std::string_view text);
  void Reply(std::string_view id, std::string_view payload);
  void Put(Opcode opcode, std::string_view payload);
  // Sends what waits, and then these.
  void SendLarge(std::string_view head, std::string_view body,
                 std::string_view tail);

  const int socket_;
  bool upgraded_ = false;
  bool greeted_ = false;
  bool close_ = false;
  // Of the latest event.
  uint64_t seq_ = 0;
  // What was received, from `begin_` to `end_`.
  std::vector<char> in_ = std::vector<char>(512 * 1024);
  size_t begin_ = 0;
  size_t end_ = 0;
  // Of the frame that is being received, as far as known.
  size_t needed_ = 0;
  // The message of which fragments have come.
  std::string fragments_;
  std::string out_;
  // How much of it is gone.
  size_t written_ = 0;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_RPC_ECHO_CLIENT_H_
