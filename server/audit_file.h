// The file that the audit log is in, and those put aside before it.

#ifndef CLAWPLANE_SERVER_AUDIT_FILE_H_
#define CLAWPLANE_SERVER_AUDIT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/io/unique_fd.h"
#include "core/model/config.h"

namespace clawplane::server {

// Whole lines go in, and whole lines stand in it, whatever fails. When FILE has
// reached its size it becomes FILE.1, that FILE.2, and so on; the oldest one is
// dropped. A file that cannot be put aside grows on: that is told, and loses
// nothing.
//
// It is for its owner alone (0600), no link is followed to it, and no second
// process can open it as one of these. It may also be a character device, which
// is never put aside.
//
// Blocks on the disk. Thread-compatible; the audit log's writer has the only
// instance.
class AuditFile {
 public:
  // Opens the file, which `config` must name, and makes it if it is missing.
  // Errors say what was found and what to do. If it ends in half a line, that
  // line is ended first.
  static absl::StatusOr<AuditFile> Open(const core::AuditConfig& config);

  // Appends `text`, whole lines, with one write if the system takes it all, and
  // puts the file aside before if `text` does not fit into it. Returns how many
  // bytes of it are in the file: fewer than all after an error, but whole lines
  // all the same.
  size_t Append(std::string_view text);

  // Opens the file by its name again, because somebody put it aside. If that
  // fails the one that was open goes on.
  void Reopen();

  // How many bytes fit into the file before it is put aside.
  uint64_t room() const {
    return size_ < config_.max_bytes ? config_.max_bytes - size_ : 0;
  }

  // What the last call of the above could not do; empty if nothing.
  const std::string& failure() const { return failure_; }

 private:
  explicit AuditFile(const core::AuditConfig& config) : config_(config) {}

  absl::Status OpenByName();
  // Looks at what is open. False if that cannot be written.
  bool Look();
  void PutAside();
  std::string Aside(uint64_t number) const;
  // Sets `failure_` from `errno`.
  void Fail(std::string_view doing);
  // How much of `text` the system took.
  size_t WriteOut(std::string_view text);

  core::AuditConfig config_;
  core::UniqueFd file_;
  bool is_regular_ = false;
  uint64_t size_ = 0;
  // Whether there is half a line at its end.
  bool is_torn_ = false;
  std::string failure_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_AUDIT_FILE_H_
