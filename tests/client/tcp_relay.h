// A way to a server that a test can cut.

#ifndef CLAWPLANE_TESTS_CLIENT_TCP_RELAY_H_
#define CLAWPLANE_TESTS_CLIENT_TCP_RELAY_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace clawplane::client {

// Listens on a port of its own, and carries each connection to the server's
// Unix socket until told otherwise. A connection that went dumb stays open and
// carries nothing, as when the other machine lost its power; later ones do.
//
// Thread-safe.
class TcpRelay {
 public:
  // `target` is unix:/path.
  explicit TcpRelay(const std::string& target);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  std::string target() const;

  // Turns the connections of this moment dumb; or closes them.
  void GoDumb();
  void Break();

  int connections() const { return connections_; }

 private:
  // One connection from either side. `client` is -1 where it was closed.
  struct Pair {
    int client = -1;
    int server = -1;
    bool dumb = false;
  };
  enum class Order : char { kEnd, kGoDumb, kBreak };

  void Run();
  void Accept();
  // False at the end.
  bool Obey();
  void Tell(Order order) const;

  const std::string path_;
  const int listener_;
  int order_read_ = -1;
  int order_write_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  // Of the relay's thread.
  std::vector<Pair> pairs_;
  std::thread thread_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_TCP_RELAY_H_
