// Files that are read whole.

#ifndef CLAWPLANE_SERVER_TEXT_FILE_H_
#define CLAWPLANE_SERVER_TEXT_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace clawplane::server {

struct TextFile {
  std::string text;
  mode_t mode = 0;
};

// Reads `path`, or says why it cannot; `what` names the file in that: "the
// configuration file". Takes no more than 1 MiB.
absl::StatusOr<TextFile> ReadTextFile(std::string_view what,
                                      const std::string& path);

// What changes with a file that is written or replaced: compared with that of
// earlier, it tells whether to read it again. Empty if there is none.
std::string StampOf(const std::string& path);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TEXT_FILE_H_
