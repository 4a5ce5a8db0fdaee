#include "tests/fakes/fake_record.h"

#include <utility>

namespace clawplane::testing {

void FakeRecord::Count(const std::function<void(Counts&)>& change) {
  std::lock_guard lock(mutex_);
  change(counts_);
  changed_.notify_all();
}

void FakeRecord::AddFrame(std::string frame) {
  std::lock_guard lock(mutex_);
  frames_.push_back(std::move(frame));
  changed_.notify_all();
}

void FakeRecord::AddClose(uint16_t code) {
  std::lock_guard lock(mutex_);
  closes_.push_back(code);
  changed_.notify_all();
}

void FakeRecord::AddRequest(std::string target) {
  std::lock_guard lock(mutex_);
  requests_.push_back(std::move(target));
  changed_.notify_all();
}

void FakeRecord::SetBootId(std::string boot_id) {
  std::lock_guard lock(mutex_);
  boot_id_ = std::move(boot_id);
}

FakeRecord::Counts FakeRecord::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> FakeRecord::frames() const {
  std::lock_guard lock(mutex_);
  return frames_;
}

std::vector<uint16_t> FakeRecord::closes() const {
  std::lock_guard lock(mutex_);
  return closes_;
}

std::vector<std::string> FakeRecord::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

std::string FakeRecord::boot_id() const {
  std::lock_guard lock(mutex_);
  return boot_id_;
}

void FakeRecord::ClearFrames() {
  std::lock_guard lock(mutex_);
  frames_.clear();
}

bool FakeRecord::WaitForCounts(const std::function<bool(const Counts&)>& wanted,
                               std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return wanted(counts_); });
}

bool FakeRecord::WaitForCloses(size_t count,
                               std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout,
                           [&] { return closes_.size() >= count; });
}

std::optional<std::string> FakeRecord::WaitForFrame(
    const std::function<bool(const std::string&)>& wanted,
    std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  std::optional<std::string> found;
  changed_.wait_for(lock, timeout, [&] {
    for (const std::string& frame : frames_) {
      if (!wanted(frame)) continue;
      found = frame;
      return true;
    }
    return false;
  });
  return found;
}

}  // namespace clawplane::testing
