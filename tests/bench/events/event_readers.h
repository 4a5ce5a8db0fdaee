// The readers of every server of the benchmark.

#ifndef CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_READERS_H_
#define CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_READERS_H_

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/events/event_scan.h"
#include "tests/bench/events/reader_figures.h"

namespace clawplane::testing {

// Opens streams, reads them and checks what came.
//
// Thread-compatible. `plan` must outlive it.
class EventReaders {
 public:
  explicit EventReaders(const ReaderPlan& plan);
  ~EventReaders();

  // Runs it to its end; false, with words on stderr, if something failed.
  bool Run();
  const ReaderFigures& figures() const { return figures_; }

 private:
  struct Stream;

  bool Connect();
  // A channel with a connection of its own.
  grpc::GenericStub& NewConnection(bool stalled);
  void Open(size_t streams, size_t stalled, std::string_view after);
  void Add(grpc::GenericStub& stub, bool stalled, std::string_view after);
  // Fills the log of the server with the events, and sees by a stream of its
  // own that they are there. `bookmark_` is then the position before them.
  bool Fill();
  // Until all streams that are read have so many events.
  bool ReadUntil(uint64_t events);
  // Waits for one completion and goes on with its stream.
  bool Step();
  void OnResponse(Stream& stream);
  void OnEvent(Stream& stream, const ScannedEvent& event, uint64_t now);
  // With the status of a stream that gives nothing any more.
  bool FailWith(Stream& stream);
  bool Fail(std::string_view what);
  ReaderCosts Look() const;

  const ReaderPlan& plan_;
  std::string authorization_;
  const std::chrono::system_clock::time_point deadline_;
  grpc::CompletionQueue queue_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<grpc::GenericStub> stubs_;
  std::vector<std::unique_ptr<Stream>> streams_;
  size_t outstanding_ = 0;
  // Streams that are not stalled.
  size_t reading_ = 0;
  // Streams with a first response.
  size_t opened_ = 0;
  // Streams with all events that are waited for, and how many that are.
  size_t satisfied_ = 0;
  uint64_t wanted_ = 0;
  // The first that came, serialised.
  std::string bookmark_;
  bool right_ = true;

  // In the window that is measured.
  bool measuring_ = false;
  ReaderFigures figures_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_BENCH_EVENTS_EVENT_READERS_H_
