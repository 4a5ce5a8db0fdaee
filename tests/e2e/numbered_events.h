// One that publishes numbered events through a server, and one that reads them,
// while a test does what it likes to the server and the gateway.

#ifndef CLAWPLANE_TESTS_E2E_NUMBERED_EVENTS_H_
#define CLAWPLANE_TESTS_E2E_NUMBERED_EVENTS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "clawplane/client/connection.h"
#include "clawplane/client/event_stream.h"
#include "tests/e2e/event_ledger.h"

namespace clawplane::testing {

// The server at this address, as gRPC takes it, without a token.
client::Target To(const std::string& address);

// Reads the whole log with one `EventStream` in a thread of its own.
//
// Thread-safe.
class LogReader {
 public:
  LogReader(const std::string& address, EventLedger::Repeats repeats);
  ~LogReader();
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;

  // Whether this number or a higher one comes in time.
  bool AwaitNumber(int64_t number, absl::Duration patience);

  // Whether so many more numbers come, before our patience ends.
  bool AwaitMore(int64_t count);

  // The highest number that came; 0 before the first.
  int64_t last_number();

  // Ends the stream. Returns what was read, for as long as this lives.
  const EventLedger& Finish();

  // After the end: how often the connection was lost, and the error that ended
  // the stream before `Finish` did, if any.
  int interruptions() const { return interruptions_; }
  const std::string& end() const { return end_; }

 private:
  void Run();

  client::Connection connection_;
  client::EventStream stream_;
  absl::Mutex mutex_;
  EventLedger ledger_ ABSL_GUARDED_BY(mutex_);
  // Of the thread.
  int interruptions_ = 0;
  std::string end_;
  std::thread thread_;
};

// Publishes events with the numbers 1, 2, ... by calls of the gateway, in a
// thread of its own. A number is used again only where the call was not carried
// out for sure. Hardly runs ahead of the reader.
//
// Thread-safe.
class Publisher {
 public:
  // The call that publishes a number.
  using Request = std::function<v1::RpcRequest(int64_t number)>;

  Publisher(const std::string& address, Request request, LogReader& reader);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // While there is no server, calls are not worth trying.
  void HasServer(bool has_server);

  // Publishes one last number, and ends. Returns that number; nothing if it
  // could not be published in time.
  std::optional<int64_t> Finish();

  // After the end: the errors of calls that may have been carried out or not.
  const std::vector<std::string>& doubts() const { return doubts_; }

 private:
  void Run();
  // Whether it was published for sure; takes the next number unless this one is
  // still unused.
  bool PublishNext();

  client::Connection connection_;
  const Request request_;
  LogReader& reader_;
  absl::Mutex mutex_;
  bool has_server_ ABSL_GUARDED_BY(mutex_) = true;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the thread, and after its end of who called `Finish`.
  int64_t next_ = 1;
  std::vector<std::string> doubts_;
  std::thread thread_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_E2E_NUMBERED_EVENTS_H_
