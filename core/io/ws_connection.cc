#include "core/io/ws_connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/io/loopback.h"
#include "core/io/message_buffer.h"
#include "core/io/ws_stream.h"

namespace clawplane::core {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

using Timer = asio::steady_timer::rebind_executor<CoreStrand::Executor>::other;

// One connection, from connect to close.
//
// Shared by its handle and by its pending operations: they use the stream and
// the buffers in here until they complete, and even a closed socket completes
// them only later. So the last of them ends the session.
//
// On the strand.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(CoreStrand& strand, const WsLimits& limits, uint16_t port,
          ConnectionReports reports);

  void Connect();
  void Send(std::string message, uint64_t tag);
  void Close(uint16_t code, std::string_view reason);

  // Drops the connection without a report.
  void Abandon();

 private:
  enum class Phase {
    kConnecting,
    kUpgrading,
    kOpen,
    // `Close` was called.
    kClosing,
    // No report comes but, perhaps, an `on_end` that is on its way.
    kOver,
  };
  // Whether there is a current message, or a task on its way to take one.
  enum class Writer { kIdle, kScheduled, kWriting };

  struct Outgoing {
    std::string bytes;
    uint64_t tag = 0;
  };

  void OnConnect(error_code error);
  void OnUpgrade(error_code error);

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnRead(error_code error, size_t count);

  void ScheduleWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void WriteNext();
  void OnWritten(error_code error);

  // Sends our close frame and waits for the peer's.
  void ShakeHands() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnHandsShaken(error_code error);
  // A closing handshake begins, by whomever: from here on time is limited.
  void LimitClosing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // `lacking`, a literal, names what must come in time.
  void SetTimer(Duration duration, const char* lacking)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnTimer(const char* lacking, error_code error);

  // How it ended: by the peer's close if there was one, else for `why`.
  ConnectionEnd EndFor(std::string why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Fail(std::string why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Ends and reports it, from a task of our own.
  void End(ConnectionEnd end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // The same from inside a call of the owner's: the report comes later.
  void EndLater(ConnectionEnd end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Drop() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  CoreStrand& strand_;
  const WsLimits limits_;
  const uint16_t port_;
  const ConnectionReports reports_;

  WsStream stream_ ABSL_GUARDED_BY(strand_);
  Timer timer_ ABSL_GUARDED_BY(strand_);
  Phase phase_ ABSL_GUARDED_BY(strand_) = Phase::kConnecting;
  // No report at all is wanted.
  bool abandoned_ ABSL_GUARDED_BY(strand_) = false;
  websocket::response_type response_ ABSL_GUARDED_BY(strand_);

  // Until the read loop has ended with an error.
  bool reading_ ABSL_GUARDED_BY(strand_) = true;
  MessageBuffer incoming_ ABSL_GUARDED_BY(strand_);
  bool peer_closed_ ABSL_GUARDED_BY(strand_) = false;

  std::deque<Outgoing> queue_ ABSL_GUARDED_BY(strand_);
  // The message that is being written.
  Outgoing current_ ABSL_GUARDED_BY(strand_);
  // Of the queue and the current message.
  size_t queued_bytes_ ABSL_GUARDED_BY(strand_) = 0;
  Writer writer_ ABSL_GUARDED_BY(strand_) = Writer::kIdle;

  websocket::close_reason close_reason_ ABSL_GUARDED_BY(strand_);
  // Our closing handshake was begun; its handler ends the connection.
  bool shaking_hands_ ABSL_GUARDED_BY(strand_) = false;
};

Session::Session(CoreStrand& strand, const WsLimits& limits, uint16_t port,
                 ConnectionReports reports)
    : strand_(strand),
      limits_(limits),
      port_(port),
      reports_(std::move(reports)),
      stream_(strand.executor()),
      timer_(strand.executor()),
      incoming_(limits.max_message_bytes) {
  Configure(stream_, [this](bool by_peer) {
    strand_.AssertHeld();
    LimitClosing();
    peer_closed_ |= by_peer;
  });
}

void Session::Connect() {
  strand_.AssertHeld();
  SetTimer(limits_.connect_timeout, "connection");
  ConnectLoopback(stream_.next_layer(), port_,
                  [self = shared_from_this()](error_code error, Loopback) {
                    self->OnConnect(error);
                  });
}

void Session::OnConnect(error_code error) {
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
      std::bind_front(&Session::OnUpgrade, shared_from_this()));
}

void Session::OnUpgrade(error_code error) {
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

void Session::Read() {
  const std::span<char> space = incoming_.Space();
  stream_.async_read_some(
      asio::buffer(space.data(), space.size()),
      std::bind_front(&Session::OnRead, shared_from_this()));
}

void Session::OnRead(error_code error, size_t count) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error) {
    if (error == websocket::error::closed) peer_closed_ = true;
    reading_ = false;
    // An aborted operation does not know why; the other one tells, if there is.
    if (error == asio::error::operation_aborted &&
        (shaking_hands_ || writer_ == Writer::kWriting))
      return;
    Fail(error.message());
    return;
  }
  incoming_.Commit(count);
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

void Session::Send(std::string message, uint64_t tag) {
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

void Session::ScheduleWrite() {
  if (writer_ != Writer::kIdle) return;
  // `on_write` may not come from inside `Send`.
  writer_ = Writer::kScheduled;
  strand_.Post(std::bind_front(&Session::WriteNext, shared_from_this()));
}

void Session::WriteNext() {
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

void Session::OnWritten(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error == asio::error::operation_aborted && reading_) {
    writer_ = Writer::kIdle;
    return;
  }
  if (error) {
    Fail(error.message());
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

void Session::Close(uint16_t code, std::string_view reason) {
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

void Session::ShakeHands() {
  // If the peer was first, the read in progress answers it and ends.
  if (peer_closed_) return;
  shaking_hands_ = true;
  stream_.async_close(close_reason_, std::bind_front(&Session::OnHandsShaken,
                                                     shared_from_this()));
}

void Session::OnHandsShaken(error_code error) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (!error) peer_closed_ = true;
  Fail(error.message());
}

void Session::LimitClosing() {
  // `Close` or the peer's close, if they were first, have set the timer.
  if (phase_ != Phase::kOpen || peer_closed_) return;
  SetTimer(limits_.close_timeout, "closing of the peer");
}

void Session::SetTimer(Duration duration, const char* lacking) {
  timer_.expires_after(duration);
  timer_.async_wait(
      std::bind_front(&Session::OnTimer, shared_from_this(), lacking));
}

void Session::OnTimer(const char* lacking, error_code error) {
  strand_.AssertHeld();
  // A timer that was set anew may have rung before: then it is not yet due.
  if (error || phase_ == Phase::kOver ||
      timer_.expiry() > std::chrono::steady_clock::now()) {
    return;
  }
  Fail(absl::StrCat("no ", lacking, " in time"));
}

ConnectionEnd Session::EndFor(std::string why) {
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

void Session::Fail(std::string why) { End(EndFor(std::move(why))); }

void Session::End(ConnectionEnd end) {
  Drop();
  reports_.on_end(std::move(end));
}

void Session::EndLater(ConnectionEnd end) {
  Drop();
  strand_.Post([self = shared_from_this(), end = std::move(end)]() mutable {
    self->strand_.AssertHeld();
    if (!self->abandoned_) self->reports_.on_end(std::move(end));
  });
}

void Session::Abandon() {
  strand_.AssertHeld();
  abandoned_ = true;
  Drop();
}

void Session::Drop() {
  phase_ = Phase::kOver;
  queue_.clear();
  error_code ignored;
  boost::beast::get_lowest_layer(stream_).close(ignored);
  timer_.cancel();
}

// What the caller holds of a session.
class WsConnection final : public Connection {
 public:
  explicit WsConnection(std::shared_ptr<Session> session)
      : session_(std::move(session)) {}
  ~WsConnection() override { session_->Abandon(); }

  void Send(std::string message, uint64_t tag) override {
    session_->Send(std::move(message), tag);
  }
  void Ping() override {}
  void Close(uint16_t code, std::string_view reason) override {
    session_->Close(code, reason);
  }

 private:
  const std::shared_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Connection> WsConnector::Connect(uint16_t port,
                                                 ConnectionReports reports) {
  auto session =
      std::make_shared<Session>(strand_, limits_, port, std::move(reports));
  session->Connect();
  return std::make_unique<WsConnection>(std::move(session));
}

}  // namespace clawplane::core
