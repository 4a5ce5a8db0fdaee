// Files that a crash leaves whole.

#ifndef CLAWPLANE_CORE_IO_REPLACE_FILE_H_
#define CLAWPLANE_CORE_IO_REPLACE_FILE_H_

#include <optional>
#include <string>
#include <string_view>

namespace clawplane::core {

// Why a file was not replaced: it "cannot be" this, for this `errno`.
struct ReplaceFailure {
  std::string_view undone;
  int error = 0;
};

// Writes the file at `path` (0600) so that it holds either what it held before
// or `text`, whatever happens, and returns when it is on the disk. A failure
// leaves nothing behind; after "brought to the disk" the file holds `text`, but
// may hold what it held before once the power has failed.
//
// Blocks on the file system. For the one process that holds the folder.
std::optional<ReplaceFailure> ReplaceFile(const std::string& path,
                                          std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_REPLACE_FILE_H_
