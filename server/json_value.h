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

// Reads JSON into `value`, which must be empty. Says what is wrong if it
// cannot: it is not JSON in UTF-8, or too deep. Integers beyond 2^53 lose
// precision; of a repeated key the last counts.
std::optional<std::string> JsonToValue(std::string_view json,
                                       google::protobuf::Value& value);

// Writes `value` to `json`. Says what is wrong if it cannot: a number is not
// finite, a kind is not set, or it is too deep. Whole numbers below 2^53 are
// written as integers.
std::optional<std::string> ValueToJson(const google::protobuf::Value& value,
                                       std::string& json);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_JSON_VALUE_H_
