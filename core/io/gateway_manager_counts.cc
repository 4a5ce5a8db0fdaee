// What the manager counts, for whoever watches it by numbers.

#include <algorithm>

#include "core/io/gateway_manager.h"
#include "core/io/process_table.h"

namespace clawplane::core {

const PendingCalls& GatewayManager::calls() const {
  strand_.AssertHeld();
  return calls_;
}

const GatewayCounts& GatewayManager::counts() const {
  strand_.AssertHeld();
  return counts_;
}

std::optional<ProcessVitals> GatewayManager::vitals() const {
  strand_.AssertHeld();
  if (process_ != nullptr) return process_->Vitals();
  // Of a gateway that is not ours, where its process can be seen.
  const auto pid = machine_.status().pid;
  return pid ? ReadVitals(*pid) : std::nullopt;
}

size_t GatewayManager::followers(Topic topic) const {
  strand_.AssertHeld();
  const auto found = audiences_.find(topic);
  return found == audiences_.end() ? 0 : found->second.size();
}

uint64_t GatewayManager::event_lag() const {
  strand_.AssertHeld();
  const auto readers = audiences_.find(Topic::kEvents);
  if (readers == audiences_.end()) return 0;
  const uint64_t next = events_.last() + 1;
  return next - std::min(next, readers->second.Furthest());
}

void GatewayManager::CountResponse(Topic topic) {
  strand_.AssertHeld();
  ++counts_.responses[static_cast<size_t>(topic)];
}

void GatewayManager::CountReaderGap() {
  strand_.AssertHeld();
  ++counts_.reader_gaps;
}

void GatewayManager::CountPhase(const GatewayStatus& before) {
  const GatewayStatus& after = machine_.status();
  if (before.phase == Phase::kNone ||
      (before.phase == after.phase && before.state == after.state)) {
    return;
  }
  counts_.phases[static_cast<size_t>(before.phase)].Add(Now().steady -
                                                        before.phase_since);
}

}  // namespace clawplane::core
