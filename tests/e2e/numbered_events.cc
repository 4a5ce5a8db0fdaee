#include "tests/e2e/numbered_events.h"

#include <utility>

#include "absl/time/clock.h"
#include "clawplane/client/call.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(5);

// The publisher waits for the reader, but for what was lost not for long.
constexpr int64_t kAhead = 4;
constexpr absl::Duration kLongestWait = absl::Milliseconds(20);
constexpr absl::Duration kPause = absl::Milliseconds(50);

v1::StreamEventsRequest WholeLog() {
  v1::StreamEventsRequest request;
  request.set_from_oldest(true);
  request.add_names("*");
  request.add_names("tick");  // Which only its own name asks for.
  return request;
}

}  // namespace

client::Target To(const std::string& address) {
  client::Target target;
  target.address = address;
  return target;
}

LogReader::LogReader(const std::string& address, EventLedger::Repeats repeats)
    : connection_(To(address)),
      stream_(connection_, WholeLog()),
      ledger_(repeats),
      thread_([this] { Run(); }) {}

LogReader::~LogReader() { Finish(); }

void LogReader::Run() {
  while (true) {
    const client::EventStream::Item item = stream_.Next();
    if (const auto* error = std::get_if<client::CallError>(&item)) {
      end_ = client::Describe(*error);
      return;
    }
    if (std::holds_alternative<client::Interruption>(item)) ++interruptions_;
    absl::MutexLock lock(&mutex_);
    if (const auto* event = std::get_if<v1::Event>(&item)) {
      ledger_.Take(*event);
    } else if (const auto* gap = std::get_if<v1::EventGap>(&item)) {
      ledger_.Take(*gap);
    } else if (const auto* bookmark = std::get_if<v1::EventPosition>(&item)) {
      ledger_.Take(*bookmark);
    }
  }
}

bool LogReader::AwaitNumber(int64_t number, absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  const auto is_there = [this, number]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ledger_.last_number() >= number;
  };
  return mutex_.AwaitWithTimeout(absl::Condition(&is_there), patience);
}

bool LogReader::AwaitMore(int64_t count) {
  return AwaitNumber(last_number() + count, absl::Seconds(20));
}

int64_t LogReader::last_number() {
  absl::MutexLock lock(&mutex_);
  return ledger_.last_number();
}

const EventLedger& LogReader::Finish() {
  stream_.Cancel();
  if (thread_.joinable()) thread_.join();
  absl::MutexLock lock(&mutex_);
  return ledger_;
}

Publisher::Publisher(const std::string& address, Request request,
                     LogReader& reader)
    : connection_(To(address)),
      request_(std::move(request)),
      reader_(reader),
      thread_([this] { Run(); }) {}

Publisher::~Publisher() {
  if (thread_.joinable()) Finish();
}

void Publisher::HasServer(bool has_server) {
  absl::MutexLock lock(&mutex_);
  has_server_ = has_server;
}

void Publisher::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const auto may_go_on = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return has_server_ || ends_;
      };
      mutex_.Await(absl::Condition(&may_go_on));
      if (ends_) return;
    }
    if (!PublishNext()) {
      // As a client does that was told to come again.
      absl::SleepFor(kPause);
      continue;
    }
    reader_.AwaitNumber(next_ - kAhead, kLongestWait);
  }
}

bool Publisher::PublishNext() {
  v1::RpcRequest request = request_(next_);
  request.set_wait_until_running(true);
  v1::RpcResponse response;
  const auto error = client::Call(connection_, &v1::GatewayService::Stub::Rpc,
                                  request, response, kCallTimeout);
  const bool is_unused =
      error && error->gateway
          ? error->gateway->outcome() == v1::GatewayError::OUTCOME_NOT_SENT
          : error && error->retry() == client::Retry::kSafe;
  if (!is_unused) ++next_;
  if (error && !is_unused) doubts_.push_back(client::Describe(*error));
  return !error;
}

std::optional<int64_t> Publisher::Finish() {
  {
    absl::MutexLock lock(&mutex_);
    ends_ = true;
  }
  thread_.join();
  if (!WaitFor([this] { return PublishNext(); })) return std::nullopt;
  return next_ - 1;
}

}  // namespace clawplane::testing
