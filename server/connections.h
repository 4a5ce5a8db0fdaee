// The connections that gRPC has been given.

#ifndef CLAWPLANE_SERVER_CONNECTIONS_H_
#define CLAWPLANE_SERVER_CONNECTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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
  // What kind of listener it came by.
  enum class Way { kPlain, kUnix, kTls };
  static constexpr size_t kWays = 3;

  // The other end of a connection.
  struct Peer {
    // Empty for a Unix socket.
    std::string address;
    // As gRPC names it: `grpc::ServerContext::peer`.
    std::string name;
  };
  // Nothing if it has gone.
  static std::optional<Peer> PeerOf(int fd);

  // Before gRPC gets it, from this peer.
  void Add(int fd, Way way, const Peer& peer);

  // Those of Unix sockets, and the others.
  size_t local() const { return all_.size() - remote_; }
  size_t remote() const { return remote_; }
  const std::array<size_t, kWays>& by_way() const { return by_way_; }
  size_t Of(const std::string& address) const;

  // Forgets those that have gone.
  void Forget();

  // Begins to count what each that is not local sends.
  void Listen();
  // Ends those that have sent the most since then, and at least `least` bytes;
  // how many that were. They have sent more than gRPC could read so far, and
  // that is dropped: a network brings no more than it can.
  size_t EndLoudest(uint64_t least);

  // Takes down so many complaints about the peers of these names, and ends
  // those about which there are more than `most`; how many that were.
  size_t Complain(const std::unordered_map<std::string, double>& complaints,
                  double most);
  // Forgives so many of each.
  void Forgive(double complaints);

 private:
  struct Connection {
    uint64_t cookie = 0;
    Way way = Way::kPlain;
    Peer peer;
    bool is_local() const { return peer.address.empty(); }
    double complaints = 0;
    // Bytes that it had sent when that was looked at last.
    uint64_t received = 0;
    uint64_t sent_since = 0;
  };
  using All = std::unordered_map<int, Connection>;

  All::iterator Erase(All::iterator gone);

  // By descriptor.
  All all_;
  size_t remote_ = 0;
  std::array<size_t, kWays> by_way_ = {};
  std::unordered_map<std::string, size_t> by_address_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CONNECTIONS_H_
