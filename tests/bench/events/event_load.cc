// The readers of every server of the benchmark; see `event_load --help`.
//
// It is cheap, so that it takes little from the server beside it: one thread
// and one completion queue, requests that were serialised before, responses
// whose events are found by their bytes. Every event of every stream is
// checked: each must have the gateway's number after the one before it.
//
// What it waits for it says on stdout, one word a line, and whoever started it
// has the events sent:
//
//   open  every stream has had its first response: the warm-up may be sent, or
//         without one the events
//   warm  every stream has had the warm-up: the events may be sent
//
// Then, or instead of them with --idle, follows one line of JSON.

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "core/model/text.h"
#include "tests/bench/events/event_payload.h"
#include "tests/bench/events/event_scan.h"
#include "tests/bench/rpc/cost.h"
#include "tests/bench/rpc/quantile.h"

namespace clawplane::testing {
namespace {

using core::Concat;

struct Options {
  std::string target;
  std::string token_file;
  size_t streams = 1;
  size_t connections = 1;
  size_t stalled = 0;
  uint64_t warm_up = 0;
  uint64_t events = 0;
  bool replay = false;
  bool idle = false;
  pid_t server = 0;
  pid_t gateway = 0;
  int timeout = 60;
};

struct Costs {
  double server_us = 0;
  double gateway_us = 0;
  double own_us = 0;
};

// One call that is read, or opened and then left alone.
struct Stream {
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

// Opens streams, reads them and checks what came.
//
// Thread-compatible.
class Load {
 public:
  explicit Load(const Options& options);
  ~Load();

  // Runs it to its end; false, with words on stderr, if something failed.
  bool Run();
  std::string Json();

 private:
  bool Connect();
  // A channel with a connection of its own.
  grpc::GenericStub& NewConnection(bool stalled);
  void Open(size_t streams, size_t stalled, std::string_view after);
  void Add(grpc::GenericStub& stub, bool stalled, std::string_view after);
  // Fills the log of the server with the events, as a reader of which it sees
  // that they are there; the streams then begin before them.
  bool Fill();
  // Has all that was opened read, until `streams` of them have so many events.
  bool ReadUntil(uint64_t events);
  // Waits for one completion and goes on with its stream.
  bool Step();
  void OnResponse(Stream& stream);
  void OnEvent(Stream& stream, const ScannedEvent& event, uint64_t now);
  bool Fail(std::string_view what);
  Costs Look() const;
  void Say(std::string_view word) { std::cout << word << std::endl; }

  const Options& options_;
  std::string authorization_;
  const std::chrono::system_clock::time_point deadline_;
  grpc::CompletionQueue queue_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<grpc::GenericStub> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
  size_t outstanding_ = 0;
  size_t reading_ = 0;
  // Streams with a first response.
  size_t opened_ = 0;
  // Streams with all events that are waited for, and how many that are.
  size_t satisfied_ = 0;
  uint64_t wanted_ = 0;
  std::string bookmark_;
  bool right_ = true;

  // In the window that is measured.
  bool measuring_ = false;
  uint64_t responses_ = 0;
  uint64_t deliveries_ = 0;
  uint64_t other_events_ = 0;
  uint64_t first_at_ns_ = 0;
  uint64_t last_at_ns_ = 0;
  std::vector<float> latency_us_;
  Costs before_opening_;
  Costs opened_costs_;
  Costs first_;
  Costs last_;
  int64_t rss_before_kib_ = 0;
  int64_t rss_after_kib_ = 0;
};

Load::Load(const Options& options)
    : options_(options),
      deadline_(std::chrono::system_clock::now() +
                std::chrono::seconds(options.timeout)) {
  if (!options.token_file.empty()) {
    std::string token;
    std::ifstream(options.token_file) >> token;
    authorization_ = "Bearer " + token;
  }
}

Load::~Load() {
  for (const auto& stream : streams_) stream->context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  while (outstanding_ > 0 && queue_.Next(&tag, &ok)) --outstanding_;
  streams_.clear();
  queue_.Shutdown();
  while (queue_.Next(&tag, &ok)) {
  }
}

grpc::GenericStub& Load::NewConnection(bool stalled) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // The window of who does not read is to stay as small as it begins.
  if (stalled) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  channels_.push_back(grpc::CreateCustomChannel(
      options_.target, grpc::InsecureChannelCredentials(), arguments));
  channels_.back()->GetState(/*try_to_connect=*/true);
  return stubs_.emplace_back(channels_.back());
}

bool Load::Connect() {
  // The stalled ones are in front, each with a connection of its own.
  for (size_t i = 0; i < options_.stalled; ++i) NewConnection(true);
  for (size_t i = 0; i < options_.connections; ++i) NewConnection(false);
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline_)) {
      return Fail(Concat("no connection to ", options_.target));
    }
  }
  return true;
}

void Load::Open(size_t streams, size_t stalled, std::string_view after) {
  for (size_t i = 0; i < stalled; ++i) Add(stubs_[i], true, after);
  for (size_t i = 0; i < streams - stalled; ++i) {
    const size_t connection = i % options_.connections;
    Add(stubs_[options_.stalled + connection], false, after);
  }
}

void Load::Add(grpc::GenericStub& stub, bool stalled, std::string_view after) {
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

bool Load::Run() {
  if (!Connect()) return false;
  rss_before_kib_ = ResidentKib(options_.server);
  if (options_.replay && !Fill()) return false;
  before_opening_ = Look();
  if (options_.replay) {
    measuring_ = true;
    wanted_ = options_.events;
    first_at_ns_ = MonotonicNs();
    first_ = before_opening_;
  }
  Open(options_.streams, options_.stalled, bookmark_);
  while (opened_ < options_.streams) {
    if (!Step()) return false;
  }
  opened_costs_ = Look();
  rss_after_kib_ = ResidentKib(options_.server);
  if (options_.replay) return ReadUntil(options_.events);
  Say("open");
  if (options_.idle) return true;
  if (options_.warm_up > 0) {
    if (!ReadUntil(options_.warm_up)) return false;
    Say("warm");
  }
  first_ = Look();
  measuring_ = true;
  return ReadUntil(options_.warm_up + options_.events);
}

bool Load::Fill() {
  Open(1, 0, "");
  while (opened_ < 1) {
    if (!Step()) return false;
  }
  const std::string before = bookmark_;
  Say("open");
  if (!ReadUntil(options_.events)) return false;
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
  satisfied_ = 0;
  other_events_ = 0;
  bookmark_ = before;
  return true;
}

bool Load::ReadUntil(uint64_t events) {
  wanted_ = events;
  satisfied_ = 0;
  for (const auto& stream : streams_) {
    satisfied_ += !stream->stalled && stream->events >= events;
  }
  while (satisfied_ < reading_) {
    if (!Step()) return false;
  }
  if (measuring_) last_ = Look();
  return true;
}

bool Load::Step() {
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
  if (!ok) return Fail("a stream ended");
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

void Load::OnResponse(Stream& stream) {
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
    ++responses_;
    if (first_at_ns_ == 0) first_at_ns_ = now;
    last_at_ns_ = now;
  }
  if (stream.stalled) return;
  if (stream.events > wanted_) {
    Fail(Concat("a stream has ", stream.events, " events in place of ",
                wanted_));
  }
  if (before < wanted_ && stream.events == wanted_) ++satisfied_;
}

void Load::OnEvent(Stream& stream, const ScannedEvent& event, uint64_t now) {
  if (event.name != kEventName) {
    ++other_events_;
    return;
  }
  if (stream.last_seq != 0 && event.gateway_seq != stream.last_seq + 1) {
    Fail(Concat("number ", event.gateway_seq, " came after ", stream.last_seq));
  }
  stream.last_seq = event.gateway_seq;
  ++stream.events;
  if (!measuring_) return;
  ++deliveries_;
  const auto sent = SentAt(event.json);
  if (!sent) {
    Fail("an event has another payload");
  } else if (!options_.replay) {
    latency_us_.push_back(static_cast<float>((now - *sent) / 1e3));
  }
}

bool Load::Fail(std::string_view what) {
  if (right_) std::cerr << what << std::endl;
  right_ = false;
  return false;
}

Costs Load::Look() const {
  Costs costs;
  costs.own_us = CpuMicroseconds(::getpid());
  if (options_.server != 0) costs.server_us = CpuMicroseconds(options_.server);
  if (options_.gateway != 0) {
    costs.gateway_us = CpuMicroseconds(options_.gateway);
  }
  return costs;
}

std::string Load::Json() {
  std::sort(latency_us_.begin(), latency_us_.end());
  const auto number = [](double value) { return std::to_string(value); };
  const double deliveries =
      static_cast<double>(std::max<uint64_t>(deliveries_, 1));
  const double opening =
      (opened_costs_.server_us - before_opening_.server_us) / options_.streams;
  return Concat(
      R"({"streams":)", options_.streams, R"(,"connections":)",
      options_.connections, R"(,"stalled":)", options_.stalled, R"(,"events":)",
      options_.events, R"(,"deliveries":)", deliveries_, R"(,"responses":)",
      responses_, R"(,"other_events":)", other_events_, R"(,"seconds":)",
      number((last_at_ns_ - first_at_ns_) / 1e9), R"(,"cpu_us":)",
      number((last_.server_us - first_.server_us) / deliveries),
      R"(,"server_us":)", number(last_.server_us - first_.server_us),
      R"(,"gateway_us":)", number(last_.gateway_us - first_.gateway_us),
      R"(,"client_cpu_us":)",
      number((last_.own_us - first_.own_us) / deliveries), R"(,"open_cpu_us":)",
      number(opening), R"(,"p50_us":)", number(Quantile(latency_us_, 0.5)),
      R"(,"p99_us":)", number(Quantile(latency_us_, 0.99)), R"(,"max_us":)",
      number(Quantile(latency_us_, 1)), R"(,"rss_before_kib":)",
      rss_before_kib_, R"(,"rss_after_kib":)", rss_after_kib_, "}");
}

void Declare(CLI::App& app, Options& options) {
  app.add_option("--target", options.target, "HOST:PORT or unix:PATH");
  app.add_option("--token-file", options.token_file, "holds an access token");
  app.add_option("--streams", options.streams, "opened in all");
  app.add_option("--connections", options.connections,
                 "that the streams use in turn");
  app.add_option("--stalled", options.stalled,
                 "of the streams: read the first response and nothing more, "
                 "over a connection of their own");
  app.add_option("--warm-up", options.warm_up,
                 "events that come before those that are measured");
  app.add_option("--events", options.events, "that each stream is to get");
  app.add_flag("--replay", options.replay,
               "have the events sent to a reader of their own, and open the "
               "streams before them in the log; opening is measured, too");
  app.add_flag("--idle", options.idle, "tell what the open streams occupy");
  app.add_option("--server-pid", options.server, "whose costs are told");
  app.add_option("--gateway-pid", options.gateway, "likewise");
  app.add_option("--timeout", options.timeout, "seconds");
}

void AllowManyFiles() {
  rlimit limit = {};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Reads events from a server of GatewayService.StreamEvents over many "
      "streams, and prints what it saw as one line of JSON.");
  Options options;
  Declare(app, options);
  CLI11_PARSE(app, argc, argv);
  options.connections = std::max<size_t>(
      1, std::min(options.connections, options.streams - options.stalled));
  AllowManyFiles();
  Load load(options);
  if (!load.Run()) return 1;
  std::cout << load.Json() << std::endl;
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) { return clawplane::testing::Main(argc, argv); }
