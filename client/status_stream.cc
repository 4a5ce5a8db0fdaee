#include "clawplane/client/status_stream.h"

#include <utility>

#include "client/reopening_stream.h"

namespace clawplane::client {
namespace {

// Whether one tells nothing that the other did not.
bool IsSameNews(const v1::GatewayStatus& a, const v1::GatewayStatus& b) {
  return a.revision() == b.revision() && a.state() == b.state() &&
         a.phase() == b.phase() && a.pid() == b.pid() &&
         a.boot_id() == b.boot_id() &&
         a.log_position().epoch() == b.log_position().epoch();
}

}  // namespace

// The latest status and the calls.
//
// Thread-compatible, but for `Cancel` of the stream in it.
class StatusStream::Parts {
 public:
  Parts(const Connection& connection, const StreamOptions& options)
      : stream(connection, options, ReopeningStream::Silence::kIsNormal,
               [this](auto& stub, auto& context, auto& queue, void* tag) {
                 return std::make_unique<AttemptInto<v1::StreamStatusResponse>>(
                     stub.AsyncStreamStatus(&context, v1::StreamStatusRequest(),
                                            &queue, tag),
                     response_);
               }) {}

  Item Next(absl::Duration patience);

 private:
  // Whether the response is for the caller; if so, it is now the latest.
  bool IsNews();

  v1::StreamStatusResponse response_;
  // What the caller has, and by which attempt it came; none right after an
  // interruption.
  v1::GatewayStatus latest_;
  int attempt_ = 0;
  bool must_tell_ = true;

 public:
  ReopeningStream stream;
};

bool StatusStream::Parts::IsNews() {
  const v1::GatewayStatus& status = response_.status();
  const bool same_attempt = attempt_ == stream.attempts();
  attempt_ = stream.attempts();
  if (same_attempt && status.revision() < latest_.revision()) return false;
  // A stream that was opened anew for its silence says first what is known.
  if (!same_attempt && !must_tell_ && IsSameNews(status, latest_)) return false;
  latest_ = status;
  must_tell_ = false;
  return true;
}

StatusStream::Item StatusStream::Parts::Next(absl::Duration patience) {
  const auto deadline = ReopeningStream::Until(patience);
  while (true) {
    ReopeningStream::Outcome outcome = stream.Next(deadline);
    if (auto* broken = std::get_if<Interruption>(&outcome)) {
      must_tell_ = true;
      return std::move(*broken);
    }
    if (auto* end = std::get_if<CallError>(&outcome)) return std::move(*end);
    if (std::holds_alternative<DeadlinePassed>(outcome)) {
      return DeadlinePassed();
    }
    if (IsNews()) return std::move(*response_.mutable_status());
  }
}

StatusStream::StatusStream(const Connection& connection,
                           const StreamOptions& options)
    : parts_(std::make_unique<Parts>(connection, options)) {}

StatusStream::~StatusStream() = default;

StatusStream::Item StatusStream::Next(absl::Duration patience) {
  return parts_->Next(patience);
}

void StatusStream::Cancel() { parts_->stream.Cancel(); }

}  // namespace clawplane::client
