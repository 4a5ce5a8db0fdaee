// What is read out of the parts of frames: errors, the hello, single members.

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/model/frame.h"
#include "core/model/json_scanner.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// Empty unless it is a string.
std::string StringOf(const JsonValue& value) {
  return value.kind == JsonKind::kString ? value.string.Decoded()
                                         : std::string();
}

// The items that are strings, if it is an array.
std::vector<std::string> StringsOf(const JsonValue& value) {
  std::vector<std::string> strings;
  JsonScanner scanner(value.text);
  if (!scanner.Enter(JsonKind::kArray)) return strings;
  JsonValue item;
  while (scanner.NextItem() && scanner.Pass(item)) {
    if (item.kind == JsonKind::kString) {
      strings.push_back(item.string.Decoded());
    }
  }
  return strings;
}

// A number that is written as an integer and fits.
template <typename Integer>
std::optional<Integer> IntegerOf(const JsonValue& value) {
  if (value.kind != JsonKind::kNumber) return std::nullopt;
  Integer number = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [behind, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || behind != end) return std::nullopt;
  return number;
}

// A number of milliseconds, within what a `Duration` can hold.
std::optional<Duration> MillisecondsOf(const JsonValue& value) {
  if (value.kind != JsonKind::kNumber) return std::nullopt;
  // Gives infinity for what is beyond a double, which is clamped as well.
  const double number = std::strtod(std::string(value.text).c_str(), nullptr);
  const double milliseconds = std::clamp(number, 0.0, 1e12);
  return std::chrono::milliseconds(static_cast<int64_t>(milliseconds));
}

void ReadDetails(const JsonValue& details, ErrorShape& shape) {
  shape.details_json = details.text;
  shape.details_code = StringMember(details.text, "code");
  if (const auto expected = MemberOf(details.text, "expectedProtocol")) {
    shape.expected_protocol = IntegerOf<int64_t>(*expected);
  }
}

}  // namespace

ErrorShape ParseError(JsonView error) {
  ErrorShape shape;
  if (const auto code = MemberOf(error, "code")) {
    // JSON-RPC has numbers for codes.
    const auto number = IntegerOf<int64_t>(*code);
    shape.code = number ? Concat(*number) : StringOf(*code);
  }
  shape.message = StringMember(error, "message");
  if (const auto retryable = MemberOf(error, "retryable")) {
    shape.retryable = retryable->kind == JsonKind::kTrue;
  }
  if (const auto after = MemberOf(error, "retryAfterMs")) {
    shape.retry_after = MillisecondsOf(*after);
  }
  if (const auto details = MemberOf(error, "details")) {
    ReadDetails(*details, shape);
  }
  return shape;
}

std::optional<Hello> ParseHello(JsonView payload) {
  if (StringMember(payload, "type") != "hello-ok") return std::nullopt;
  const auto protocol = MemberOf(payload, "protocol");
  if (!protocol) return std::nullopt;
  const auto number = IntegerOf<uint32_t>(*protocol);
  if (!number) return std::nullopt;
  Hello hello;
  hello.protocol = *number;
  if (const auto server = MemberOf(payload, "server")) {
    hello.version = StringMember(server->text, "version");
    hello.boot_id = StringMember(server->text, "bootId");
    hello.connection_id = StringMember(server->text, "connId");
  }
  if (const auto snapshot = MemberOf(payload, "snapshot")) {
    if (const auto uptime = MemberOf(snapshot->text, "uptimeMs")) {
      hello.uptime = MillisecondsOf(*uptime);
    }
  }
  const auto strings = [&](std::string_view object, std::string_view member) {
    const auto holder = MemberOf(payload, object);
    const auto value = holder ? MemberOf(holder->text, member) : std::nullopt;
    return value ? StringsOf(*value) : std::vector<std::string>();
  };
  hello.methods = strings("features", "methods");
  hello.events = strings("features", "events");
  hello.scopes = strings("auth", "scopes");
  if (const auto policy = MemberOf(payload, "policy")) {
    if (const auto limit = MemberOf(policy->text, "maxPayload")) {
      hello.max_payload_bytes = IntegerOf<uint64_t>(*limit).value_or(0);
    }
    if (const auto tick = MemberOf(policy->text, "tickIntervalMs")) {
      hello.tick_interval = MillisecondsOf(*tick).value_or(Duration());
    }
  }
  return hello;
}

std::string DeviceTokenIn(JsonView payload) {
  const auto auth = MemberOf(payload, "auth");
  return auth ? StringMember(auth->text, "deviceToken") : std::string();
}

std::optional<Challenge> ParseChallenge(JsonView payload) {
  const auto at = MemberOf(payload, "ts");
  const auto milliseconds = at ? IntegerOf<int64_t>(*at) : std::nullopt;
  std::string nonce = StringMember(payload, "nonce");
  if (!milliseconds || nonce.empty()) return std::nullopt;
  return Challenge{std::move(nonce), *milliseconds};
}

bool AnnouncesRestart(JsonView shutdown) {
  const auto expected = MemberOf(shutdown, "restartExpectedMs");
  return expected && expected->kind == JsonKind::kNumber;
}

std::string StringMember(JsonView json, std::string_view member) {
  const auto value = MemberOf(json, member);
  return value ? StringOf(*value) : std::string();
}

}  // namespace clawplane::core
