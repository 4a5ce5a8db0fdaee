#include "client/clawctl/output.h"

#include <google/protobuf/util/json_util.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace clawplane::clawctl {

Output::Output(int fd) : fd_(fd), is_terminal_(isatty(fd) == 1) {}

bool Output::Line(absl::string_view text) {
  std::string line(text);
  line.push_back('\n');
  absl::string_view rest = line;
  while (error_ == 0 && !rest.empty()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  return error_ == 0;
}

bool Output::Json(const google::protobuf::Message& message) {
  return Line(ToJson(message));
}

bool Output::Flush() {
  if (error_ == 0 && fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
    error_ = errno;
  }
  return error_ == 0;
}

size_t Output::columns() const { return Columns(fd_); }

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options)
           .ok()) {
    return "";
  }
  return json;
}

size_t Columns(int fd) {
  constexpr size_t kWithoutTerminal = 200;
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kWithoutTerminal;
  }
  return size.ws_col;
}

}  // namespace clawplane::clawctl
