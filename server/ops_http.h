// A small HTTP listener, for probes and metrics.

#ifndef CLAWPLANE_SERVER_OPS_HTTP_H_
#define CLAWPLANE_SERVER_OPS_HTTP_H_

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "core/io/core_strand.h"
#include "core/model/time.h"

namespace clawplane::server {

// What somebody asked for, by GET or HEAD.
struct OpsRequest {
  // Without what follows a question mark.
  std::string_view path;
  // The header of that name; empty if there is none.
  std::string_view authorization;
  // Of the listener, this one's included.
  size_t open_connections = 0;
};

struct OpsAnswer {
  unsigned status = 200;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
};

// Serves HTTP/1.1 on an address of its own. All of it happens on the strand and
// nothing waits, so that an answer is a proof that the strand runs.
//
// Strangers may call, so all is bounded: how many connections there are (one
// more is closed at once), how long each lives, how many requests it brings,
// how long one may take to come and its answer to go, and how long its header
// is. A request has no body.
//
// A life: constructed -> `Listen` -> (serving, while the strand runs) ->
// `Close`. On the strand, but for the constructor, `Listen` and `url`. The
// strand must outlive it, and it must outlive the strand's last task.
class OpsHttp {
 public:
  struct Limits {
    size_t connections = 64;
    // For a request to come, since the connection or the last answer; and for
    // an answer to be taken.
    core::Duration request = std::chrono::seconds(5);
    core::Duration connection = std::chrono::seconds(30);
    int requests = 100;
    size_t header_bytes = 8 * 1024;
  };
  using Answer = std::function<OpsAnswer(const OpsRequest&)>;

  OpsHttp(core::CoreStrand& strand, Answer answer);
  OpsHttp(core::CoreStrand& strand, Answer answer, const Limits& limits);
  OpsHttp(const OpsHttp&) = delete;
  OpsHttp& operator=(const OpsHttp&) = delete;

  // Takes connections at HOST:PORT from now on, or says why it cannot. At most
  // once.
  absl::Status Listen(const std::string& address);
  // Where that is, with the port that was had; empty before `Listen`.
  const std::string& url() const { return url_; }

  // Ends all connections, and takes no more.
  void Close();

 private:
  class Connection;

  using Acceptor =
      boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                         core::CoreStrand::Executor>;
  using Socket = boost::asio::ip::tcp::socket::rebind_executor<
      core::CoreStrand::Executor>::other;
  using Timer = boost::asio::steady_timer::rebind_executor<
      core::CoreStrand::Executor>::other;

  void Accept() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnConnection(boost::system::error_code error, Socket socket)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void AcceptLater() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  core::CoreStrand& strand_;
  const Answer answer_;
  const Limits limits_;
  std::string url_;
  std::optional<Acceptor> acceptor_ ABSL_GUARDED_BY(strand_);
  // For when the system has no descriptor left.
  Timer pause_ ABSL_GUARDED_BY(strand_);
  // They own themselves.
  std::set<Connection*> connections_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_OPS_HTTP_H_
