// Small pieces of text for people.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_TEXT_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// The text with its control characters written out (`\x1b`), so that foreign
// text cannot steer the terminal or pretend to be several lines.
std::string Printable(absl::string_view text);

// The text without the sequences that colour it (`\x1b[31m`).
std::string WithoutColours(absl::string_view text);

// The first `columns` characters of UTF-8 text; a cut one ends in "...".
std::string Cut(absl::string_view text, size_t columns);

// "0.3 s", "2 min 5 s", "3 h 20 min", "2 d 4 h".
std::string ShowDuration(absl::Duration duration);

// "2026-11-22T09:30:00.123+01:00", in the local time zone.
std::string ShowTime(absl::Time time);
std::string ShowTime(const google::protobuf::Timestamp& time);

// "2026-11-22 09:30:00", in the local time zone, for tables.
std::string ShowSecond(const google::protobuf::Timestamp& time);

// "412 MiB", rounded down.
std::string ShowMemory(uint64_t bytes);

// The text of the line, with a mark where it was cut: "text… [+1234 bytes]".
std::string MarkCut(const v1::LogLine& line, std::string text);

// Pads the cells of each column but the last to one width. One line for each
// row, without a final line end. All rows have as many cells as the first.
using Rows = std::vector<std::vector<std::string>>;
std::string Align(const Rows& rows);

// "EPOCH:SEQUENCE".
std::string ShowPosition(const v1::EventPosition& position);

absl::Duration ToAbsl(const google::protobuf::Duration& duration);
absl::Time ToAbsl(const google::protobuf::Timestamp& time);
google::protobuf::Duration ToProto(absl::Duration duration);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_TEXT_H_
