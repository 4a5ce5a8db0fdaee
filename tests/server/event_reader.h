// Reads a stream of events as a client does.

#ifndef CLAWPLANE_TESTS_SERVER_EVENT_READER_H_
#define CLAWPLANE_TESTS_SERVER_EVENT_READER_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {

// One `StreamEvents` call. Gives up after a while, so that a test that waits in
// vain ends. Thread-compatible.
class EventReader {
 public:
  EventReader(v1::GatewayService::Stub& stub,
              const v1::StreamEventsRequest& request) {
    context_.set_deadline(Soon());
    reader_ = stub.StreamEvents(&context_, request);
  }
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;
  ~EventReader() {
    if (reader_ == nullptr) return;
    context_.TryCancel();
    Finish();
  }

  // The next response; an empty one when the stream has ended.
  v1::StreamEventsResponse Read() {
    v1::StreamEventsResponse response;
    if (!reader_->Read(&response)) response.Clear();
    return response;
  }

  // The next event, over bookmarks and gaps; none when the stream has ended.
  std::optional<v1::Event> NextEvent() {
    while (waiting_.empty()) {
      v1::StreamEventsResponse response;
      if (!reader_->Read(&response)) return std::nullopt;
      for (const v1::Event& event : response.events()) {
        waiting_.push_back(event);
      }
    }
    v1::Event event = waiting_.front();
    waiting_.pop_front();
    return event;
  }

  // The next event of this name.
  std::optional<v1::Event> NextNamed(const std::string& name) {
    std::optional<v1::Event> event;
    do {
      event = NextEvent();
    } while (event && event->name() != name);
    return event;
  }

  // How the stream ended, which it must have, or be about to.
  grpc::Status Finish() {
    v1::StreamEventsResponse response;
    while (reader_->Read(&response)) {
    }
    const grpc::Status status = reader_->Finish();
    reader_.reset();
    return status;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::StreamEventsResponse>> reader_;
  std::deque<v1::Event> waiting_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_EVENT_READER_H_
