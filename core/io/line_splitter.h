// Cuts a stream of bytes into lines.

#ifndef CLAWPLANE_CORE_IO_LINE_SPLITTER_H_
#define CLAWPLANE_CORE_IO_LINE_SPLITTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clawplane::core {

// Turns the output of a process, which arrives in arbitrary pieces, into lines
// without their ends (LF or CRLF). Of a line over the limit only the first
// bytes are kept, so it holds at most about one line of the limit.
//
// The caller pulls: `Feed` a piece, then call `Next` until it has nothing. A
// caller may stop in between and destroy the splitter.
//
// Thread-compatible.
class LineSplitter {
 public:
  explicit LineSplitter(size_t max_line_bytes) : limit_(max_line_bytes) {}

  // Takes the next piece, whose bytes must stay valid until `Next` has nothing.
  // All of the piece before must have been pulled.
  void Feed(std::string_view piece) { piece_ = piece; }

  // The next finished line, valid until the next call of anything here.
  std::optional<std::string_view> Next();

  // The line that was never finished, if there is one. For the end of the
  // stream.
  std::optional<std::string_view> Last();

  // How many bytes of the line that was just returned were left out at its end;
  // its line end is none of them.
  size_t cut() const { return cut_; }

 private:
  // Appends to `begun_` what the limit allows.
  void Keep(std::string_view text);
  // Without the CR of a CRLF, and not over the limit; counts what is cut.
  std::string_view Trim(std::string_view line, bool finished);

  const size_t limit_;
  std::string_view piece_;
  // The start of a line whose end has not come yet. One byte longer than the
  // limit at most: that byte may turn out to be the CR of a CRLF.
  std::string begun_;
  // How many bytes of the begun line were dropped, and the last of them.
  size_t dropped_ = 0;
  char last_dropped_ = '\0';
  size_t cut_ = 0;
  // Whether `begun_` was handed out and can be forgotten.
  bool delivered_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_LINE_SPLITTER_H_
