#include "client/clawctl/output.h"

#include <google/protobuf/util/json_util.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace clawplane::clawctl {
namespace {

// Writes all of it; the errno of what failed, or 0.
int WriteLine(int fd, absl::string_view text) {
  std::string line(text);
  line.push_back('\n');
  absl::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(fd, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Output::Output(int fd)
    : take_([fd](absl::string_view line) { return WriteLine(fd, line); }),
      fd_(fd),
      is_terminal_(isatty(fd) == 1),
      columns_(0) {}

Output::Output(Take take, bool is_terminal, size_t columns)
    : take_(std::move(take)),
      fd_(std::nullopt),
      is_terminal_(is_terminal),
      columns_(columns) {}

bool Output::Line(absl::string_view text) {
  if (error_ == 0) error_ = take_(text);
  return error_ == 0;
}

bool Output::Json(const google::protobuf::Message& message) {
  return Line(ToJson(message));
}

bool Output::Flush() {
  if (fd_ && error_ == 0 && fdatasync(*fd_) != 0 && errno != EINVAL &&
      errno != EROFS) {
    error_ = errno;
  }
  return error_ == 0;
}

size_t Output::columns() const { return fd_ ? Columns(*fd_) : columns_; }

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
