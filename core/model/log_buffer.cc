#include "core/model/log_buffer.h"

#include <utility>

namespace clawplane::core {
namespace {

// Shortens `text` to the longest line, without leaving half a character.
void CutAtCharacter(std::string& text) {
  size_t end = LogBuffer::kMaxLineBytes;
  const auto continues = [](char c) { return (c & 0xC0) == 0x80; };
  while (end > LogBuffer::kMaxLineBytes - 3 && continues(text[end])) --end;
  text.resize(end);
}

}  // namespace

void LogBuffer::Append(LogLine line) {
  if (line.text.size() > kMaxLineBytes) CutAtCharacter(line.text);
  bytes_ += line.text.size();
  lines_.push_back(std::move(line));
  ++next_;
  while (lines_.size() > 1 &&
         (lines_.size() > limits_.max_lines || bytes_ > limits_.max_bytes)) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
  }
}

}  // namespace clawplane::core
