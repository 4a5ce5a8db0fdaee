#include "core/io/line_splitter.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace clawplane::core {

std::optional<std::string_view> LineSplitter::Next() {
  if (std::exchange(delivered_, false)) {
    begun_.clear();
    dropped_ = 0;
  }
  const size_t end = piece_.find('\n');
  if (end == std::string_view::npos) {
    Keep(std::exchange(piece_, {}));
    return std::nullopt;
  }
  const std::string_view text = piece_.substr(0, end);
  piece_.remove_prefix(end + 1);
  // The common case, a line that lies whole in the piece, is not copied.
  if (begun_.empty()) return Trim(text, /*finished=*/true);
  Keep(text);
  delivered_ = true;
  return Trim(begun_, /*finished=*/true);
}

std::optional<std::string_view> LineSplitter::Last() {
  assert(piece_.empty());
  if (begun_.empty() || delivered_) return std::nullopt;
  delivered_ = true;
  return Trim(begun_, /*finished=*/false);
}

void LineSplitter::Keep(std::string_view text) {
  const size_t room = limit_ + 1 - begun_.size();
  if (text.size() > room) {
    dropped_ += text.size() - room;
    last_dropped_ = text.back();
  }
  begun_.append(text.substr(0, std::min(room, text.size())));
}

std::string_view LineSplitter::Trim(std::string_view line, bool finished) {
  // Of a begun line, some may be gone already; a whole one has dropped nothing.
  size_t size = line.size() + dropped_;
  const char last = dropped_ > 0   ? last_dropped_
                    : line.empty() ? '\0'
                                   : line.back();
  if (finished && last == '\r') --size;
  line = line.substr(0, std::min({limit_, line.size(), size}));
  cut_ = size - line.size();
  return line;
}

}  // namespace clawplane::core
