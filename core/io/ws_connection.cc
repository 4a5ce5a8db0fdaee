#include "core/io/ws_connection.h"

#include <boost/asio/buffer.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/io/loopback.h"
#include "core/io/ws_session.h"

namespace clawplane::core {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

WsSession::WsSession(CoreStrand& strand, const WsLimits& limits, uint16_t port,
                     ConnectionReports reports)
    : strand_(strand),
      limits_(limits),
      port_(port),
      reports_(std::move(reports)),
      stream_(strand.executor()),
      timer_(strand.executor()),
      incoming_(limits.max_message_bytes) {
  Configure(stream_, {.on_closing =
                          [this](bool by_peer) {
                            strand_.AssertHeld();
                            LimitClosing();
                            peer_closed_ |= by_peer;
                          },
                      .on_control =
                          [this](bool pong) {
                            strand_.AssertHeld();
                            ReportLife(pong);
                          }});
}

void WsSession::Connect() {
  strand_.AssertHeld();
  SetTimer(limits_.connect_timeout, "connection");
  ConnectLoopback(stream_.next_layer(), port_,
                  [self = shared_from_this()](error_code error, Loopback) {
                    self->OnConnect(error);
                  });
}

void WsSession::OnConnect(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error) {
    Fail(absl::StrCat("cannot connect to port ", port_, ": ", error.message()));
    return;
  }
  phase_ = Phase::kUpgrading;
  SetTimer(limits_.upgrade_timeout, "answer to the upgrade");
  // Without it messages are late, not lost.
  error_code ignored;
  stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
  stream_.async_handshake(
      response_, absl::StrCat("127.0.0.1:", port_), "/",
      std::bind_front(&WsSession::OnUpgrade, shared_from_this()));
}

void WsSession::OnUpgrade(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error == websocket::error::upgrade_declined) {
    const auto status = static_cast<int>(response_.result_int());
    End({0, absl::StrCat("upgrade declined with HTTP ", status), status});
    return;
  }
  if (error) {
    Fail(absl::StrCat("the upgrade failed: ", error.message()));
    return;
  }
  response_ = {};
  timer_.expires_at(TimePoint::max());
  phase_ = Phase::kOpen;
  reports_.on_open();
  if (phase_ == Phase::kOver) return;
  Read();
  if (!queue_.empty()) ScheduleWrite();
}

void WsSession::Read() {
  const std::span<char> space = incoming_.Space();
  stream_.async_read_some(
      asio::buffer(space.data(), space.size()),
      std::bind_front(&WsSession::OnRead, shared_from_this()));
}

void WsSession::OnRead(error_code error, size_t count) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error) {
    if (error == websocket::error::closed) peer_closed_ = true;
    reading_ = false;
    if (!AnotherTells(error)) Fail(error.message());
    return;
  }
  incoming_.Commit(count);
  if (phase_ == Phase::kOpen) reports_.on_alive();
  if (stream_.is_message_done()) {
    if (phase_ == Phase::kOpen) {
      incoming_.oversized()
          ? reports_.on_oversized(incoming_.bytes(), incoming_.size())
          : reports_.on_message(incoming_.bytes());
    }
    incoming_.Clear();
  }
  if (phase_ == Phase::kOver) return;
  // While closing too: a peer that cannot write may not read either.
  Read();
}

void WsSession::ReportLife(bool pong) {
  strand_.Post([self = shared_from_this(), pong] {
    self->strand_.AssertHeld();
    if (self->phase_ == Phase::kOpen) self->reports_.on_alive();
    if (self->phase_ == Phase::kOpen && pong) self->reports_.on_pong();
  });
}

void WsSession::Ping() {
  strand_.AssertHeld();
  if (phase_ != Phase::kOpen || peer_closed_ || pinging_) return;
  pinging_ = true;
  stream_.async_ping({},
                     std::bind_front(&WsSession::OnPinged, shared_from_this()));
}

void WsSession::OnPinged(error_code error) {
  strand_.AssertHeld();
  pinging_ = false;
  if (phase_ == Phase::kOver || !error || AnotherTells(error)) return;
  Fail(error.message());
}

void WsSession::Send(std::string message, uint64_t tag) {
  strand_.AssertHeld();
  if (phase_ == Phase::kClosing || phase_ == Phase::kOver) return;
  queued_bytes_ += message.size();
  if (queued_bytes_ > limits_.max_queued_bytes) {
    EndLater(EndFor("the peer takes nothing"));
    return;
  }
  queue_.push_back({std::move(message), tag});
  if (phase_ == Phase::kOpen) ScheduleWrite();
}

void WsSession::ScheduleWrite() {
  if (writer_ != Writer::kIdle) return;
  // `on_write` may not come from inside `Send`.
  writer_ = Writer::kScheduled;
  strand_.Post(std::bind_front(&WsSession::WriteNext, shared_from_this()));
}

void WsSession::WriteNext() {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  writer_ = Writer::kIdle;
  if (queue_.empty() || peer_closed_) return;
  writer_ = Writer::kWriting;
  current_ = std::move(queue_.front());
  queue_.pop_front();
  reports_.on_write(current_.tag);
  if (phase_ == Phase::kOver) return;
  stream_.async_write(asio::buffer(current_.bytes),
                      [self = shared_from_this()](error_code error, size_t) {
                        self->OnWritten(error);
                      });
}

void WsSession::OnWritten(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error) {
    writer_ = Writer::kIdle;
    if (!AnotherTells(error)) Fail(error.message());
    return;
  }
  queued_bytes_ -= current_.bytes.size();
  current_ = {};
  if (phase_ == Phase::kClosing) {
    writer_ = Writer::kIdle;
    ShakeHands();
    return;
  }
  WriteNext();
}

void WsSession::Close(uint16_t code, std::string_view reason) {
  strand_.AssertHeld();
  switch (phase_) {
    case Phase::kConnecting:
    case Phase::kUpgrading:
      EndLater(EndFor("closed before it was open"));
      return;
    case Phase::kOpen:
      break;
    case Phase::kClosing:
    case Phase::kOver:
      return;
  }
  LimitClosing();
  phase_ = Phase::kClosing;
  queue_.clear();
  close_reason_ = CloseReason(code, reason);
  if (writer_ != Writer::kWriting) ShakeHands();
}

void WsSession::ShakeHands() {
  // If the peer was first, the read in progress answers it and ends.
  if (peer_closed_) return;
  shaking_hands_ = true;
  stream_.async_close(close_reason_, std::bind_front(&WsSession::OnHandsShaken,
                                                     shared_from_this()));
}

void WsSession::OnHandsShaken(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (!error) peer_closed_ = true;
  Fail(error.message());
}

void WsSession::LimitClosing() {
  // `Close` or the peer's close, if they were first, have set the timer.
  if (phase_ != Phase::kOpen || peer_closed_) return;
  SetTimer(limits_.close_timeout, "closing of the peer");
}

void WsSession::SetTimer(Duration duration, const char* lacking) {
  timer_.expires_after(duration);
  timer_.async_wait(
      std::bind_front(&WsSession::OnTimer, shared_from_this(), lacking));
}

void WsSession::OnTimer(const char* lacking, error_code error) {
  strand_.AssertHeld();
  // A timer that was set anew may have rung before: then it is not yet due.
  if (error || phase_ == Phase::kOver ||
      timer_.expiry() > std::chrono::steady_clock::now()) {
    return;
  }
  Fail(absl::StrCat("no ", lacking, " in time"));
}

bool WsSession::AnotherTells(error_code error) const {
  return error == asio::error::operation_aborted &&
         (reading_ || shaking_hands_ || pinging_ ||
          writer_ == Writer::kWriting);
}

ConnectionEnd WsSession::EndFor(std::string why) {
  if (phase_ == Phase::kConnecting || phase_ == Phase::kUpgrading) {
    return {0, std::move(why), 0};
  }
  const websocket::close_reason& peers = stream_.reason();
  if (peers.code != websocket::close_code::none) {
    return {peers.code, {peers.reason.data(), peers.reason.size()}, 0};
  }
  if (peer_closed_) return {websocket::close_code::no_status, "", 0};
  return {websocket::close_code::abnormal, std::move(why), 0};
}

void WsSession::Fail(std::string why) { End(EndFor(std::move(why))); }

void WsSession::End(ConnectionEnd end) {
  Drop();
  reports_.on_end(std::move(end));
}

void WsSession::EndLater(ConnectionEnd end) {
  Drop();
  strand_.Post([self = shared_from_this(), end = std::move(end)]() mutable {
    self->strand_.AssertHeld();
    if (!self->abandoned_) self->reports_.on_end(std::move(end));
  });
}

void WsSession::Abandon() {
  strand_.AssertHeld();
  abandoned_ = true;
  Drop();
}

void WsSession::Drop() {
  phase_ = Phase::kOver;
  queue_.clear();
  error_code ignored;
  boost::beast::get_lowest_layer(stream_).close(ignored);
  timer_.cancel();
}

namespace {

// What the caller holds of a session.
class WsConnection final : public Connection {
 public:
  explicit WsConnection(std::shared_ptr<WsSession> session)
      : session_(std::move(session)) {}
  ~WsConnection() override { session_->Abandon(); }

  void Send(std::string message, uint64_t tag) override {
    session_->Send(std::move(message), tag);
  }
  void Ping() override { session_->Ping(); }
  void Close(uint16_t code, std::string_view reason) override {
    session_->Close(code, reason);
  }

 private:
  const std::shared_ptr<WsSession> session_;
};

}  // namespace

std::unique_ptr<Connection> WsConnector::Connect(uint16_t port,
                                                 ConnectionReports reports) {
  auto session =
      std::make_shared<WsSession>(strand_, limits_, port, std::move(reports));
  session->Connect();
  return std::make_unique<WsConnection>(std::move(session));
}

}  // namespace clawplane::core
