// What comes on a WebSocket, out of the bytes of each read.

#ifndef CLAWPLANE_CORE_MODEL_WS_RECEIVER_H_
#define CLAWPLANE_CORE_MODEL_WS_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "core/model/message_buffer.h"
#include "core/model/ws_frame.h"

namespace clawplane::core {

// A whole message. One of text is UTF-8.
struct WsMessage {
  std::string_view bytes;
};
// A message over the limit, of which the head is left. Nobody has checked what
// its text is.
struct WsOversized {
  std::string_view head;
  size_t size = 0;
};
struct WsPing {
  std::string_view payload;
};
struct WsPong {};

// What came. Views are valid until the next call of the receiver.
using WsItem =
    std::variant<WsMessage, WsOversized, WsPing, WsPong, WsClose, WsBreach>;

// Takes a server's frames apart and puts its messages together.
//
// A cycle is: read into `Space`, `Commit`, and `Next` until it gives nothing. A
// message that lies in one frame and is not large is given where it was read;
// the rest of a large one is read to where it stays. After a close or a breach
// there is nothing more: what still comes is dropped.
//
// Thread-compatible.
class WsReceiver {
 public:
  static constexpr size_t kReadBytes = 64 * 1024;

  // Gives messages of up to `limit` bytes whole.
  explicit WsReceiver(size_t limit);

  // Where the next bytes are to be read to. Never empty; valid until the next
  // call.
  std::span<char> Space();
  // Takes over the first `count` bytes of the last `Space`.
  void Commit(size_t count);

  // The next thing that is whole.
  std::optional<WsItem> Next();

 private:
  // What was read and not yet taken.
  std::string_view Unread() const {
    return {chunk_.get() + begin_, end_ - begin_};
  }

  std::optional<WsItem> Break(WsBreach breach);
  // Whether this frame may come now.
  std::optional<WsBreach> Misplaced(const WsFrameHeader& header) const;
  // A data frame that is to be put together.
  void BeginFrame(const WsFrameHeader& header);
  // Moves what is there of its payload to the message.
  void TakePayload();
  // The message that was put together.
  std::optional<WsItem> EndMessage();
  // A frame that lies whole where it was read.
  std::optional<WsItem> TakeWhole(const WsFrameHeader& header);
  std::optional<WsItem> TakeControl(WsOpcode opcode, std::string_view payload);
  std::optional<WsItem> Checked(WsOpcode opcode, std::string_view bytes);

  const size_t limit_;
  const std::unique_ptr<char[]> chunk_;
  size_t begin_ = 0;
  size_t end_ = 0;
  // The last `Space` was the message's.
  bool direct_ = false;

  MessageBuffer message_;
  // Of the message that has begun and not yet ended.
  std::optional<WsOpcode> opcode_;
  // The data frame whose payload is awaited.
  bool in_frame_ = false;
  bool last_ = false;
  uint64_t rest_ = 0;
  // The message was given out, and goes with the next call.
  bool given_ = false;
  bool over_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_WS_RECEIVER_H_
