// The connections that gRPC has been given.

#ifndef CLAWPLANE_SERVER_CONNECTIONS_H_
#define CLAWPLANE_SERVER_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace clawplane::server {

// Knows how many there are, and from where, although gRPC owns and closes them:
// a descriptor is still the same connection as long as the kernel's cookie of
// its socket is. That is looked at when it matters, so that a connection which
// has gone may be counted for a little longer.
//
// Thread-compatible.
class Connections {
 public:
  // Where the socket's peer is: an address without its port, empty for a Unix
  // socket.
  static std::string PeerOf(int fd);

  // Before gRPC gets it, from this peer.
  void Add(int fd, const std::string& peer);

  // Those of Unix sockets, and the others.
  size_t local() const { return all_.size() - remote_; }
  size_t remote() const { return remote_; }
  size_t Of(const std::string& peer) const;

  // Forgets those that have gone.
  void Forget();

  // Begins to count what each that is not local sends.
  void Listen();
  // Ends those that have sent the most since then, and at least `least` bytes;
  // how many that were. What they have sent and gRPC has not read is dropped.
  size_t EndLoudest(uint64_t least);

 private:
  struct Connection {
    uint64_t cookie = 0;
    std::string peer;
    // Bytes that it had sent when that was looked at last.
    uint64_t received = 0;
    uint64_t sent_since = 0;
  };
  using All = std::unordered_map<int, Connection>;

  All::iterator Erase(All::iterator gone);

  // By descriptor.
  All all_;
  size_t remote_ = 0;
  std::unordered_map<std::string, size_t> by_peer_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CONNECTIONS_H_
