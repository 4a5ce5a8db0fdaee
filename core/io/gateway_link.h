// One usable connection to the gateway, from connecting to its end.

#ifndef CLAWPLANE_CORE_IO_GATEWAY_LINK_H_
#define CLAWPLANE_CORE_IO_GATEWAY_LINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/ports.h"
#include "core/model/event.h"
#include "core/model/frame.h"
#include "core/model/handshake.h"
#include "core/model/pending_calls.h"

namespace clawplane::core {

// Connects, shakes hands, and then sorts what comes into answers and events.
// It decides nothing: what each thing means is said by the pure classes it
// asks.
//
// A life: constructed (connecting) -> one report of `on_verdict` -> if that was
// an acceptance, any number of the others -> `on_lost`, once. `on_alive` and
// `on_pong` may come at any time. Reports may destroy the link.
//
// On the strand. Owned by the manager.
class GatewayLink {
 public:
  struct Reports {
    // Accepted, Deferred or Refused.
    std::function<void(Handshake::Verdict)> on_verdict;
    // An answer, whose views are valid during the call only. False if it is for
    // no call that was sent.
    std::function<bool(const ResponseFrame&)> on_response;
    // As above, for one that was too large to keep.
    std::function<bool(std::string_view id, size_t size)> on_oversized_response;
    // The first byte of a call was taken by the system.
    std::function<void(CallId)> on_write;
    // Something for the event log.
    std::function<void(EventDraft)> on_event;
    // Bytes came from the gateway.
    std::function<void()> on_alive;
    // The gateway answered a ping.
    std::function<void()> on_pong;
    // The gateway answered `AskForLife`, well or not.
    std::function<void()> on_life;
    // The gateway says that it is about to restart within its process. Comes
    // before the event that says so.
    std::function<void()> on_restart_announced;
    // An accepted connection ended.
    std::function<void(std::string why)> on_lost;
  };

  GatewayLink(Connector& connector, uint16_t port, ConnectParams params,
              Reports reports);
  GatewayLink(const GatewayLink&) = delete;
  GatewayLink& operator=(const GatewayLink&) = delete;

  // Sends a call. The link must be accepted.
  void Send(PendingCalls::Outgoing call);

  // Asks the gateway's WebSocket for a sign of life, if it is open.
  void Ping() { connection_->Ping(); }

  // Makes a cheap call, to see whether the gateway answers. The link must be
  // accepted.
  void AskForLife();

  // Says goodbye: no report comes after this but `ended`, at most 2 s later.
  void Close(std::string_view reason, std::function<void()> ended);

 private:
  void OnMessage(std::string_view text);
  void OnOversized(std::string_view head, size_t size);
  void OnEnd(const ConnectionEnd& end);
  void OnHandshake(const Frame& frame);
  void OnFrame(const Frame& frame, std::string_view text);
  // Tells of numbers of the gateway's that were left out.
  void CheckSequence(std::optional<uint64_t> seq);

  Handshake handshake_;
  Reports reports_;
  std::optional<Hello> hello_;
  std::function<void()> ended_;
  // The number that the gateway's next event should bear.
  uint64_t next_seq_ = 1;
  // How often `AskForLife` was called.
  uint64_t asked_for_life_ = 0;
  // Last, so that it goes first: its reports name the fields above.
  std::unique_ptr<Connection> connection_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_GATEWAY_LINK_H_
