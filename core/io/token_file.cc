#include "core/io/token_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/model/secret_mask.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// What is shorter could not be told from ordinary words in logs, either.
constexpr size_t kMinTokenBytes = SecretMask::kMinBytes;
constexpr size_t kMaxBytes = 4096;

// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Error(const std::string& path, std::string_view what) {
  return absl::FailedPreconditionError(
      Concat("the token file ", path, " ", what));
}

absl::Status SystemError(const std::string& path, std::string_view doing) {
  return Error(path, Concat("cannot be ", doing, ": ", strerror(errno)));
}

absl::Status MakeToken(const std::string& path) {
  std::array<unsigned char, 32> random;
  if (::getrandom(random.data(), random.size(), 0) !=
      static_cast<ssize_t>(random.size())) {
    return SystemError(path, "filled with random bytes");
  }
  std::string text;
  for (const unsigned char byte : random) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  text += '\n';
  // Whole or not at all: another process may read it at any moment. Each maker
  // has a draft of its own, which nobody else may read.
  std::string draft = path + ".XXXXXX";
  const Descriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (file.get() < 0) return SystemError(path, "made");
  const bool written = ::write(file.get(), text.data(), text.size()) ==
                           static_cast<ssize_t>(text.size()) &&
                       ::fsync(file.get()) == 0;
  // `link` and not `rename`: who came first wins, and all use that token.
  const bool linked =
      written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  absl::Status status = linked ? absl::OkStatus() : SystemError(path, "made");
  ::unlink(draft.c_str());
  return status;
}

}  // namespace

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  // A pipe is refused below; opening it must not wait for its writer.
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return SystemError(path, "read");
  struct stat stat;
  if (::fstat(file.get(), &stat) != 0) return SystemError(path, "read");
  if (!S_ISREG(stat.st_mode)) return Error(path, "is not a regular file");
  if ((stat.st_mode & 027) != 0) {
    return Error(path, Concat("may be read by everybody, or written by its "
                              "group; run: chmod 600 ",
                              path));
  }
  std::string text(kMaxBytes + 1, '\0');
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size < 0) return SystemError(path, "read");
  text.resize(static_cast<size_t>(size));
  if (text.size() > kMaxBytes) return Error(path, "is larger than 4 KiB");

  constexpr char kSpace[] = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, text.find_first_not_of(kSpace));
  if (text.empty()) {
    return Error(path,
                 "is empty; delete it to have one made, or put the "
                 "token into it");
  }
  if (text.size() < kMinTokenBytes) {
    return Error(path, Concat("holds a token of ", text.size(),
                              " bytes, which could be guessed; at least ",
                              kMinTokenBytes, " are asked for"));
  }
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return c <= ' ' || c > '~'; })) {
    return Error(path, "holds something other than one printable word");
  }
  return text;
}

absl::StatusOr<std::string> ReadOrMakeToken(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    const absl::Status made = MakeToken(path);
    if (!made.ok()) return made;
  }
  return ReadToken(path);
}

}  // namespace clawplane::core
