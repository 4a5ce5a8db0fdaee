#include "server/audit_record.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <chrono>

#include "core/model/utf8.h"
#include "server/time_text.h"

namespace clawplane::server {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>,
                                 rapidjson::ASCII<>>;

constexpr size_t kMaxText = 256;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kCut = "\xE2\x80\xA6";
constexpr char kDelete = '\x7F';

// UTF-8 without the one control character that JSON does not escape, of at most
// `kMaxText` bytes.
std::string Clean(std::string_view text) {
  std::string clean;
  // The end of what leaves room for the mark of a cut.
  size_t cut = 0;
  while (!text.empty()) {
    const size_t size =
        core::Utf8CharacterSize(text.data(), text.data() + text.size());
    const std::string_view character = size == 0 || text.front() == kDelete
                                           ? kReplacement
                                           : text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
    if (clean.size() + character.size() > kMaxText) {
      clean.resize(cut);
      return clean.append(kCut);
    }
    clean += character;
    if (clean.size() + kCut.size() <= kMaxText) cut = clean.size();
  }
  return clean;
}

std::string_view Name(AuditRecord::Phase phase) {
  switch (phase) {
    case AuditRecord::Phase::kBefore:
      return "before";
    case AuditRecord::Phase::kAfter:
      return "after";
    case AuditRecord::Phase::kDenied:
      return "denied";
  }
  return "";
}

void WriteText(std::string_view name, std::string_view text, Writer& writer) {
  if (text.empty()) return;
  const std::string clean = Clean(text);
  writer.Key(name.data(), static_cast<unsigned>(name.size()));
  writer.String(clean.data(), static_cast<unsigned>(clean.size()));
}

}  // namespace

std::string ToJsonLine(const AuditRecord& record) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  WriteText("time", TimeText(record.time), writer);
  WriteText("phase", Name(record.phase), writer);
  WriteText("id", record.id, writer);
  WriteText("client", record.client, writer);
  if (record.role) WriteText("role", core::Name(*record.role), writer);
  WriteText("peer", record.peer, writer);
  WriteText("method", record.method, writer);
  WriteText("gateway_method", record.gateway_method, writer);
  WriteText("outcome", record.outcome, writer);
  WriteText("reason", record.reason, writer);
  if (record.duration) {
    writer.Key("duration_ms");
    writer.Int64(std::chrono::floor<std::chrono::milliseconds>(*record.duration)
                     .count());
  }
  WriteText("trace_id", record.trace_id, writer);
  if (record.repeated > 0) {
    writer.Key("repeated");
    writer.Uint64(record.repeated);
  }
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace clawplane::server
