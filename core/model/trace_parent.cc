#include "core/model/trace_parent.h"

#include <algorithm>

namespace clawplane::core {
namespace {

// Lower case hexadecimal digits that are not all zero.
bool IsId(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

}  // namespace

bool IsTraceParent(std::string_view text) {
  // 00-<32 digits of the trace>-<16 of the parent>-<2 of flags>
  return text.size() == 55 && text.starts_with("00-") && text[35] == '-' &&
         text[52] == '-' && IsId(text.substr(3, 32)) &&
         IsId(text.substr(36, 16)) &&
         text.substr(53).find_first_not_of("0123456789abcdef") == text.npos;
}

}  // namespace clawplane::core
