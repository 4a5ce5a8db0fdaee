// clawctl's standard output.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_OUTPUT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_OUTPUT_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace clawplane::clawctl {

// Writes what a command answers, at once and whole. After the first failure it
// writes nothing more, so that a command may go on to its next point of rest;
// SIGPIPE must be ignored.
//
// Thread-compatible.
class Output {
 public:
  // Takes one line, without its end. Returns the errno of a failed write, or 0.
  using Take = std::function<int(absl::string_view line)>;

  explicit Output(int fd);

  // Hands each line on, as one of many whose lines end on the same screen.
  Output(Take take, bool is_terminal, size_t columns);

  // Writes the text and a line end. False once writing has failed.
  bool Line(absl::string_view text);

  // Writes the message as one line of JSON, in the API's own field names.
  bool Json(const google::protobuf::Message& message);

  // Waits until a file has on its disk what was written. False if that cannot
  // be had; what is no file needs none of it.
  bool Flush();

  // The errno of the failed write; 0 while all is well.
  int error() const { return error_; }

  bool is_terminal() const { return is_terminal_; }

  // How many characters a line should have: the terminal's width, or 200.
  size_t columns() const;

 private:
  const Take take_;
  const std::optional<int> fd_;  // None where the lines are handed on.
  const bool is_terminal_;
  const size_t columns_;  // Of who takes them.
  int error_ = 0;
};

// The message as JSON in the API's own field names. Empty if it holds what JSON
// cannot say, such as an infinite number.
std::string ToJson(const google::protobuf::Message& message);

// The width of the terminal that `fd` is, or 200.
size_t Columns(int fd);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_OUTPUT_H_
