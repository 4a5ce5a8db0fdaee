#include "core/model/ws_receiver.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include "core/model/utf8.h"

namespace clawplane::core {

WsReceiver::WsReceiver(size_t limit)
    : limit_(limit),
      chunk_(std::make_unique_for_overwrite<char[]>(kReadBytes)),
      message_(limit) {}

std::span<char> WsReceiver::Space() {
  if (over_) {
    begin_ = end_ = 0;
  } else if (in_frame_) {
    // All that was read belonged to the message and is in there.
    const std::span<char> space = message_.Space();
    direct_ = !space.empty();
    if (direct_) return space;
  }
  // The beginning of a frame makes room for its rest. It does so once: it lies
  // in front then.
  if (begin_ > 0) {
    std::memmove(chunk_.get(), chunk_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  return {chunk_.get() + end_, kReadBytes - end_};
}

void WsReceiver::Commit(size_t count) {
  if (std::exchange(direct_, false)) {
    message_.Commit(count);
    rest_ -= count;
  } else {
    end_ += count;
  }
}

std::optional<WsItem> WsReceiver::Next() {
  if (std::exchange(given_, false)) message_.Clear();
  while (!over_) {
    if (in_frame_) {
      TakePayload();
      if (rest_ > 0) return std::nullopt;
      in_frame_ = false;
      if (last_) return EndMessage();
      continue;
    }
    auto read = ReadWsHeader(Unread());
    if (std::holds_alternative<WsIncomplete>(read)) return std::nullopt;
    if (auto* breach = std::get_if<WsBreach>(&read)) {
      return Break(std::move(*breach));
    }
    const WsFrameHeader& header = std::get<WsFrameHeader>(read);
    if (auto breach = Misplaced(header)) return Break(std::move(*breach));
    const bool in_pieces =
        !header.is_control() && (!header.last || opcode_ ||
                                 header.size > kReadBytes - header.header_size);
    if (in_pieces) {
      BeginFrame(header);
      continue;
    }
    if (Unread().size() < header.header_size + header.size) return std::nullopt;
    return TakeWhole(header);
  }
  return std::nullopt;
}

std::optional<WsItem> WsReceiver::Break(WsBreach breach) {
  over_ = true;
  return breach;
}

std::optional<WsBreach> WsReceiver::Misplaced(
    const WsFrameHeader& header) const {
  if (header.is_control()) return std::nullopt;
  const bool continues = header.opcode == WsOpcode::kContinuation;
  if (continues == opcode_.has_value()) return std::nullopt;
  return WsBreach{kWsProtocolError,
                  continues ? "the continuation of no message"
                            : "a message before the end of another"};
}

void WsReceiver::BeginFrame(const WsFrameHeader& header) {
  if (!opcode_) opcode_ = header.opcode;
  begin_ += header.header_size;
  in_frame_ = true;
  last_ = header.last;
  rest_ = header.size;
  message_.Expect(header.size);
}

void WsReceiver::TakePayload() {
  const size_t count = std::min<uint64_t>(Unread().size(), rest_);
  message_.Append(Unread().substr(0, count));
  begin_ += count;
  rest_ -= count;
}

std::optional<WsItem> WsReceiver::EndMessage() {
  const WsOpcode opcode = *std::exchange(opcode_, std::nullopt);
  given_ = true;
  if (message_.oversized()) {
    return WsOversized{message_.bytes(), message_.size()};
  }
  return Checked(opcode, message_.bytes());
}

std::optional<WsItem> WsReceiver::TakeWhole(const WsFrameHeader& header) {
  const std::string_view payload =
      Unread().substr(header.header_size, header.size);
  begin_ += header.header_size + header.size;
  if (header.is_control()) return TakeControl(header.opcode, payload);
  if (payload.size() > limit_) {
    return WsOversized{payload.substr(0, limit_), payload.size()};
  }
  return Checked(header.opcode, payload);
}

std::optional<WsItem> WsReceiver::TakeControl(WsOpcode opcode,
                                              std::string_view payload) {
  switch (opcode) {
    case WsOpcode::kPing:
      return WsPing{payload};
    case WsOpcode::kPong:
      return WsPong{};
    case WsOpcode::kClose: {
      auto close = ReadWsClose(payload);
      over_ = true;
      if (auto* breach = std::get_if<WsBreach>(&close)) {
        return std::move(*breach);
      }
      return std::get<WsClose>(close);
    }
    case WsOpcode::kContinuation:
    case WsOpcode::kText:
    case WsOpcode::kBinary:
      break;
  }
  return std::nullopt;
}

std::optional<WsItem> WsReceiver::Checked(WsOpcode opcode,
                                          std::string_view bytes) {
  if (opcode == WsOpcode::kText && !IsUtf8(bytes)) {
    return Break({kWsNotUtf8, "a text that is not UTF-8"});
  }
  return WsMessage{bytes};
}

}  // namespace clawplane::core
