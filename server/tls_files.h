// The files of the listener with TLS.

#ifndef CLAWPLANE_SERVER_TLS_FILES_H_
#define CLAWPLANE_SERVER_TLS_FILES_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/config.h"
#include "server/tls_material.h"

namespace clawplane::server {

// Holds the last good contents of the files. What is written there later counts
// only once it is whole and right: files that do not fit together, as when one
// of two is replaced, change nothing.
//
// The main thread opens and reloads it. `current` is thread-safe.
class TlsFiles {
 public:
  // Reads and checks them. An error names the setting and the file, and says
  // what to do; one is a key that others may read.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(
      const core::TlsConfig& config);
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  // What handshakes use. It is another object after each reload that changed
  // anything.
  std::shared_ptr<const TlsMaterial> current() const { return current_; }

  // Reads them anew. An error says what is wrong with them; what there was
  // stays in use.
  absl::Status Reload();

  // Reads them anew if they are other files, or were written, since they were
  // last read; nothing if they are as they were.
  std::optional<absl::Status> ReloadIfChanged();

 private:
  // What tells a file from the one that was there before; all 0 if it cannot be
  // looked at.
  struct Stamp {
    dev_t device = 0;
    ino_t number = 0;
    off_t size = 0;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    mode_t mode = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;

  explicit TlsFiles(core::TlsConfig config) : config_(std::move(config)) {}
  Stamps Look() const;

  const core::TlsConfig config_;
  Stamps stamps_;
  std::atomic<std::shared_ptr<const TlsMaterial>> current_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TLS_FILES_H_
