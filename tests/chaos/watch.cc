#include "tests/chaos/watch.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace clawplane::testing {
namespace {

// Of one event: the reasons that it gives.
bool Tells(const v1::Event& event, v1::Reason reason) {
  return (event.has_error() && event.error().reason() == reason) ||
         (event.has_state_changed() &&
          event.state_changed().error().reason() == reason);
}

}  // namespace

bool Seen::Has(v1::Reason reason) const {
  return std::any_of(statuses.begin(), statuses.end(),
                     [&](const auto& status) {
                       return status.error().reason() == reason;
                     }) ||
         std::any_of(events.begin(), events.end(),
                     [&](const auto& event) { return Tells(event, reason); });
}

bool Seen::Entered(v1::GatewayStatus::State state) const {
  return std::any_of(events.begin(), events.end(), [&](const auto& event) {
    return event.has_state_changed() && event.state_changed().to() == state;
  });
}

bool Seen::HasKind(v1::EventKind kind) const {
  return std::any_of(events.begin(), events.end(),
                     [&](const auto& event) { return event.kind() == kind; });
}

Seen Seen::Since(const Seen& before) const {
  return {{statuses.begin() + static_cast<ptrdiff_t>(before.statuses.size()),
           statuses.end()},
          {events.begin() + static_cast<ptrdiff_t>(before.events.size()),
           events.end()}};
}

std::string FaultOfLog(const std::vector<v1::Event>& events) {
  uint64_t last = 0;
  auto state = v1::GatewayStatus::STATE_STOPPED;
  std::set<int32_t> exited;
  for (const v1::Event& event : events) {
    if (event.sequence() != last + 1) {
      return absl::StrCat("event ", event.sequence(), " follows event ", last);
    }
    last = event.sequence();
    if (event.has_state_changed()) {
      const v1::StateChanged& change = event.state_changed();
      if (change.from() != state) {
        return absl::StrCat("event ", last, " leaves a state that was not");
      }
      state = change.to();
      if (change.has_pid() && exited.count(change.pid()) > 0) {
        return absl::StrCat("event ", last, " names process ", change.pid(),
                            ", which has exited");
      }
    } else if (event.has_process_exit()) {
      const int32_t pid = event.process_exit().pid();
      if (state == v1::GatewayStatus::STATE_STOPPED ||
          !exited.insert(pid).second) {
        return absl::StrCat("event ", last, " is an exit of process ", pid,
                            " without its start");
      }
    }
  }
  return "";
}

Watch::Watch(v1::GatewayService::Stub& stub)
    : stub_(stub),
      status_thread_([this] { FollowStatus(); }),
      event_thread_([this] { FollowEvents(); }) {}

Watch::~Watch() {
  status_context_.TryCancel();
  event_context_.TryCancel();
  status_thread_.join();
  event_thread_.join();
}

Seen Watch::Now() {
  std::lock_guard lock(mutex_);
  return seen_;
}

bool Watch::Await(const std::function<bool(const Seen&)>& is_so,
                  std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return is_so(seen_); });
}

void Watch::FollowStatus() {
  const auto reader = stub_.StreamStatus(&status_context_, {});
  for (v1::StreamStatusResponse response; reader->Read(&response);) {
    std::lock_guard lock(mutex_);
    seen_.statuses.push_back(response.status());
    changed_.notify_all();
  }
  reader->Finish();
}

void Watch::FollowEvents() {
  v1::StreamEventsRequest request;
  request.set_from_oldest(true);
  // Ticks come to nobody else, and leave holes.
  request.add_names("tick");
  request.add_names("*");
  const auto reader = stub_.StreamEvents(&event_context_, request);
  for (v1::StreamEventsResponse response; reader->Read(&response);) {
    std::lock_guard lock(mutex_);
    for (const v1::Event& event : response.events()) {
      seen_.events.push_back(event);
    }
    changed_.notify_all();
  }
  reader->Finish();
}

}  // namespace clawplane::testing
