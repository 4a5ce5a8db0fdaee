#include "core/model/secret_mask.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace clawplane::core {
namespace {

struct Span {
  size_t begin;
  size_t end;
};

// How many of the last bytes of `text` are the first ones of `secret`, but not
// all of them.
size_t BeginningAtEnd(std::string_view text, std::string_view secret) {
  size_t size = std::min(text.size(), secret.size() - 1);
  while (size > 0 && !text.ends_with(secret.substr(0, size))) --size;
  return size;
}

}  // namespace

void SecretMask::Add(std::string_view secret) {
  if (secret.size() < kMinBytes) return;
  std::erase(secrets_, secret);
  secrets_.emplace_back(secret);
  if (secrets_.size() > kMaxSecrets) secrets_.pop_front();
}

std::string SecretMask::Mask(std::string text, bool cut) const {
  std::optional<std::string> masked = Replace(text, cut, "[redacted]");
  if (!masked) return text;
  // A secret may be a part of the replacement, or begin or end in it. What now
  // takes its place is shorter than any secret, so this ends.
  while (std::optional<std::string> again = Replace(*masked, false, "[...]")) {
    masked = std::move(again);
  }
  return *std::move(masked);
}

std::optional<std::string> SecretMask::Replace(const std::string& text,
                                               bool cut,
                                               std::string_view instead) const {
  std::vector<Span> found;
  for (const std::string& secret : secrets_) {
    for (size_t at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + 1)) {
      found.push_back({at, at + secret.size()});
    }
    if (const size_t part = cut ? BeginningAtEnd(text, secret) : 0) {
      found.push_back({text.size() - part, text.size()});
    }
  }
  if (found.empty()) return std::nullopt;
  std::sort(found.begin(), found.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string masked;
  size_t done = 0;
  for (const Span& span : found) {
    if (span.begin >= done) {
      masked.append(text, done, span.begin - done).append(instead);
    }
    done = std::max(done, span.end);
  }
  return masked.append(text, done);
}

}  // namespace clawplane::core
