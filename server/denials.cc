#include "server/denials.h"

#include <utility>

#include "core/model/text.h"

namespace clawplane::server {

void Denials::Add(AuditRecord record, Time now) {
  const absl::MutexLock lock(&mutex_);
  std::string kind =
      core::Concat(record.peer, " ", record.client, " ", record.method, " ",
                   record.gateway_method, " ", record.reason);
  if (!windows_.contains(kind) && windows_.size() >= kMaxKinds) {
    record.peer = record.client = record.method = record.gateway_method = "";
    kind = record.reason;
  }
  const auto [window, is_new] = windows_.try_emplace(std::move(kind));
  if (!is_new) {
    ++window->second.more;
    return;
  }
  audit_.Write(ToJsonLine(record));
  window->second = {std::move(record), 0, now + kWindow};
}

void Denials::Flush(Time now) {
  const absl::MutexLock lock(&mutex_);
  for (auto window = windows_.begin(); window != windows_.end();) {
    auto& [record, more, end] = window->second;
    if (now < end) {
      ++window;
      continue;
    }
    if (more > 0) {
      record.repeated = more;
      audit_.Write(ToJsonLine(record));
    }
    window = windows_.erase(window);
  }
}

}  // namespace clawplane::server
