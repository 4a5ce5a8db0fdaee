#include "core/model/event_codec.h"

#include <cstdint>
#include <utility>
#include <variant>

namespace clawplane::core {
namespace {

constexpr uint64_t kVersion = 1;

// What the bytes say the detail is. Part of the form on disk.
enum class Tag : uint64_t {
  kPayload = 1,
  kChannelStatus = 2,
  kStateChange = 3,
  kProcessEnd = 4,
  kError = 5,
  kUnrecognized = 6,
  kGap = 7,
  kRepair = 8,
};

// Thread-compatible.
class Writer {
 public:
  std::string Take() { return std::move(bytes_); }

  void Number(uint64_t number) {
    for (; number >= 0x80; number >>= 7) {
      bytes_ += static_cast<char>(number | 0x80);
    }
    bytes_ += static_cast<char>(number);
  }
  void Signed(int64_t number) { Number(static_cast<uint64_t>(number)); }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_ += text;
  }
  template <typename T, typename Write>
  void Maybe(const std::optional<T>& value, Write write) {
    Number(value ? 1 : 0);
    if (value) write(*value);
  }
  void Json(const SharedJson& json) {
    Number(json ? 1 : 0);
    if (json) Text(*json);
  }
  void End(const ProcessEnd& end) {
    Signed(end.pid);
    Number(end.exit.how == ExitStatus::How::kExited ? 0 : 1);
    Signed(end.exit.value);
    Number(end.killed ? 1 : 0);
    Number(end.expected ? 1 : 0);
    Signed(end.at.time_since_epoch().count());
    Signed(end.lived.count());
    Signed(end.stragglers);
  }

  // ---- The details
  void operator()(const GatewayPayload& detail) {
    Begin(Tag::kPayload);
    Json(detail.json);
  }
  void operator()(const ChannelStatusDetail& detail) {
    Begin(Tag::kChannelStatus);
    Text(detail.channel_id);
    Text(detail.status);
    Json(detail.json);
  }
  void operator()(const StateChange& change) {
    Begin(Tag::kStateChange);
    Text(Name(change.from));
    Text(Name(change.to));
    Maybe(change.error, [this](const Fault& fault) {
      Text(Name(fault.reason));
      Text(fault.message);
      Text(fault.next_step);
    });
    Maybe(change.pid, [this](int pid) { Signed(pid); });
    Number(change.revision);
  }
  void operator()(const ProcessEnd& end) {
    Begin(Tag::kProcessEnd);
    End(end);
  }
  void operator()(const ErrorDetail& detail) {
    Begin(Tag::kError);
    Text(detail.message);
    Json(detail.json);
    Maybe(detail.reason, [this](Reason reason) { Text(Name(reason)); });
  }
  void operator()(const UnrecognizedDetail& detail) {
    Begin(Tag::kUnrecognized);
    Text(detail.why);
    Text(detail.excerpt);
    Number(detail.size);
  }
  void operator()(const UpstreamGap& gap) {
    Begin(Tag::kGap);
    Number(gap.cause == UpstreamGap::Cause::kNewConnection ? 0 : 1);
    Maybe(gap.missing, [this](uint64_t missing) { Number(missing); });
  }
  void operator()(const RepairDetail& detail) {
    Begin(Tag::kRepair);
    End(detail.end);
    Text(detail.last_words);
  }

 private:
  void Begin(Tag tag) { Number(static_cast<uint64_t>(tag)); }

  std::string bytes_;
};

// Reads what `Writer` wrote. Once something does not fit, all that follows is
// empty, and `failed` says so.
//
// Thread-compatible.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  uint64_t Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    Fail();
    return 0;
  }
  int64_t Signed() { return static_cast<int64_t>(Number()); }
  int Int() { return static_cast<int>(Signed()); }
  // 0 or 1.
  bool Flag() {
    const uint64_t flag = Number();
    if (flag > 1) Fail();
    return flag == 1;
  }
  std::string Text() {
    const uint64_t size = Number();
    if (size > rest_.size()) {
      Fail();
      return {};
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  SharedJson Json() { return Flag() ? SharedJson(Text()) : SharedJson(); }

  // The one of the values from 0 to `last` that has the name that follows.
  template <typename T>
  T Named(T last) {
    const std::string name = Text();
    for (int i = 0; i <= static_cast<int>(last); ++i) {
      if (Name(static_cast<T>(i)) == name) return static_cast<T>(i);
    }
    Fail();
    return last;
  }
  State ReadState() { return Named(State::kError); }
  Reason ReadReason() { return Named(Reason::kEventLogFailed); }
  EventKind ReadKind() { return Named(EventKind::kRepair); }

  ProcessEnd End() {
    ProcessEnd end;
    end.pid = Int();
    end.exit.how =
        Flag() ? ExitStatus::How::kSignaled : ExitStatus::How::kExited;
    end.exit.value = Int();
    end.killed = Flag();
    end.expected = Flag();
    end.at = WallTime(Duration(Signed()));
    end.lived = Duration(Signed());
    end.stragglers = Int();
    return end;
  }

  EventDetail Detail() {
    switch (static_cast<Tag>(Number())) {
      case Tag::kPayload:
        return GatewayPayload{Json()};
      case Tag::kChannelStatus:
        // Members of a braced list are evaluated in their order.
        return ChannelStatusDetail{Text(), Text(), Json()};
      case Tag::kStateChange:
        return Change();
      case Tag::kProcessEnd:
        return End();
      case Tag::kError:
        return Error();
      case Tag::kUnrecognized:
        return UnrecognizedDetail{Text(), Text(), Number()};
      case Tag::kGap:
        return Gap();
      case Tag::kRepair:
        return RepairDetail{End(), Text()};
    }
    Fail();
    return GatewayPayload();
  }

 private:
  StateChange Change() {
    StateChange change{ReadState(), ReadState(), {}, {}, 0};
    if (Flag()) change.error = Fault{ReadReason(), Text(), Text()};
    if (Flag()) change.pid = Int();
    change.revision = Number();
    return change;
  }
  ErrorDetail Error() {
    ErrorDetail detail;
    detail.message = Text();
    detail.json = Json();
    if (Flag()) detail.reason = ReadReason();
    return detail;
  }
  UpstreamGap Gap() {
    UpstreamGap gap{Flag() ? UpstreamGap::Cause::kSequenceJump
                           : UpstreamGap::Cause::kNewConnection,
                    {}};
    if (Flag()) gap.missing = Number();
    return gap;
  }
  void Fail() {
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

std::string EncodeDraft(const EventDraft& draft) {
  Writer writer;
  writer.Number(kVersion);
  writer.Text(Name(draft.kind));
  writer.Text(draft.name);
  writer.Maybe(draft.gateway_seq,
               [&writer](uint64_t seq) { writer.Number(seq); });
  std::visit(writer, draft.detail);
  return writer.Take();
}

std::optional<EventDraft> DecodeDraft(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.Number() != kVersion) return std::nullopt;
  EventDraft draft;
  draft.kind = reader.ReadKind();
  draft.name = reader.Text();
  if (reader.Flag()) draft.gateway_seq = reader.Number();
  draft.detail = reader.Detail();
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return draft;
}

}  // namespace clawplane::core
