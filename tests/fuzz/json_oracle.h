// What RapidJSON says of a text, held against what we say.

#ifndef CLAWPLANE_TESTS_FUZZ_JSON_ORACLE_H_
#define CLAWPLANE_TESTS_FUZZ_JSON_ORACLE_H_

#include <optional>
#include <string>
#include <string_view>

namespace clawplane::core {

// Reads `text` with our scanner in all its ways and with RapidJSON's DOM. Gives
// the first thing in which they differ; nothing if they agree.
//
// The differences that are meant, all of them texts that we take and RapidJSON
// refuses:
//
// * numbers beyond the range of a double, such as 1e309;
// * escapes of the first half of a character alone ("\ud83d").
//
// The second half alone ("\ude00") RapidJSON takes too, but decodes it to bytes
// that are not UTF-8; we decode both to U+FFFD.
//
// And one that RapidJSON takes and we refuse: a zero byte behind the value,
// which is the end of the text to its streams.
std::optional<std::string> Disagreement(std::string_view text);

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_FUZZ_JSON_ORACLE_H_
