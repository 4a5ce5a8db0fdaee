// Just enough JSON for the fake gateway: values that keep the text they came
// in, and the frames of the gateway's protocol.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_JSON_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clawplane::testing {

// A JSON value that remembers its own spelling, so that it can be sent back
// byte for byte.
//
// Thread-compatible. Owns its text.
class Json {
 public:
  static std::optional<Json> Parse(std::string_view text);

  const std::string& raw() const { return raw_; }
  bool IsObject() const { return raw_.front() == '{'; }
  bool IsArray() const { return raw_.front() == '['; }
  bool IsString() const { return raw_.front() == '"'; }
  bool IsNull() const { return raw_ == "null"; }
  bool IsInteger() const;

  // The names of an object's members, as spelt; of another value none.
  std::vector<std::string> Keys() const;
  // The last member of that name.
  std::optional<Json> Get(std::string_view key) const;
  // The member of that name where it is a string, else the fallback.
  std::string String(std::string_view key, std::string_view fallback) const;
  // The member of that name where it is an integer, else the fallback.
  int64_t Integer(std::string_view key, int64_t fallback) const;
  // The member of that name is `true`.
  bool Flag(std::string_view key) const;

  // The value of a string, unescaped; of another value its text.
  std::string Text() const;
  // The strings in an array; of another value none.
  std::vector<std::string> Texts() const;

 private:
  explicit Json(std::string_view raw) : raw_(raw) {}

  std::string raw_;
};

// A JSON string literal.
std::string Quote(std::string_view text);
// A JSON array of strings.
std::string QuoteAll(const std::vector<std::string>& texts);

// The frames. `id`, `payload` and `error` are JSON texts; a missing payload
// leaves the key out.
std::string OkFrame(std::string_view id,
                    const std::optional<std::string>& payload);
std::string ErrorFrame(std::string_view id, std::string_view error,
                       const std::optional<std::string>& payload);
std::string EventFrame(std::string_view event,
                       const std::optional<std::string>& payload,
                       std::optional<int64_t> seq, std::string_view more = "");

// The `error` of a frame. `more` is put in as it is, and begins with a comma.
std::string ErrorBody(std::string_view code, std::string_view message,
                      std::string_view more = "");

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_JSON_H_
