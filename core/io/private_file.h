// Small files that nobody else may read.

#ifndef CLAWPLANE_CORE_IO_PRIVATE_FILE_H_
#define CLAWPLANE_CORE_IO_PRIVATE_FILE_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/model/fault.h"

namespace clawplane::core {

// Nothing there; what is in it; or why it cannot be used.
using PrivateFile = std::variant<std::monostate, std::string, Fault>;

// Reads the file at `path`, of at most 4 KiB. Refused is one that is no regular
// file, belongs to another user, or may be read or written by anybody else.
// Faults name the path and what to do, never the contents.
//
// Like `WritePrivateFile`, blocks on the file system, and is for the one
// process that holds the folder. Thread-compatible.
PrivateFile ReadPrivateFile(const std::string& path);

// Puts a file that only its owner may read (0600) in place of it, as
// `ReplaceFile` does.
std::optional<Fault> WritePrivateFile(const std::string& path,
                                      std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_PRIVATE_FILE_H_
