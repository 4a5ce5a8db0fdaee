// Where a reader of events was, kept in a file.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_PLACE_FILE_H_
#define CLAWPLANE_CLIENT_CLAWCTL_PLACE_FILE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// Keeps others from a resume file for as long as it lives. The lock is on
// another file, `PATH.lock`, because each new position makes a new file; it is
// left behind, because who removes it might remove that of another run.
//
// Thread-compatible.
class PlaceLock {
 public:
  // An error if another process has it.
  static absl::StatusOr<PlaceLock> Take(const std::string& path);

  PlaceLock(PlaceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~PlaceLock();
  PlaceLock& operator=(PlaceLock&&) = delete;

 private:
  explicit PlaceLock(int fd) : fd_(fd) {}

  int fd_;
};

// The position in the file, written as `EPOCH:SEQUENCE`; nothing if there is no
// file. An error if it holds anything else.
absl::StatusOr<std::optional<v1::EventPosition>> ReadPlace(
    const std::string& path);

// Puts the position into the file. Whatever happens, the file has either the
// former one or this one, and once this has returned, this one.
absl::Status StorePlace(const std::string& path,
                        const v1::EventPosition& position);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_PLACE_FILE_H_
