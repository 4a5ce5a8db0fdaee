#include "core/io/event_keeper.h"

#include <algorithm>
#include <utility>

namespace clawplane::core {

void EventKeeper::Begin(EventStore& store, const LogBeginning& beginning,
                        std::function<void(const std::string& why)> degraded) {
  store_ = &store;
  on_degraded_ = std::move(degraded);
  previous_epoch_ = beginning.previous_epoch;
  stored_ = {beginning.durable, beginning.oldest, beginning.bytes};
  next_ = log_.last() + 1;
  ready_ = true;
  store.Begin({.on_stored =
                   [this](const StoredEvents& stored) {
                     strand_.AssertHeld();
                     OnStored(stored);
                   },
               .on_failed =
                   [this](const StoredEvents& stored, const std::string& why) {
                     strand_.AssertHeld();
                     OnFailed(stored, why);
                   },
               .on_ready =
                   [this] {
                     strand_.AssertHeld();
                     ready_ = true;
                     OnAppend();
                   }});
  if (beginning.failure.empty()) return;
  degraded_ = true;
  ++counts_.failures;
  on_degraded_(beginning.failure);
}

// At the end of the task, so that all that it brings is in one batch.
void EventKeeper::OnAppend() {
  if (!ready_ || finished_ || log_.last() < next_) return;
  ready_ = false;
  strand_.Defer([this] {
    strand_.AssertHeld();
    HandOver();
  });
}

void EventKeeper::HandOver() {
  if (finished_) return;
  std::vector<Event> batch = TakeNext(EventStore::kBatchEvents);
  batch_first_ = batch.front().sequence;
  store_->Append(std::move(batch));
}

std::vector<Event> EventKeeper::TakeNext(size_t most) {
  if (next_ < log_.oldest()) {
    counts_.left_out += log_.oldest() - next_;
    next_ = log_.oldest();
  }
  std::vector<Event> batch;
  size_t bytes = 0;
  while (next_ <= log_.last() && batch.size() < most) {
    const Event& event = log_.at(next_);
    bytes += event.size();
    if (bytes > EventStore::kBatchBytes && !batch.empty()) break;
    batch.push_back(event);
    ++next_;
  }
  return batch;
}

void EventKeeper::OnStored(const StoredEvents& stored) {
  ++counts_.commits;
  degraded_ = false;
  stored_ = stored;
}

void EventKeeper::OnFailed(const StoredEvents& stored, const std::string& why) {
  ++counts_.failures;
  stored_ = stored;
  // Handed over anew, as far as the log still holds it then.
  if (!finished_) next_ = batch_first_;
  if (!std::exchange(degraded_, true)) on_degraded_(why);
}

void EventKeeper::Finish() {
  if (store_ == nullptr || std::exchange(finished_, true)) return;
  std::vector<Event> rest;
  while (next_ <= log_.last()) {
    std::vector<Event> more = TakeNext(SIZE_MAX);
    std::move(more.begin(), more.end(), std::back_inserter(rest));
  }
  store_->Finish(std::move(rest), log_.last());
}

}  // namespace clawplane::core
