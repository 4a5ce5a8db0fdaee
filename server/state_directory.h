// The folder that holds what outlives the daemon.

#ifndef CLAWPLANE_SERVER_STATE_DIRECTORY_H_
#define CLAWPLANE_SERVER_STATE_DIRECTORY_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace clawplane::server {

// One daemon's hold on its state directory: no second one can use it, so that
// two of them never fight over a socket or a gateway. The hold ends with the
// object, or with the process however it ends.
//
// Thread-compatible.
class StateDirectory {
 public:
  // Makes the directory (0700) if it is missing, and takes hold of it. Errors
  // say which directory, what is wrong, and who has it.
  static absl::StatusOr<std::unique_ptr<StateDirectory>> Open(
      const std::string& path);

  StateDirectory(const StateDirectory&) = delete;
  StateDirectory& operator=(const StateDirectory&) = delete;
  ~StateDirectory();

  const std::string& path() const { return path_; }

  // The file that a caller's token is kept in.
  std::string access_token_file() const { return path_ + "/access.token"; }

  // The file that what is wanted is kept in.
  std::string state_file() const { return path_ + "/state.json"; }

 private:
  StateDirectory(std::string path, int lock)
      : path_(std::move(path)), lock_(lock) {}

  const std::string path_;
  const int lock_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STATE_DIRECTORY_H_
