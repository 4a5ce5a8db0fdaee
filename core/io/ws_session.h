// What a connection to the gateway is made of. For `ws_connection.cc` alone.

#ifndef CLAWPLANE_CORE_IO_WS_SESSION_H_
#define CLAWPLANE_CORE_IO_WS_SESSION_H_

#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/core_strand.h"
#include "core/io/ports.h"
#include "core/io/ws_connection.h"
#include "core/io/ws_upgrade.h"
#include "core/model/ws_receiver.h"
#include "core/model/ws_sender.h"

namespace clawplane::core {

// One connection, from connect to close: a socket between a `WsReceiver` and a
// `WsSender`.
//
// All that waits when a task of the strand comes to write goes out in one
// system call, from where it lies. All that one read brought is reported in one
// task.
//
// Shared by its handle and by its pending operations: they use the socket and
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
  enum class Writer {
    kIdle,
    // A task is on its way to write, or the socket awaited to take more.
    kBusy,
    // A write failed: nothing more can be written.
    kBroken,
  };

  void OnConnect(boost::system::error_code error);
  void OnUpgrade(const UpgradeResult& result);

  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnRead(boost::system::error_code error, size_t count);
  // Takes over what came before the first read.
  void TakeFirstBytes(std::string_view bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Reports all that is whole.
  void Deliver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsMessage& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsOversized& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsPing& ping) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsPong& pong) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsClose& close) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Take(const WsBreach& breach) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // Writes in a task of its own: after what else the strand does now, and
  // because `on_write` may not come from inside `Send`.
  void ScheduleWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void AwaitRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Write();
  // Writes what it can without waiting; false if nothing could be.
  bool WriteSome(bool* all) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnWriteError(int error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // Sends a close frame, if none was sent. From here on time is limited.
  void BeginClosing(std::string payload) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // `lacking`, a literal, names what must come in time.
  void SetTimer(Duration duration, const char* lacking)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnTimer(const char* lacking, boost::system::error_code error);

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

  TcpSocket socket_ ABSL_GUARDED_BY(strand_);
  Timer timer_ ABSL_GUARDED_BY(strand_);
  Phase phase_ ABSL_GUARDED_BY(strand_) = Phase::kConnecting;
  // No report at all is wanted.
  bool abandoned_ ABSL_GUARDED_BY(strand_) = false;

  WsReceiver receiver_ ABSL_GUARDED_BY(strand_);
  // The peer closed or broke the protocol: it has nothing more to say.
  bool peer_done_ ABSL_GUARDED_BY(strand_) = false;
  std::optional<ConnectionEnd> peers_close_ ABSL_GUARDED_BY(strand_);
  // What is the matter, if more is known than how the reading ended.
  std::string trouble_ ABSL_GUARDED_BY(strand_);

  WsSender sender_ ABSL_GUARDED_BY(strand_);
  Writer writer_ ABSL_GUARDED_BY(strand_) = Writer::kIdle;
  bool closing_ ABSL_GUARDED_BY(strand_) = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_WS_SESSION_H_
