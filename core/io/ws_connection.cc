#include "core/io/ws_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/io/loopback.h"
#include "core/io/ws_session.h"

namespace clawplane::core {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Two for each message. The system takes up to 1,024 at a time.
constexpr size_t kMaxPieces = 128;

// Writes without waiting and without a signal: how many bytes the system took,
// or -1 and `errno`.
ssize_t WritePieces(int socket, std::span<const std::string_view> pieces) {
  std::array<iovec, kMaxPieces> vectors;
  for (size_t i = 0; i < pieces.size(); ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message = {};
  message.msg_iov = vectors.data();
  message.msg_iovlen = pieces.size();
  ssize_t taken;
  do {
    taken = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (taken < 0 && errno == EINTR);
  return taken;
}

}  // namespace

WsSession::WsSession(CoreStrand& strand, const WsLimits& limits, uint16_t port,
                     ConnectionReports reports)
    : strand_(strand),
      limits_(limits),
      port_(port),
      reports_(std::move(reports)),
      socket_(strand.executor()),
      timer_(strand.executor()),
      receiver_(limits.max_message_bytes) {}

void WsSession::Connect() {
  strand_.AssertHeld();
  SetTimer(limits_.connect_timeout, "connection");
  ConnectLoopback(socket_, port_,
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
  socket_.set_option(tcp::no_delay(true), ignored);
  AskForWebSocket(socket_, port_,
                  std::bind_front(&WsSession::OnUpgrade, shared_from_this()));
}

void WsSession::OnUpgrade(const UpgradeResult& result) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (!result.failure.empty()) {
    End({0, result.failure, result.http_status});
    return;
  }
  timer_.expires_at(TimePoint::max());
  phase_ = Phase::kOpen;
  reports_.on_open();
  if (phase_ == Phase::kOver) return;
  if (!sender_.empty()) ScheduleWrite();
  TakeFirstBytes(result.first_bytes);
}

void WsSession::TakeFirstBytes(std::string_view bytes) {
  if (bytes.empty()) {
    Read();
    return;
  }
  if (phase_ == Phase::kOpen) reports_.on_alive();
  while (phase_ != Phase::kOver && !bytes.empty()) {
    const std::span<char> space = receiver_.Space();
    const size_t count = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), count);
    bytes.remove_prefix(count);
    receiver_.Commit(count);
    Deliver();
  }
  if (phase_ != Phase::kOver) Read();
}

void WsSession::Read() {
  const std::span<char> space = receiver_.Space();
  socket_.async_read_some(
      asio::buffer(space.data(), space.size()),
      std::bind_front(&WsSession::OnRead, shared_from_this()));
}

void WsSession::OnRead(error_code error, size_t count) {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  if (error) {
    Fail(trouble_.empty() ? error.message() : trouble_);
    return;
  }
  receiver_.Commit(count);
  if (phase_ == Phase::kOpen && !peer_done_) reports_.on_alive();
  Deliver();
  // While closing too: a peer that cannot write may not read either.
  if (phase_ != Phase::kOver) Read();
}

void WsSession::Deliver() {
  while (phase_ != Phase::kOver) {
    const std::optional<WsItem> item = receiver_.Next();
    if (!item) return;
    std::visit(
        [this](const auto& what) {
          strand_.AssertHeld();
          Take(what);
        },
        *item);
  }
}

void WsSession::Take(const WsMessage& message) {
  if (phase_ == Phase::kOpen) reports_.on_message(message.bytes);
}

void WsSession::Take(const WsOversized& message) {
  if (phase_ == Phase::kOpen) reports_.on_oversized(message.head, message.size);
}

void WsSession::Take(const WsPing& ping) {
  sender_.AddPong(ping.payload);
  ScheduleWrite();
}

void WsSession::Take(const WsPong&) {
  if (phase_ == Phase::kOpen) reports_.on_pong();
}

void WsSession::Take(const WsClose& close) {
  peer_done_ = true;
  peers_close_ = {close.code, std::string(close.reason), 0};
  BeginClosing(close.code == kWsNoCode ? "" : WsClosePayload(close.code, ""));
}

void WsSession::Take(const WsBreach& breach) {
  peer_done_ = true;
  trouble_ = breach.what;
  BeginClosing(WsClosePayload(breach.code, ""));
}

void WsSession::Send(std::string message, uint64_t tag) {
  strand_.AssertHeld();
  if (phase_ == Phase::kClosing || phase_ == Phase::kOver) return;
  sender_.Add(std::move(message), tag);
  if (sender_.message_bytes() > limits_.max_queued_bytes) {
    EndLater(EndFor("the peer takes nothing"));
    return;
  }
  if (phase_ == Phase::kOpen) ScheduleWrite();
}

void WsSession::Ping() {
  strand_.AssertHeld();
  if (phase_ != Phase::kOpen || peer_done_) return;
  sender_.AddPing();
  ScheduleWrite();
}

void WsSession::ScheduleWrite() {
  if (writer_ != Writer::kIdle) return;
  writer_ = Writer::kBusy;
  strand_.Defer(std::bind_front(&WsSession::Write, shared_from_this()));
}

void WsSession::AwaitRoom() {
  writer_ = Writer::kBusy;
  socket_.async_wait(tcp::socket::wait_write,
                     [self = shared_from_this()](error_code) {
                       // An error shows in the next write.
                       self->Write();
                     });
}

void WsSession::Write() {
  strand_.AssertHeld();
  if (phase_ == Phase::kOver) return;
  bool all = false;
  if (!WriteSome(&all) || phase_ == Phase::kOver) return;
  writer_ = Writer::kIdle;
  if (sender_.empty()) return;
  all ? ScheduleWrite() : AwaitRoom();
}

bool WsSession::WriteSome(bool* all) {
  std::array<std::string_view, kMaxPieces> memory;
  const std::span pieces = std::span(memory).first(sender_.Gather(memory));
  size_t wanted = 0;
  for (const std::string_view piece : pieces) wanted += piece.size();
  if (wanted == 0) return true;
  const ssize_t taken = WritePieces(socket_.native_handle(), pieces);
  if (taken < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
    OnWriteError(errno);
    return false;
  }
  *all = static_cast<size_t>(taken) == wanted;
  for (const uint64_t tag : sender_.Took(static_cast<size_t>(taken))) {
    if (phase_ == Phase::kOpen) reports_.on_write(tag);
  }
  return true;
}

void WsSession::OnWriteError(int error) {
  // What the peer said before may still be unread: an answer, or its close. So
  // the read has the last word, and this brings it to its end.
  writer_ = Writer::kBroken;
  if (trouble_.empty()) {
    trouble_ = error_code(error, boost::system::system_category()).message();
  }
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  if (!closing_) SetTimer(limits_.close_timeout, "end of the connection");
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
  phase_ = Phase::kClosing;
  BeginClosing(WsClosePayload(code, reason));
}

void WsSession::BeginClosing(std::string payload) {
  // If the other side was first, our close is its answer, or on its way.
  if (std::exchange(closing_, true)) return;
  SetTimer(limits_.close_timeout, "closing of the peer");
  sender_.AddClose(std::move(payload));
  ScheduleWrite();
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

ConnectionEnd WsSession::EndFor(std::string why) {
  if (phase_ == Phase::kConnecting || phase_ == Phase::kUpgrading) {
    return {0, std::move(why), 0};
  }
  if (peers_close_) return *peers_close_;
  return {kWsNoHandshake, std::move(why), 0};
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
  sender_.Clear();
  error_code ignored;
  socket_.close(ignored);
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
