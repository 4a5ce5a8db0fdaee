// JSON that is handed on as it is.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_JSON_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_JSON_TEXT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace clawplane::clawctl {

// Whether the text is one JSON value in UTF-8; the error says where it is not:
// "line 1, column 7: invalid value".
absl::Status CheckJson(absl::string_view text);

// The text as a JSON string, in its quotes.
std::string JsonString(absl::string_view text);

// The same value over several lines, with its numbers and the order of its
// keys untouched.
absl::StatusOr<std::string> IndentJson(absl::string_view text);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_JSON_TEXT_H_
