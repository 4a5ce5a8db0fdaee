// The event log, followed through any number of lost connections.

#ifndef CLAWPLANE_CLIENT_EVENT_STREAM_H_
#define CLAWPLANE_CLIENT_EVENT_STREAM_H_

#include <memory>
#include <optional>
#include <variant>

#include "absl/time/time.h"
#include "clawplane/client/call_error.h"
#include "clawplane/client/connection.h"
#include "clawplane/client/stream_options.h"
#include "clawplane/v1/gateway.pb.h"

namespace clawplane::client {

// Reads events one at a time. Each one that the request asks for is handed out
// once and in order, or a gap tells that it is lost, however often the
// connection breaks or the server is restarted in between:
//
//   EventStream stream(connection, request);
//   while (true) {
//     EventStream::Item item = stream.Next();
//     if (auto* event = std::get_if<v1::Event>(&item)) Handle(*event);
//     if (auto* gap = std::get_if<v1::EventGap>(&item)) Resynchronise(*gap);
//     if (auto* error = std::get_if<CallError>(&item)) return Report(*error);
//     Store(stream.position());
//   }
//
// A broken stream is opened again by the rules of `StreamOptions`, after the
// position reached; or as the request said, if the server never told one. That
// goes for a server that is gone, ends, or cuts the call off. Any other refusal
// ends the stream, because a person has to mend something first: a wrong token,
// a wrong request, or with `fail_on_gap` a gap.
//
// The numbers that come may have holes, because others are filtered out. An
// event whose number is not above the last one's is a repetition, and is left
// out; one from another life of the log that no gap leads to gets one here.
//
// The call is made by the first `Next`. It, and all that is read, is worked on
// in the thread that calls `Next`, and only then; one response at most waits
// here, and what comes meanwhile waits with the server.
//
// Thread-compatible, but for `Cancel`, which any thread may call. The
// connection outlives it.
class EventStream {
 public:
  // What came: an event; a range that is lost; a bookmark, which only moves the
  // position; word of a broken connection; nothing in time; the end.
  using Item = std::variant<v1::Event, v1::EventGap, v1::EventPosition,
                            Interruption, DeadlinePassed, CallError>;

  EventStream(const Connection& connection, v1::StreamEventsRequest request,
              const StreamOptions& options = StreamOptions());
  ~EventStream();
  EventStream(const EventStream&) = delete;
  EventStream& operator=(const EventStream&) = delete;

  // Waits for the next item, no longer than the patience; zero only looks. Once
  // it has returned a `CallError`, it returns that for ever.
  Item Next(absl::Duration patience = absl::InfiniteDuration());

  // The place after what `Next` returned last: stored, and given to a later
  // stream as `after`, it leads to exactly the rest. Nothing before the first
  // word of the server, unless the request has one.
  const std::optional<v1::EventPosition>& position() const;

  // Ends the stream: a `Next` that waits returns CANCELLED at once, and so does
  // each later one.
  void Cancel();

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_EVENT_STREAM_H_
