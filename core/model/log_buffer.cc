#include "core/model/log_buffer.h"

#include <utility>

namespace clawplane::core {

void LogBuffer::Append(LogLine line) {
  if (line.text.size() > kMaxLineBytes) line.text.resize(kMaxLineBytes);
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
