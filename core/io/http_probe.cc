#include "core/io/http_probe.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/io/listener_owner.h"
#include "core/io/loopback.h"

namespace clawplane::core {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

using Socket =
    asio::ip::tcp::socket::rebind_executor<CoreStrand::Executor>::other;
using Timer = asio::steady_timer::rebind_executor<CoreStrand::Executor>::other;
using Answer = ProbeReport::Answer;

constexpr uint64_t kMaxBodyBytes = 64 * 1024;

bool IsJson(boost::beast::string_view content_type) {
  const auto media_type = content_type.substr(0, content_type.find(';'));
  const size_t last = media_type.find_last_not_of(" \t");
  return boost::beast::iequals(media_type.substr(0, last + 1),
                               "application/json");
}

// One look: connect, ask, read, report.
//
// Shared by its handle and by its pending operations, which use the buffers in
// here until they complete, and they complete only after the handle has gone.
// On the strand.
class OneLook final : public std::enable_shared_from_this<OneLook> {
 public:
  OneLook(CoreStrand& strand, uint16_t port, pid_t leader,
          std::function<void(ProbeReport)> report)
      : strand_(strand),
        port_(port),
        leader_(leader),
        report_(std::move(report)),
        socket_(strand.executor()),
        timer_(strand.executor()),
        request_(http::verb::get, "/readyz", 11) {
    request_.set(http::field::host, absl::StrCat("127.0.0.1:", port));
    request_.set(http::field::accept, "application/json");
    request_.set(http::field::connection, "close");
    parser_.body_limit(kMaxBodyBytes);
  }

  void Start(Duration timeout) {
    strand_.AssertHeld();
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->Finish(Answer::kUnintelligible);
    });
    ConnectLoopback(
        socket_, port_,
        [self = shared_from_this()](error_code error, Loopback address) {
          self->OnConnect(error, address);
        });
  }

  // Ends the look without a report.
  void Abandon() {
    strand_.AssertHeld();
    over_ = true;
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
  }

 private:
  void OnConnect(error_code error, Loopback address) {
    strand_.AssertHeld();
    if (over_) return;
    if (error) {
      Finish(error == asio::error::connection_refused
                 ? Answer::kNothing
                 : Answer::kUnintelligible);
      return;
    }
    address_ = address;
    http::async_write(socket_, request_,
                      [self = shared_from_this()](error_code error, size_t) {
                        self->OnAsked(error);
                      });
  }

  void OnAsked(error_code error) {
    strand_.AssertHeld();
    if (over_) return;
    if (error) {
      Finish(Answer::kUnintelligible);
      return;
    }
    http::async_read(socket_, buffer_, parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       self->OnAnswer(error);
                     });
  }

  void OnAnswer(error_code error) {
    strand_.AssertHeld();
    if (over_) return;
    if (error == http::error::body_limit) {
      // No readiness report is that long, yet it is HTTP.
      Finish(Answer::kAnswers);
      return;
    }
    if (error) {
      Finish(Answer::kUnintelligible);
      return;
    }
    const auto& response = parser_.get();
    const bool not_ready =
        response.result() == http::status::service_unavailable &&
        IsJson(response[http::field::content_type]);
    Finish(not_ready ? Answer::kNotReady : Answer::kAnswers);
  }

  void Finish(Answer answer) {
    strand_.AssertHeld();
    // The timer's handler may have been on its way when the answer came.
    if (over_) return;
    ProbeReport report;
    report.answer = answer;
    if (answer != Answer::kNothing) {
      const ListenerOwner owner = LookUpListener(address_, port_, leader_);
      report.trusted = owner.trusted;
      report.listener = owner.description;
      report.pid = owner.pid;
      report.stranger = owner.stranger;
    }
    Abandon();
    report_(std::move(report));
  }

  CoreStrand& strand_;
  const uint16_t port_;
  const pid_t leader_;
  const std::function<void(ProbeReport)> report_;
  Socket socket_ ABSL_GUARDED_BY(strand_);
  Timer timer_ ABSL_GUARDED_BY(strand_);
  http::request<http::empty_body> request_ ABSL_GUARDED_BY(strand_);
  http::response_parser<http::string_body> parser_ ABSL_GUARDED_BY(strand_);
  boost::beast::flat_buffer buffer_ ABSL_GUARDED_BY(strand_);
  Loopback address_ ABSL_GUARDED_BY(strand_) = Loopback::kIpv4;
  // The report was made, or is no longer wanted.
  bool over_ ABSL_GUARDED_BY(strand_) = false;
};

// What the caller holds of a look.
class LookHandle final : public Probe {
 public:
  explicit LookHandle(std::shared_ptr<OneLook> look) : look_(std::move(look)) {}
  ~LookHandle() override { look_->Abandon(); }

 private:
  const std::shared_ptr<OneLook> look_;
};

}  // namespace

std::unique_ptr<Probe> HttpProber::Look(
    uint16_t port, pid_t leader, Duration timeout,
    std::function<void(ProbeReport)> report) {
  auto look =
      std::make_shared<OneLook>(strand_, port, leader, std::move(report));
  look->Start(timeout);
  return std::make_unique<LookHandle>(std::move(look));
}

}  // namespace clawplane::core
