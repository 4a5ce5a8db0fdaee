#include "clawplane/client/event_stream.h"

#include <utility>

#include "client/event_order.h"
#include "client/reopening_stream.h"

namespace clawplane::client {

// The request, the order of what came, and the calls.
//
// Thread-compatible, but for `Cancel` of the stream in it.
class EventStream::Parts {
 public:
  Parts(const Connection& connection, v1::StreamEventsRequest request,
        const StreamOptions& options)
      : request_(std::move(request)),
        order_(request_.has_after() ? std::make_optional(request_.after())
                                    : std::nullopt),
        stream(connection, options, ReopeningStream::Silence::kIsAFailure,
               [this](auto& stub, auto& context, auto& queue, void* tag) {
                 return Open(stub, context, queue, tag);
               }) {}

  Item Next(absl::Duration patience);

 private:
  std::unique_ptr<StreamAttempt> Open(v1::GatewayService::Stub& stub,
                                      grpc::ClientContext& context,
                                      grpc::CompletionQueue& queue, void* tag) {
    if (order_.position()) *request_.mutable_after() = *order_.position();
    return std::make_unique<AttemptInto<v1::StreamEventsResponse>>(
        stub.AsyncStreamEvents(&context, request_, &queue, tag),
        order_.response());
  }

  v1::StreamEventsRequest request_;
  EventOrder order_;

 public:
  const EventOrder& order() const { return order_; }

  ReopeningStream stream;
};

EventStream::Item EventStream::Parts::Next(absl::Duration patience) {
  const auto deadline = ReopeningStream::Until(patience);
  while (true) {
    if (auto piece = order_.Next()) {
      return std::visit([](auto& it) { return Item(std::move(it)); }, *piece);
    }
    ReopeningStream::Outcome outcome = stream.Next(deadline);
    if (std::holds_alternative<ReopeningStream::Came>(outcome)) {
      order_.Begin();
      continue;
    }
    order_.Discard();
    if (auto* broken = std::get_if<Interruption>(&outcome)) {
      return std::move(*broken);
    }
    if (auto* end = std::get_if<CallError>(&outcome)) return std::move(*end);
    return DeadlinePassed();
  }
}

EventStream::EventStream(const Connection& connection,
                         v1::StreamEventsRequest request,
                         const StreamOptions& options)
    : parts_(std::make_unique<Parts>(connection, std::move(request), options)) {
}

EventStream::~EventStream() = default;

EventStream::Item EventStream::Next(absl::Duration patience) {
  return parts_->Next(patience);
}

const std::optional<v1::EventPosition>& EventStream::position() const {
  return parts_->order().position();
}

void EventStream::Cancel() { parts_->stream.Cancel(); }

}  // namespace clawplane::client
