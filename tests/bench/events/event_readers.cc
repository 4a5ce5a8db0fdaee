#include "tests/bench/events/event_readers.h"

#include <unistd.h>

#include <fstream>
#include <iostream>

#include "clawplane/v1/gateway.pb.h"
#include "core/model/text.h"
#include "tests/bench/events/event_payload.h"
#include "tests/bench/rpc/cost.h"

namespace clawplane::testing {
namespace {

using core::Concat;

std::string_view Contiguous(const grpc::ByteBuffer& buffer,
                            grpc::Slice& slice) {
  if (!buffer.TrySingleSlice(&slice).ok()) {
    static_cast<void>(buffer.DumpToSingleSlice(&slice));
  }
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::ByteBuffer Request(std::string_view after) {
  v1::StreamEventsRequest request;
  if (!after.empty()) {
    request.mutable_after()->ParseFromArray(after.data(),
                                            static_cast<int>(after.size()));
  }
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

void Say(std::string_view word) { std::cout << word << std::endl; }

}  // namespace

// One call that is read, or opened and then left alone.
struct EventReaders::Stream {
  enum class Step { kStarting, kAsking, kFirst, kReading, kOver };

  Step step = Step::kStarting;
  bool stalled = false;
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
  grpc::ByteBuffer response;
  // Counted events so far, and the gateway's number of the last.
  uint64_t events = 0;
  uint64_t last_seq = 0;
};

EventReaders::EventReaders(const ReaderPlan& plan)
    : plan_(plan),
      deadline_(std::chrono::system_clock::now() +
                std::chrono::seconds(plan.timeout)) {
  if (!plan.token_file.empty()) {
    std::string token;
    std::ifstream(plan.token_file) >> token;
    authorization_ = "Bearer " + token;
  }
}

EventReaders::~EventReaders() {
  for (const auto& stream : streams_) stream->context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  while (outstanding_ > 0 && queue_.Next(&tag, &ok)) --outstanding_;
  streams_.clear();
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
  }
}

grpc::GenericStub& EventReaders::NewConnection(bool stalled) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // The window of who does not read is to stay as small as it begins.
  if (stalled) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  channels_.push_back(grpc::CreateCustomChannel(
      plan_.target, grpc::InsecureChannelCredentials(), arguments));
  channels_.back()->GetState(/*try_to_connect=*/true);
  return stubs_.emplace_back(channels_.back());
}

bool EventReaders::Connect() {
  // The stalled ones are in front, each with a connection of its own.
  for (size_t i = 0; i < plan_.stalled; ++i) NewConnection(true);
  for (size_t i = 0; i < plan_.connections; ++i) NewConnection(false);
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline_)) {
      return Fail(Concat("no connection to ", plan_.target));
    }
  }
  return true;
}

void EventReaders::Open(size_t streams, size_t stalled,
                        std::string_view after) {
  for (size_t i = 0; i < stalled; ++i) Add(stubs_[i], true, after);
  for (size_t i = 0; i < streams - stalled; ++i) {
    const size_t connection = i % plan_.connections;
    Add(stubs_[plan_.stalled + connection], false, after);
  }
}

void EventReaders::Add(grpc::GenericStub& stub, bool stalled,
                       std::string_view after) {
  Stream& stream = *streams_.emplace_back(std::make_unique<Stream>());
  stream.stalled = stalled;
  if (!stalled) ++reading_;
  if (!authorization_.empty()) {
    stream.context.AddMetadata("authorization", authorization_);
  }
  stream.call = stub.PrepareCall(
      &stream.context, "/clawplane.v1.GatewayService/StreamEvents", &queue_);
  stream.response = Request(after);
  stream.call->StartCall(&stream);
  ++outstanding_;
}

bool EventReaders::Run() {
  if (!Connect()) return false;
  figures_.rss_before_kib = ResidentKib(plan_.server);
  if (plan_.replay && !Fill()) return false;
  figures_.before_opening = Look();
  if (plan_.replay) {
    measuring_ = true;
    wanted_ = plan_.events;
    figures_.first_at_ns = MonotonicNs();
    figures_.first = figures_.before_opening;
  }
  Open(plan_.streams, plan_.stalled, bookmark_);
  while (opened_ < plan_.streams) {
    if (!Step()) return false;
  }
  figures_.opened = Look();
  figures_.rss_after_kib = ResidentKib(plan_.server);
  if (plan_.replay) return ReadUntil(plan_.events);
  Say("open");
  if (plan_.idle) return true;
  if (plan_.warm_up > 0) {
    if (!ReadUntil(plan_.warm_up)) return false;
    Say("warm");
  }
  figures_.first = Look();
  measuring_ = true;
  return ReadUntil(plan_.warm_up + plan_.events);
}

bool EventReaders::Fill() {
  Open(1, 0, "");
  while (opened_ < 1) {
    if (!Step()) return false;
  }
  const std::string before = bookmark_;
  Say("open");
  if (!ReadUntil(plan_.events)) return false;
  streams_.front()->context.TryCancel();
  while (outstanding_ > 0) {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    --outstanding_;
  }
  streams_.clear();
  opened_ = 0;
  reading_ = 0;
  figures_.other_events = 0;
  bookmark_ = before;
  return true;
}

bool EventReaders::ReadUntil(uint64_t events) {
  wanted_ = events;
  satisfied_ = 0;
  for (const auto& stream : streams_) {
    satisfied_ += !stream->stalled && stream->events >= events;
  }
  while (satisfied_ < reading_) {
    if (!Step()) return false;
  }
  if (measuring_) figures_.last = Look();
  return true;
}

bool EventReaders::Step() {
  void* tag = nullptr;
  bool ok = false;
  if (queue_.AsyncNext(&tag, &ok, deadline_) !=
      grpc::CompletionQueue::GOT_EVENT) {
    return Fail(Concat("too slow: ", opened_, " of ", streams_.size(),
                       " streams are open, ", satisfied_, " of ", reading_,
                       " have ", wanted_, " events, and the first has ",
                       streams_.front()->events));
  }
  --outstanding_;
  Stream& stream = *static_cast<Stream*>(tag);
  if (!ok) return FailWith(stream);
  switch (stream.step) {
    case Stream::Step::kStarting:
      stream.step = Stream::Step::kAsking;
      stream.call->WriteLast(stream.response, grpc::WriteOptions(), &stream);
      ++outstanding_;
      return true;
    case Stream::Step::kAsking:
      stream.step = Stream::Step::kFirst;
      break;
    case Stream::Step::kFirst:
      ++opened_;
      stream.step =
          stream.stalled ? Stream::Step::kOver : Stream::Step::kReading;
      OnResponse(stream);
      break;
    case Stream::Step::kReading:
      OnResponse(stream);
      break;
    case Stream::Step::kOver:
      break;
  }
  if (stream.step == Stream::Step::kOver) return right_;
  stream.call->Read(&stream.response, &stream);
  ++outstanding_;
  return right_;
}

void EventReaders::OnResponse(Stream& stream) {
  grpc::Slice slice;
  const std::string_view bytes = Contiguous(stream.response, slice);
  const uint64_t now = MonotonicNs();
  const uint64_t before = stream.events;
  const ScannedResponse scanned = ScanResponse(
      bytes, [&](const ScannedEvent& event) { OnEvent(stream, event, now); });
  if (!scanned.well_formed) Fail("a response is malformed");
  if (scanned.has_gap) {
    Fail(Concat("events were lost after number ", stream.last_seq));
  }
  if (!scanned.bookmark.empty() && bookmark_.empty()) {
    bookmark_ = scanned.bookmark;
  }
  if (stream.events == before) return;
  if (measuring_) {
    ++figures_.responses;
    figures_.bytes += bytes.size();
    if (figures_.first_at_ns == 0) figures_.first_at_ns = now;
    figures_.last_at_ns = now;
  }
  if (stream.stalled) return;
  if (stream.events > wanted_) {
    Fail(Concat("a stream has ", stream.events, " events in place of ",
                wanted_));
  }
  if (before < wanted_ && stream.events == wanted_) ++satisfied_;
}

void EventReaders::OnEvent(Stream& stream, const ScannedEvent& event,
                           uint64_t now) {
  if (event.name != kEventName) {
    ++figures_.other_events;
    return;
  }
  if (stream.last_seq != 0 && event.gateway_seq != stream.last_seq + 1) {
    Fail(Concat("number ", event.gateway_seq, " came after ", stream.last_seq));
  }
  stream.last_seq = event.gateway_seq;
  ++stream.events;
  if (!measuring_) return;
  ++figures_.deliveries;
  const auto sent = SentAt(event.json);
  if (!sent) {
    Fail("an event has another payload");
  } else if (!plan_.replay) {
    figures_.latency_us.push_back(static_cast<float>((now - *sent) / 1e3));
  }
}

bool EventReaders::FailWith(Stream& stream) {
  grpc::Status status;
  stream.call->Finish(&status, &status);
  void* tag = nullptr;
  bool ok = false;
  while (tag != &status && queue_.Next(&tag, &ok)) {
    if (tag != &status) --outstanding_;
  }
  return Fail(Concat("a stream ended with ", stream.events,
                     " events: ", static_cast<int>(status.error_code()), " ",
                     status.error_message()));
}

bool EventReaders::Fail(std::string_view what) {
  if (right_) std::cerr << what << std::endl;
  right_ = false;
  return false;
}

ReaderCosts EventReaders::Look() const {
  ReaderCosts costs;
  costs.own_us = CpuMicroseconds(::getpid());
  if (plan_.server != 0) costs.server_us = CpuMicroseconds(plan_.server);
  if (plan_.gateway != 0) {
    costs.gateway_us = CpuMicroseconds(plan_.gateway);
  }
  return costs;
}

}  // namespace clawplane::testing
