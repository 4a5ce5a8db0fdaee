#include "server/ops_http.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <memory>
#include <utility>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using core::Concat;
using std::chrono::steady_clock;

// What is read of a caller that sent too much, so that it gets to see why it is
// refused: a socket closed with something unread takes the answer back.
constexpr size_t kMaxDiscardedBytes = 64 * 1024;

constexpr std::chrono::milliseconds kPauseBetweenAccepts(100);

std::string_view View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// Of HOST:PORT as the settings allow it.
std::optional<tcp::endpoint> ReadEndpoint(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == address.npos) return std::nullopt;
  std::string host(address.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  error_code error;
  const auto ip = asio::ip::make_address(host, error);
  uint16_t port = 0;
  const char* const end = address.data() + address.size();
  const auto number = std::from_chars(address.data() + colon + 1, end, port);
  if (error || number.ec != std::errc() || number.ptr != end) {
    return std::nullopt;
  }
  return tcp::endpoint(ip, port);
}

}  // namespace

// One caller: read, answer, and again.
//
// Shared by its pending operations, which use the buffers in here until they
// complete. On the strand. The listener outlives the last of them.
class OpsHttp::Connection final
    : public std::enable_shared_from_this<Connection> {
 public:
  Connection(OpsHttp& listener, Socket socket)
      : listener_(listener),
        strand_(listener.strand_),
        limits_(listener.limits_),
        socket_(std::move(socket)),
        timer_(strand_.executor()),
        // A header that is too long must fit in far enough to be seen as one.
        buffer_(limits_.header_bytes + 1024),
        opened_(steady_clock::now()) {}

  void Begin() {
    strand_.AssertHeld();
    Read();
  }

  // Ends it, whatever it is at.
  void Close() {
    strand_.AssertHeld();
    if (over_) return;
    over_ = true;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
    listener_.strand_.AssertHeld();
    listener_.connections_.erase(this);
  }

 private:
  // Closes the connection then, unless the time is set anew.
  void CloseAt(steady_clock::time_point when)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    timer_.expires_at(when);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      self->strand_.AssertHeld();
      // A ring may have been on its way when the time was set anew.
      if (!error && self->timer_.expiry() <= steady_clock::now()) {
        self->Close();
      }
    });
  }

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(limits_.header_bytes));
    CloseAt(std::min(steady_clock::now() + limits_.request,
                     opened_ + limits_.connection));
    http::async_read_header(
        socket_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) {
          self->OnRead(error);
        });
  }

  void OnRead(error_code error) {
    strand_.AssertHeld();
    if (over_) return;
    if (error == http::error::header_limit ||
        error == http::error::buffer_overflow) {
      Refuse(http::status::request_header_fields_too_large,
             Concat("the header has more than ", limits_.header_bytes,
                    " bytes\n"));
    } else if (error == http::error::body_limit ||
               (!error && (parser_->chunked() ||
                           parser_->content_length().value_or(0) > 0))) {
      Refuse(http::status::payload_too_large, "a request has no body here\n");
    } else if (error == http::error::end_of_stream ||
               error == http::error::partial_message) {
      Close();
    } else if (error) {
      // Not on a broken connection, where the answer fails, and closes it.
      Refuse(http::status::bad_request, "not HTTP/1\n");
    } else {
      Serve();
    }
  }

  void Serve() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    const auto& request = parser_->get();
    const bool is_head = request.method() == http::verb::head;
    OpsAnswer answer;
    if (!is_head && request.method() != http::verb::get) {
      answer = {.status = 405, .body = "only GET and HEAD are served here\n"};
    } else {
      const std::string_view target = View(request.target());
      listener_.strand_.AssertHeld();
      answer = listener_.answer_(
          {.path = target.substr(0, target.find('?')),
           .authorization = View(request[http::field::authorization]),
           .open_connections = listener_.connections_.size()});
    }
    ++served_;
    const bool keep_alive = request.keep_alive() && served_ < limits_.requests;
    Write(std::move(answer), request.version(), is_head, keep_alive);
  }

  void Refuse(http::status status, std::string why)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    Write({.status = static_cast<unsigned>(status), .body = std::move(why)},
          /*version=*/11, /*is_head=*/false, /*keep_alive=*/false);
  }

  void Write(OpsAnswer answer, unsigned version, bool is_head, bool keep_alive)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    response_ = {};
    response_.version(version);
    response_.result(answer.status);
    response_.set(http::field::content_type,
                  {answer.type.data(), answer.type.size()});
    response_.set(http::field::cache_control, "no-store");
    if (answer.status == 401) {
      response_.set(http::field::www_authenticate, "Bearer");
    }
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    if (!is_head) response_.body() = std::move(answer.body);
    CloseAt(steady_clock::now() + limits_.request);
    http::async_write(
        socket_, response_,
        [self = shared_from_this(), keep_alive](error_code error, size_t) {
          self->OnWritten(error, keep_alive);
        });
  }

  void OnWritten(error_code error, bool keep_alive) {
    strand_.AssertHeld();
    if (over_) return;
    if (error) {
      Close();
    } else if (keep_alive) {
      Read();
    } else {
      socket_.shutdown(tcp::socket::shutdown_send, error);
      Discard();
    }
  }

  // Reads on until the caller closes, within the time that its answer had.
  void Discard() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) {
    socket_.async_read_some(
        asio::buffer(rest_),
        [self = shared_from_this()](error_code error, size_t size) {
          self->strand_.AssertHeld();
          self->discarded_ += size;
          if (error || self->discarded_ > kMaxDiscardedBytes) {
            self->Close();
          } else if (!self->over_) {
            self->Discard();
          }
        });
  }

  OpsHttp& listener_;
  core::CoreStrand& strand_;
  const Limits& limits_;
  Socket socket_ ABSL_GUARDED_BY(strand_);
  Timer timer_ ABSL_GUARDED_BY(strand_);
  boost::beast::flat_buffer buffer_ ABSL_GUARDED_BY(strand_);
  // One for each request.
  std::optional<http::request_parser<http::empty_body>> parser_
      ABSL_GUARDED_BY(strand_);
  http::response<http::string_body> response_ ABSL_GUARDED_BY(strand_);
  std::array<char, 1024> rest_;
  const steady_clock::time_point opened_;
  int served_ ABSL_GUARDED_BY(strand_) = 0;
  size_t discarded_ ABSL_GUARDED_BY(strand_) = 0;
  bool over_ ABSL_GUARDED_BY(strand_) = false;
};

OpsHttp::OpsHttp(core::CoreStrand& strand, Answer answer)
    : OpsHttp(strand, std::move(answer), Limits()) {}

OpsHttp::OpsHttp(core::CoreStrand& strand, Answer answer, const Limits& limits)
    : strand_(strand),
      answer_(std::move(answer)),
      limits_(limits),
      pause_(strand.executor()) {}

absl::Status OpsHttp::Listen(const std::string& address) {
  const auto endpoint = ReadEndpoint(address);
  if (!endpoint) {
    return absl::InvalidArgumentError(
        Concat("ops.listen is ", address, ", which is not HOST:PORT"));
  }
  Acceptor acceptor(strand_.executor());
  error_code error;
  acceptor.open(endpoint->protocol(), error);
  // A port that was just let go is to be had at once.
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return absl::FailedPreconditionError(Concat(
        "cannot listen on ", address, " for probes and metrics: ",
        error == asio::error::address_in_use ? "another program is using it"
                                             : error.message(),
        "; set ops.listen to another one, or to none"));
  }
  url_ = Concat("http://", address.substr(0, address.rfind(':')), ":",
                acceptor.local_endpoint(error).port());
  strand_.Post([this, acceptor = std::move(acceptor)]() mutable {
    strand_.AssertHeld();
    acceptor_ = std::move(acceptor);
    Accept();
  });
  return absl::OkStatus();
}

void OpsHttp::Accept() {
  acceptor_->async_accept([this](error_code error, Socket socket) {
    strand_.AssertHeld();
    OnConnection(error, std::move(socket));
  });
}

void OpsHttp::OnConnection(error_code error, Socket socket) {
  if (!acceptor_) return;
  if (error) {
    AcceptLater();
    return;
  }
  // One too many is closed here, with its socket.
  if (connections_.size() < limits_.connections) {
    const auto connection =
        std::make_shared<Connection>(*this, std::move(socket));
    connections_.insert(connection.get());
    connection->Begin();
  }
  Accept();
}

void OpsHttp::AcceptLater() {
  pause_.expires_after(kPauseBetweenAccepts);
  pause_.async_wait([this](error_code) {
    strand_.AssertHeld();
    if (acceptor_) Accept();
  });
}

void OpsHttp::Close() {
  strand_.AssertHeld();
  acceptor_.reset();
  pause_.cancel();
  while (!connections_.empty()) (*connections_.begin())->Close();
}

}  // namespace clawplane::server
