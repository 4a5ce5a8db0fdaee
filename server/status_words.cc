#include "server/status_words.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "core/model/text.h"

namespace clawplane::server {

using core::Concat;

std::string InWords(const core::GatewayStatus& status) {
  std::string words = Concat("gateway ", core::Name(status.state));
  if (status.phase != core::Phase::kNone) {
    words += Concat(": ", core::Name(status.phase));
  }
  absl::AsciiStrToLower(&words);
  std::replace(words.begin(), words.end(), '-', ' ');
  if (status.pid) words += Concat(", pid ", *status.pid);
  if (status.error)
    words += Concat(" (", core::Name(status.error->reason), ")");
  return words;
}

void StatusWords::Begin() {
  strand_.AssertHeld();
  gateway_.Subscribe(core::Topic::kStatus, *this);
  TellAndAwait();
}

void StatusWords::Wake(uint64_t /*from*/) {
  strand_.AssertHeld();
  TellAndAwait();
}

// The end of the server is told by others.
void StatusWords::Close(const core::Fault& /*why*/) {}

void StatusWords::TellAndAwait() {
  std::string words = InWords(gateway_.status());
  if (words != told_) {
    told_ = std::move(words);
    tell_(told_);
  }
  gateway_.Await(core::Topic::kStatus, *this);
}

}  // namespace clawplane::server
