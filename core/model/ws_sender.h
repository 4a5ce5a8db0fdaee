// What waits to be written to a WebSocket.

#ifndef CLAWPLANE_CORE_MODEL_WS_SENDER_H_
#define CLAWPLANE_CORE_MODEL_WS_SENDER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ws_frame.h"

namespace clawplane::core {

// Frames in the order in which they go out: what has begun, then pings and
// pongs, then messages. A close is the end of it, but for pongs.
//
// A cycle is: `Gather` what to write, write it, and tell by `Took` how much of
// it the system took, which need not be all.
//
// Thread-compatible.
class WsSender {
 public:
  // Adds a text message.
  void Add(std::string message, uint64_t tag);
  // Adds a ping, unless the last one is not yet written.
  void AddPing();
  // Adds the answer to a ping. One that has not begun to go out is replaced:
  // the last ping alone needs an answer.
  void AddPong(std::string_view payload);
  // Drops the messages that have not begun, takes no more, and adds a close.
  void AddClose(std::string payload);

  // Drops everything.
  void Clear();

  // Points `pieces` to what is next, and gives how many it filled. With more
  // than `kGatherBytes` it stops. The memory stays where it is until `Took`.
  size_t Gather(std::span<std::string_view> pieces) const;
  // Drops the first `count` bytes of that. Gives the tags of the messages whose
  // first byte is among them; valid until the next call.
  std::span<const uint64_t> Took(size_t count);

  bool empty() const { return frames_.empty(); }
  // Of the messages that are not yet written.
  size_t message_bytes() const { return message_bytes_; }

  static constexpr size_t kGatherBytes = 1024 * 1024;

 private:
  struct Frame {
    WsOpcode opcode;
    WsClientHeader header;
    std::string payload;
    uint64_t tag = 0;

    bool is_message() const { return opcode == WsOpcode::kText; }
    size_t size() const { return header.size + payload.size(); }
  };

  static Frame MakeFrame(WsOpcode opcode, std::string payload,
                         uint64_t tag = 0);
  void AddControl(WsOpcode opcode, std::string payload);
  // The first frame that has not begun.
  std::deque<Frame>::iterator Unbegun();

  std::deque<Frame> frames_;
  // How much of the first frame is written.
  size_t written_ = 0;
  size_t message_bytes_ = 0;
  bool closing_ = false;
  std::vector<uint64_t> begun_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_WS_SENDER_H_
