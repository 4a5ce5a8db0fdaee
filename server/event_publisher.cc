#include "server/event_publisher.h"

#include <utility>
#include <vector>

#include "core/model/text.h"
#include "server/log.h"

namespace clawplane::server {

using core::Topic;

void EventPublisher::Begin() {
  strand_.AssertHeld();
  gateway_.Subscribe(Topic::kEvents, *this);
  broker_->Begin({.on_connected =
                      [this](const std::optional<core::EventPosition>& last) {
                        strand_.AssertHeld();
                        OnConnected(last);
                      },
                  .on_taken =
                      [this] {
                        strand_.AssertHeld();
                        counts_.published += std::exchange(under_way_, 0);
                        taken_ = given_;
                        Advance();
                      },
                  .on_lost =
                      [this](const std::string& why) {
                        strand_.AssertHeld();
                        ++counts_.failures;
                        under_way_ = 0;
                        if (counts_.connected || counts_.failures == 1)
                          LogWarning(why);
                        counts_.connected = false;
                      }});
}

void EventPublisher::OnConnected(
    const std::optional<core::EventPosition>& last) {
  counts_.connected = true;
  LogInfo(last ? core::Concat("nats: connected; events are published from ",
                              last->epoch, ":", last->sequence, " on")
               : "nats: connected; all events held are published");
  trail_.emplace(gateway_.events(), gateway_.event_keeper(),
                 core::EventFilter(), [this] {
                   strand_.AssertHeld();
                   Advance();
                 });
  if (!last) {
    trail_->BeginFromOldest();
  } else if (!trail_->BeginAfter(*last)) {
    LogWarning(
        "nats: the stream has events that this log does not have; events are "
        "published from now on");
    trail_->BeginFromNow();
  }
  taken_ = given_ = trail_->Position();
  Advance();
}

void EventPublisher::Advance() {
  if (closed_ || !counts_.connected || under_way_ > 0) return;
  std::vector<Publication> next;
  while (next.size() < kMaxPublications) {
    auto publication = Next();
    if (!publication) break;
    given_ = publication->position;
    next.push_back(*std::move(publication));
  }
  if (next.empty()) {
    // A page that is under way wakes it.
    if (!trail_->Fetch()) gateway_.Await(Topic::kEvents, *this);
    return;
  }
  under_way_ = next.size();
  broker_->Publish(std::move(next));
}

std::optional<Publication> EventPublisher::Next() {
  if (trail_->Fetch()) return std::nullopt;
  if (auto loss = trail_->TakeLoss()) {
    return Publication{loss->resumed_after, *loss};
  }
  const core::Event* const event = trail_->Peek(UINT64_MAX);
  if (event == nullptr) return std::nullopt;
  Publication publication{{trail_->epoch(), event->sequence}, *event};
  trail_->Pop();
  return publication;
}

uint64_t EventPublisher::lag() const {
  strand_.AssertHeld();
  const core::EventLog& log = gateway_.events();
  // Ticks are not published, so that there is no lag where all has been read.
  if (trail_ && under_way_ == 0 && counts_.connected &&
      trail_->next() == log.last() + 1) {
    return 0;
  }
  return log.last() - (taken_.epoch == log.epoch() ? taken_.sequence : 0);
}

// Where it has come to is not changed by what wakes it: it may have gone back
// with a new connection.
void EventPublisher::Wake(uint64_t /*from*/) {
  strand_.AssertHeld();
  Advance();
}

void EventPublisher::Close(const core::Fault&) {
  strand_.AssertHeld();
  closed_ = true;
}

}  // namespace clawplane::server
