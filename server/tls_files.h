// The files of the listener with TLS.

#ifndef CLAWPLANE_SERVER_TLS_FILES_H_
#define CLAWPLANE_SERVER_TLS_FILES_H_

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
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
  // Of each file, as `StampOf` gives it.
  using Stamps = std::array<std::string, 3>;

  explicit TlsFiles(core::TlsConfig config) : config_(std::move(config)) {}
  Stamps Look() const;

  const core::TlsConfig config_;
  Stamps stamps_;
  std::atomic<std::shared_ptr<const TlsMaterial>> current_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TLS_FILES_H_
