#include "client/clawctl/text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace clawplane::clawctl {
namespace {

bool IsContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, the second set of control characters.
    const bool is_c1 = byte == 0xC2 && i + 1 < text.size() &&
                       static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (is_c1) {
      absl::StrAppendFormat(&out, "\\x%02x",
                            static_cast<unsigned char>(text[++i]));
    } else if (byte < 0x20 || byte == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", byte);
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string WithoutColours(absl::string_view text) {
  constexpr absl::string_view kBegin = "\x1b[";
  constexpr absl::string_view kParameters = "0123456789;";
  std::string out;
  while (true) {
    const size_t begin = text.find(kBegin);
    if (begin == absl::string_view::npos) break;
    const size_t end =
        text.find_first_not_of(kParameters, begin + kBegin.size());
    const bool is_colour = end != absl::string_view::npos && text[end] == 'm';
    const size_t keep = is_colour ? begin : begin + kBegin.size();
    absl::StrAppend(&out, text.substr(0, keep));
    text.remove_prefix(is_colour ? end + 1 : keep);
  }
  absl::StrAppend(&out, text);
  return out;
}

std::string Cut(absl::string_view text, size_t columns) {
  constexpr size_t kDots = 3;
  size_t characters = 0;
  size_t keep = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsContinuation(text[i])) continue;
    if (++characters + kDots == columns + 1) keep = i;
  }
  if (characters <= columns) return std::string(text);
  return absl::StrCat(text.substr(0, keep), "...");
}

std::string ShowDuration(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t minutes = seconds / 60;
  const int64_t hours = minutes / 60;
  if (minutes == 0) {
    // Cut, not rounded: never "60.0 s".
    const int64_t tenths = absl::ToInt64Milliseconds(duration) / 100;
    return absl::StrFormat("%d.%d s", tenths / 10, tenths % 10);
  }
  if (hours == 0) return absl::StrCat(minutes, " min ", seconds % 60, " s");
  if (hours < 24) return absl::StrCat(hours, " h ", minutes % 60, " min");
  return absl::StrCat(hours / 24, " d ", hours % 24, " h");
}

std::string ShowTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3S%Ez", time,
                          absl::LocalTimeZone());
}

std::string ShowTime(const google::protobuf::Timestamp& time) {
  return ShowTime(ToAbsl(time));
}

std::string ShowSecond(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", ToAbsl(time),
                          absl::LocalTimeZone());
}

std::string ShowMemory(uint64_t bytes) {
  return absl::StrCat(bytes / (1024 * 1024), " MiB");
}

std::string MarkCut(const v1::LogLine& line, std::string text) {
  if (line.cut_bytes() == 0) return text;
  return absl::StrCat(text, "… [+", line.cut_bytes(), " bytes]");
}

std::string Align(const Rows& rows) {
  std::vector<size_t> widths(rows.empty() ? 0 : rows.front().size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  return absl::StrJoin(rows, "\n", [&](std::string* out, const auto& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      absl::StrAppend(
          out, row[i],
          std::string(last ? 0 : widths[i] - row[i].size() + 2, ' '));
    }
  });
}

std::string ShowPosition(const v1::EventPosition& position) {
  return absl::StrCat(position.epoch(), ":", position.sequence());
}

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

absl::Time ToAbsl(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration out;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return out;
}

}  // namespace clawplane::clawctl
