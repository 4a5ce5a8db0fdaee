#include "client/clawctl/json_text.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace clawplane::clawctl {
namespace {

using Stream =
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream>;

// Iterative, so that depth costs memory and not the stack.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                            rapidjson::kParseNumbersAsStringsFlag |
                            rapidjson::kParseValidateEncodingFlag;

// RapidJSON's own writer puts numbers that came as text into quotes.
class Indenter : public rapidjson::PrettyWriter<rapidjson::StringBuffer> {
 public:
  using PrettyWriter::PrettyWriter;

  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return RawValue(text, size, rapidjson::kNumberType);
  }
};

absl::Status ErrorAt(absl::string_view text, size_t offset,
                     absl::string_view what) {
  const absl::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n') + 1;  // 0 where there is none.
  return absl::InvalidArgumentError(
      absl::StrCat("line ", lines + 1, ", column ",
                   before.size() - line_start + 1, ": ", what));
}

template <typename Handler>
absl::Status Parse(absl::string_view text, Handler& handler) {
  // RapidJSON takes it for the end, and what follows would go unread.
  if (const size_t nul = text.find('\0'); nul != absl::string_view::npos) {
    return ErrorAt(text, nul, "a zero byte");
  }
  rapidjson::MemoryStream memory(text.data(), text.size());
  Stream stream(memory);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
  if (!result.IsError()) return absl::OkStatus();
  std::string what = rapidjson::GetParseError_En(result.Code());
  if (!what.empty()) what.front() = absl::ascii_tolower(what.front());
  if (!what.empty() && what.back() == '.') what.pop_back();
  return ErrorAt(text, std::min(result.Offset(), text.size()), what);
}

}  // namespace

absl::Status CheckJson(absl::string_view text) {
  rapidjson::BaseReaderHandler<> nothing;
  return Parse(text, nothing);
}

std::string JsonString(absl::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return std::string(buffer.GetString(), buffer.GetSize());
}

absl::StatusOr<std::string> IndentJson(absl::string_view text) {
  rapidjson::StringBuffer buffer;
  Indenter indenter(buffer);
  indenter.SetIndent(' ', 2);
  absl::Status parsed = Parse(text, indenter);
  if (!parsed.ok()) return parsed;
  return std::string(buffer.GetString(), buffer.GetSize());
}

}  // namespace clawplane::clawctl
