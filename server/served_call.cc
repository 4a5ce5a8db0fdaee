#include "server/served_call.h"

namespace clawplane::server {

ServedCall::ServedCall(ServerLoop& loop, ServedMethod& method,
                       Departure departure)
    : loop_(loop), method_(method), departure_(departure) {
  context_.AsyncNotifyWhenDone(&done_);
}

void ServedCall::OnArrival(bool ok) {
  if (!ok) {  // the server is being shut down
    delete this;
    return;
  }
  loop_.OnArrival(method_);
  admitted_ = Admit();
  if (admitted_) loop_.Add(this, &ServedCall::Begin, IsBrief());
}

void ServedCall::OnDone(bool) {
  is_done_ = true;
  if (admitted_ && !is_finished_ && context_.IsCancelled()) {
    was_abandoned_ = true;
    loop_.HandOver();  // it may not have been yet
    loop_.strand().Post([this] { Abandon(); });
  }
  DeleteIfOver();
}

void ServedCall::OnFinished(bool) {
  is_finished_ = true;
  method_.OnEnded(end_);
  DeleteIfOver();
}

void ServedCall::DeleteIfOver() {
  if (!is_done_ || !is_finished_) return;
  loop_.OnOver();
  // The task that abandons it may not have run yet. One that the strand never
  // had goes here: were it let go there, the two threads would be at gRPC's
  // connection together, which then lets a third one read it, without a bound.
  if ((admitted_ && departure_ == Departure::kByStrand) || was_abandoned_) {
    loop_.strand().Post([this] { delete this; });
  } else {
    delete this;
  }
}

}  // namespace clawplane::server
