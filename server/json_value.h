// JSON text to and from `google.protobuf.Value`, in one pass each.

#ifndef CLAWPLANE_SERVER_JSON_VALUE_H_
#define CLAWPLANE_SERVER_JSON_VALUE_H_

#include <google/protobuf/struct.pb.h>

#include <optional>
#include <string>
#include <string_view>

namespace clawplane::server {

// How deep values may be nested, in either direction. Protobuf parses no
// message that is more than 100 deep; an object is three of them inside each
// other, and the value of an event begins at the fourth.
inline constexpr int kMaxValueDepth = 32;

// Reads JSON into `value`, which must be empty and may lie on an arena. Says
// what is wrong if it cannot: it is not JSON in UTF-8, it is too deep, or a
// number is beyond the range of a double. Integers beyond 2^53 become the
// nearest double; of a repeated key the last counts; half a character
// ("\ud83d"), which no proto string can hold, becomes U+FFFD.
std::optional<std::string> JsonToValue(std::string_view json,
                                       google::protobuf::Value& value);

// Appends `value` to `json`, which may be followed by anything if it cannot:
// then this says what is wrong. A number is not finite, a kind is not set, or
// it is too deep. Whole numbers below 2^53 are written as integers, others with
// as many digits as it takes to read the same double again.
std::optional<std::string> ValueToJson(const google::protobuf::Value& value,
                                       std::string& json);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_JSON_VALUE_H_
