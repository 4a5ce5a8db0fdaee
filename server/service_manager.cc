#include "server/service_manager.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "core/model/text.h"
#include "server/log.h"

namespace clawplane::server {
namespace {

using core::Concat;
using Clock = std::chrono::steady_clock;

// How often we ask where there is no watchdog: for more time to stop in.
constexpr std::chrono::seconds kPeriodWithoutWatchdog(5);

constexpr int kKeepEnvironment = 0;

// What newer versions of systemd tell one reload from another by.
uint64_t MonotonicMicroseconds() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

// What the threads share.
//
// Thread-safe by its mutex.
struct ServiceManager::Talk {
  bool IsAlive() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return std::find(has_answered.begin(), has_answered.end(), false) ==
           has_answered.end();
  }
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return !messages.empty() || status || is_due || is_ending || IsAlive();
  }
  // Empty if there is nothing to say.
  std::string NextMessage(bool feeds, std::chrono::microseconds period)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Each proof takes new answers.
  std::string ProofOfLife(bool feeds, std::chrono::microseconds period)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  absl::Mutex mutex;
  // What was not said yet: in order, but for the status, of which the latest
  // counts.
  std::deque<std::string> messages ABSL_GUARDED_BY(mutex);
  std::optional<std::string> status ABSL_GUARDED_BY(mutex);
  // The parts, by number: whether each has a question before it, and whether
  // it has answered one since the last proof of life.
  std::vector<bool> is_asked ABSL_GUARDED_BY(mutex);
  std::vector<bool> has_answered ABSL_GUARDED_BY(mutex);
  // The parts are to be asked now.
  bool is_due ABSL_GUARDED_BY(mutex) = true;
  bool is_stopping ABSL_GUARDED_BY(mutex) = false;
  bool is_ending ABSL_GUARDED_BY(mutex) = false;
};

ServiceManager::ServiceManager(std::vector<Question> questions)
    : questions_(std::move(questions)), talk_(std::make_shared<Talk>()) {
  assert(!questions_.empty());
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return;
  uint64_t watchdog = 0;
  feeds_ = ::sd_watchdog_enabled(kKeepEnvironment, &watchdog) > 0;
  period_ =
      feeds_ ? std::chrono::microseconds(watchdog / 2) : kPeriodWithoutWatchdog;
  {
    const absl::MutexLock lock(&talk_->mutex);
    talk_->is_asked.resize(questions_.size());
    talk_->has_answered.resize(questions_.size());
  }
  thread_ = std::thread([this] { Run(); });
}

ServiceManager::~ServiceManager() { End(); }

void ServiceManager::Ready() { Say("READY=1"); }

void ServiceManager::Reloading() {
  Say(Concat("RELOADING=1\nMONOTONIC_USEC=", MonotonicMicroseconds()));
}

void ServiceManager::Stopping() {
  Say("STOPPING=1");
  const absl::MutexLock lock(&talk_->mutex);
  talk_->is_stopping = true;
  talk_->is_due = true;
}

void ServiceManager::Status(const std::string& text) {
  if (!thread_.joinable()) return;
  const absl::MutexLock lock(&talk_->mutex);
  talk_->status = Concat("STATUS=", text);
}

void ServiceManager::End() {
  if (!thread_.joinable()) return;
  {
    const absl::MutexLock lock(&talk_->mutex);
    talk_->is_ending = true;
  }
  thread_.join();
}

void ServiceManager::Say(std::string message) {
  if (!thread_.joinable()) return;
  const absl::MutexLock lock(&talk_->mutex);
  talk_->messages.push_back(std::move(message));
}

void ServiceManager::Run() {
  Clock::time_point next = Clock::now();
  while (true) {
    std::string message;
    bool is_due = false;
    {
      const absl::MutexLock lock(&talk_->mutex);
      talk_->mutex.AwaitWithTimeout(
          absl::Condition(talk_.get(), &Talk::HasWork),
          absl::FromChrono(next - Clock::now()));
      message = talk_->NextMessage(feeds_, period_);
      if (message.empty() && talk_->is_ending) return;
      is_due = std::exchange(talk_->is_due, false);
    }
    if (!message.empty()) Send(message);
    if (is_due || Clock::now() >= next) {
      Ask();
      next = Clock::now() + period_;
    }
  }
}

std::string ServiceManager::Talk::NextMessage(
    bool feeds, std::chrono::microseconds period) {
  if (!messages.empty()) {
    std::string message = std::move(messages.front());
    messages.pop_front();
    return message;
  }
  if (status) return *std::exchange(status, std::nullopt);
  return IsAlive() ? ProofOfLife(feeds, period) : std::string();
}

std::string ServiceManager::Talk::ProofOfLife(
    bool feeds, std::chrono::microseconds period) {
  std::fill(has_answered.begin(), has_answered.end(), false);
  std::string message = feeds ? "WATCHDOG=1\n" : "";
  if (is_stopping) {
    message += Concat("EXTEND_TIMEOUT_USEC=", 2 * period.count());
  }
  return message;
}

void ServiceManager::Send(const std::string& message) {
  const int said = ::sd_notify(kKeepEnvironment, message.c_str());
  if (said < 0 && !std::exchange(has_complained_, true)) {
    LogWarning(Concat("the service manager cannot be told: ", strerror(-said)));
  }
}

// One with a question before it is not asked again: it need not answer twice.
void ServiceManager::Ask() {
  for (size_t i = 0; i < questions_.size(); ++i) {
    {
      const absl::MutexLock lock(&talk_->mutex);
      if (talk_->is_asked[i]) continue;
      talk_->is_asked[i] = true;
    }
    questions_[i]([talk = talk_, i] {
      const absl::MutexLock lock(&talk->mutex);
      talk->is_asked[i] = false;
      talk->has_answered[i] = true;
    });
  }
}

}  // namespace clawplane::server
