// What a connection to the gateway is made of. For `ws_connection.cc` alone,
// which implements it.

#ifndef CLAWPLANE_CORE_IO_WS_SESSION_H_
#define CLAWPLANE_CORE_IO_WS_SESSION_H_

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "core/io/core_strand.h"
#include "core/io/message_buffer.h"
#include "core/io/ports.h"
#include "core/io/ws_connection.h"
#include "core/io/ws_stream.h"

namespace clawplane::core {

// One connection, from connect to close.
//
// Shared by its handle and by its pending operations: they use the stream and
// the buffers in here until they complete, and even a closed socket completes
// them only later. So the last of them ends the session.
//
// On the strand.
class WsSession final : public std::enable_shared_from_this<WsSession> {
 public:
  WsSession(CoreStrand& strand, const WsLimits& limits, uint16_t port,
            ConnectionReports reports);

  void Connect();
  void Send(std::string message, uint64_t tag);
  void Ping();
  void Close(uint16_t code, std::string_view reason);

  // Drops the connection without a report.
  void Abandon();

 private:
  using Timer =
      boost::asio::steady_timer::rebind_executor<CoreStrand::Executor>::other;

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

  void OnConnect(boost::system::error_code error);
  void OnUpgrade(boost::system::error_code error);

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnRead(boost::system::error_code error, size_t count);

  // Reports a ping, pong or close, from a task of its own: Beast tells of them
  // in the midst of a read.
  void ReportLife(bool pong) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void OnPinged(boost::system::error_code error);

  void ScheduleWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void WriteNext();
  void OnWritten(boost::system::error_code error);

  // Sends our close frame and waits for the peer's.
  void ShakeHands() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnHandsShaken(boost::system::error_code error);
  // A closing handshake begins, by whomever: from here on time is limited.
  void LimitClosing() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // `lacking`, a literal, names what must come in time.
  void SetTimer(Duration duration, const char* lacking)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnTimer(const char* lacking, boost::system::error_code error);

  // Whether `error` says nothing of the cause, and an operation that may know
  // it has yet to complete.
  bool AnotherTells(boost::system::error_code error) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
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
  boost::beast::websocket::response_type response_ ABSL_GUARDED_BY(strand_);

  // Until the read loop has ended with an error.
  bool reading_ ABSL_GUARDED_BY(strand_) = true;
  MessageBuffer incoming_ ABSL_GUARDED_BY(strand_);
  bool peer_closed_ ABSL_GUARDED_BY(strand_) = false;

  // Our last ping is not yet written: Beast takes one at a time.
  bool pinging_ ABSL_GUARDED_BY(strand_) = false;

  std::deque<Outgoing> queue_ ABSL_GUARDED_BY(strand_);
  // The message that is being written.
  Outgoing current_ ABSL_GUARDED_BY(strand_);
  // Of the queue and the current message.
  size_t queued_bytes_ ABSL_GUARDED_BY(strand_) = 0;
  Writer writer_ ABSL_GUARDED_BY(strand_) = Writer::kIdle;

  boost::beast::websocket::close_reason close_reason_ ABSL_GUARDED_BY(strand_);
  // Our closing handshake was begun; its handler ends the connection.
  bool shaking_hands_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_WS_SESSION_H_
