#include "core/model/ws_sender.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace clawplane::core {

WsSender::Frame WsSender::MakeFrame(WsOpcode opcode, std::string payload,
                                    uint64_t tag) {
  const WsClientHeader header = MakeWsClientHeader(opcode, payload.size());
  return {opcode, header, std::move(payload), tag};
}

void WsSender::Add(std::string message, uint64_t tag) {
  if (closing_) return;
  message_bytes_ += message.size();
  frames_.push_back(MakeFrame(WsOpcode::kText, std::move(message), tag));
}

void WsSender::AddPing() {
  // What is not a message lies in front.
  for (const Frame& frame : frames_) {
    if (frame.opcode == WsOpcode::kPing) return;
    if (frame.is_message() && &frame != &frames_.front()) break;
  }
  AddControl(WsOpcode::kPing, "");
}

void WsSender::AddPong(std::string_view payload) {
  const auto old = std::find_if(Unbegun(), frames_.end(), [](const Frame& f) {
    return f.is_message() || f.opcode == WsOpcode::kPong;
  });
  if (old != frames_.end() && !old->is_message()) {
    *old = MakeFrame(WsOpcode::kPong, std::string(payload));
  } else {
    AddControl(WsOpcode::kPong, std::string(payload));
  }
}

void WsSender::AddClose(std::string payload) {
  if (std::exchange(closing_, true)) return;
  const auto dropped = std::remove_if(
      Unbegun(), frames_.end(), [](const Frame& f) { return f.is_message(); });
  frames_.erase(dropped, frames_.end());
  message_bytes_ = 0;
  for (const Frame& frame : frames_) {
    if (frame.is_message()) message_bytes_ += frame.payload.size();
  }
  frames_.push_back(MakeFrame(WsOpcode::kClose, std::move(payload)));
}

void WsSender::Clear() {
  frames_.clear();
  written_ = 0;
  message_bytes_ = 0;
}

void WsSender::AddControl(WsOpcode opcode, std::string payload) {
  const auto place = std::find_if(Unbegun(), frames_.end(), [](const Frame& f) {
    return f.is_message() || f.opcode == WsOpcode::kClose;
  });
  frames_.insert(place, MakeFrame(opcode, std::move(payload)));
}

std::deque<WsSender::Frame>::iterator WsSender::Unbegun() {
  return frames_.begin() + (written_ > 0 ? 1 : 0);
}

size_t WsSender::Gather(std::span<std::string_view> pieces) const {
  size_t count = 0;
  size_t bytes = 0;
  size_t written = written_;
  for (const Frame& frame : frames_) {
    if (count + 2 > pieces.size() || bytes >= kGatherBytes) break;
    const std::string_view header = frame.header.bytes();
    const std::string_view payload = frame.payload;
    if (written < header.size()) pieces[count++] = header.substr(written);
    const size_t skipped = written - std::min(written, header.size());
    if (skipped < payload.size()) pieces[count++] = payload.substr(skipped);
    bytes += frame.size() - std::exchange(written, 0);
  }
  return count;
}

std::span<const uint64_t> WsSender::Took(size_t count) {
  begun_.clear();
  while (count > 0) {
    assert(!frames_.empty());
    const Frame& frame = frames_.front();
    if (written_ == 0 && frame.is_message()) begun_.push_back(frame.tag);
    const size_t taken = std::min(count, frame.size() - written_);
    count -= taken;
    written_ += taken;
    if (written_ < frame.size()) break;
    if (frame.is_message()) message_bytes_ -= frame.payload.size();
    frames_.pop_front();
    written_ = 0;
  }
  return begun_;
}

}  // namespace clawplane::core
