// A bare gRPC server that streams events: what the fan-out is measured against.
//
// event_server ADDRESS...: serves `GatewayService.StreamEvents` on the
// addresses, written as gRPC's manual shows a callback service, and prints
// `ready`. Each stream gets a bookmark and then each event that comes after,
// one response an event, one write at a time; one that is behind goes on where
// it was. There is no filter, no log for later streams and no gateway: it makes
// its events itself, at the orders that echo_gateway takes on its stdin, and
// puts the time of their making into them. An event is made once, as a message
// of the generated class; each stream serialises it, as generated code does.
// Ends with SIGTERM.

#include <grpcpp/grpcpp.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/bench/events/event_payload.h"
#include "tests/bench/events/publication.h"
#include "tests/bench/rpc/bare_server.h"

namespace clawplane::testing {
namespace {

// As long as clawplaned's.
constexpr char kEpoch[] = "0123456789abcdef";
// What is held at a time.
constexpr size_t kMaxHeld = 1 << 17;
// Made before the streams are told.
constexpr uint64_t kMaxEventsAtOnce = 64;

class Stream;

// The events, and the streams that follow them.
//
// Thread-safe; events are added from one thread.
class Feed {
 public:
  void Add(Stream* stream);
  // Forgets the events once nobody follows them.
  void Remove(Stream* stream);

  // Makes the events of the order and returns when all were made.
  void Publish(Publication publication);

  size_t end() const { return end_.load(std::memory_order_acquire); }
  // Good until the last stream has gone; `number` is below `end()`.
  const v1::StreamEventsResponse& at(size_t number) const {
    return *events_[number % kMaxHeld];
  }

 private:
  void Append(std::string_view payload, uint64_t now_ns);

  std::vector<std::unique_ptr<const v1::StreamEventsResponse>> events_ =
      std::vector<std::unique_ptr<const v1::StreamEventsResponse>>(kMaxHeld);
  std::atomic<size_t> end_ = 0;
  std::mutex mutex_;
  // Below, guarded by the mutex.
  std::vector<Stream*> streams_;
  size_t first_held_ = 0;
};

// One call. Deletes itself.
//
// Thread-safe.
class Stream final : public grpc::ServerWriteReactor<v1::StreamEventsResponse> {
 public:
  explicit Stream(Feed& feed) : feed_(feed) {
    feed_.Add(this);
    next_ = feed_.end();
    bookmark_.mutable_bookmark()->set_epoch(kEpoch);
    bookmark_.mutable_bookmark()->set_sequence(next_);
    StartWrite(&bookmark_);
  }

  // Writes, if something is there and nothing is on its way.
  void Wake() { Advance(/*write_is_over=*/false, /*is_cancelled=*/false); }

  void OnWriteDone(bool ok) override { Advance(true, !ok); }
  void OnCancel() override { Advance(false, true); }
  void OnDone() override {
    feed_.Remove(this);
    delete this;
  }

 private:
  void Advance(bool write_is_over, bool is_cancelled) {
    const v1::StreamEventsResponse* response = nullptr;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ |= is_cancelled;
      writing_ &= !write_is_over;
      if (writing_ || finished_) return;
      if (cancelled_) {
        finished_ = true;
      } else if (next_ < feed_.end()) {
        writing_ = true;
        response = &feed_.at(next_++);
      } else {
        return;
      }
    }
    if (response == nullptr) {
      Finish(grpc::Status::CANCELLED);
    } else {
      StartWrite(response);
    }
  }

  Feed& feed_;
  v1::StreamEventsResponse bookmark_;
  std::mutex mutex_;
  // Below, guarded by the mutex.
  size_t next_ = 0;
  bool writing_ = true;
  bool cancelled_ = false;
  bool finished_ = false;
};

void Feed::Add(Stream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.push_back(stream);
}

void Feed::Remove(Stream* stream) {
  const std::lock_guard lock(mutex_);
  std::erase(streams_, stream);
  if (!streams_.empty()) return;
  for (; first_held_ < end(); ++first_held_) {
    events_[first_held_ % kMaxHeld].reset();
  }
}

void Feed::Publish(Publication publication) {
  EventPayload payload(publication.size());
  while (!publication.over()) {
    const uint64_t now = MonotonicNs();
    const uint64_t due = std::min(publication.Due(now), kMaxEventsAtOnce);
    {
      const std::lock_guard lock(mutex_);
      for (uint64_t i = 0; i < due; ++i) Append(payload.At(now), now);
      for (Stream* const stream : streams_) stream->Wake();
    }
    publication.OnSent(due);
    if (!publication.is_paced() || publication.over()) continue;
    timespec until = {};
    until.tv_sec = static_cast<time_t>(publication.NextAt() / 1'000'000'000);
    until.tv_nsec = static_cast<long>(publication.NextAt() % 1'000'000'000);
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }
}

void Feed::Append(std::string_view payload, uint64_t now_ns) {
  const size_t number = end();
  if (number - first_held_ == kMaxHeld) {
    std::cerr << "no more than " << kMaxHeld << " events are held" << std::endl;
    std::exit(1);
  }
  auto response = std::make_unique<v1::StreamEventsResponse>();
  v1::Event& event = *response->add_events();
  event.set_epoch(kEpoch);
  event.set_sequence(number + 1);
  event.mutable_received_at()->set_seconds(
      static_cast<int64_t>(1'795'365'532 + now_ns / 1'000'000'000));
  event.mutable_received_at()->set_nanos(
      static_cast<int32_t>(now_ns % 1'000'000'000));
  event.set_gateway_seq(number + 1);
  event.set_kind(v1::EVENT_KIND_NOTIFICATION);
  event.set_name(std::string(kEventName));
  event.mutable_notification()->mutable_payload()->set_json(
      std::string(payload));
  events_[number % kMaxHeld] = std::move(response);
  end_.store(number + 1, std::memory_order_release);
}

class EventService final : public v1::GatewayService::CallbackService {
 public:
  explicit EventService(Feed& feed) : feed_(feed) {}

  grpc::ServerWriteReactor<v1::StreamEventsResponse>* StreamEvents(
      grpc::CallbackServerContext* /*context*/,
      const v1::StreamEventsRequest* /*request*/) override {
    return new Stream(feed_);
  }

 private:
  Feed& feed_;
};

int Run(int count, char** addresses) {
  Feed feed;
  EventService service(feed);
  const std::unique_ptr<grpc::Server> server = Serve(service, count, addresses);
  if (server == nullptr) return 1;
  std::thread([&feed] {
    for (std::string line; std::getline(std::cin, line);) {
      const auto publication = Publication::Parse(line);
      if (!publication) {
        std::cerr << "not understood: " << line << std::endl;
        continue;
      }
      feed.Publish(*publication);
      std::cout << "published " << publication->count() << std::endl;
    }
  }).detach();
  AwaitEnd();
  // The thread above waits for input, which nothing ends.
  std::_Exit(0);
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: event_server ADDRESS..." << std::endl;
    return 2;
  }
  return clawplane::testing::Run(argc - 1, argv + 1);
}
