// What all calls share: how they come, and how they go.

#ifndef CLAWPLANE_SERVER_SERVED_CALL_H_
#define CLAWPLANE_SERVER_SERVED_CALL_H_

#include <grpcpp/grpcpp.h>

#include "server/server_loop.h"

namespace clawplane::server {

class ServedCall;

// What the queue brings back: whom to tell of what.
struct CallEvent {
  ServedCall* call;
  void (ServedCall::*what)(bool ok);

  void Tell(bool ok) { (call->*what)(ok); }
};

// One call. It owns itself from the moment that it is made:
//
//   the loop's thread             | the strand
//   ------------------------------+------------------------------------------
//   made, and waits for a client  |
//   OnArrival: Admit              | Begin
//                                 | ...
//   OnDone, if the caller goes    | Abandon
//                                 | finished, with `finished_` as the tag
//   OnFinished, OnDone            |
//
// gRPC tells of the end twice: when the answer is out, and when the call is
// over for it. After both the object goes. It must be finished exactly once,
// after `Abandon` as well.
class ServedCall {
 public:
  // How the object goes: by a task on the strand, behind all that name it; or
  // at once, which is cheaper, and asks that nothing on the strand names it
  // once it was finished.
  enum class Departure { kByStrand, kAtOnce };

  ServedCall(ServerLoop& loop, ServedMethod& method,
             Departure departure = Departure::kByStrand);
  virtual ~ServedCall() = default;
  ServedCall(const ServedCall&) = delete;
  ServedCall& operator=(const ServedCall&) = delete;

 protected:
  // Starts the work. On the strand.
  virtual void Begin() {}

  // How the call ends; to be said before it is finished, for the metrics.
  void set_end(const grpc::Status& status) { end_ = status.error_code(); }

  // Whether `Begin` takes so little that the loop's thread may lend itself to
  // the strand for it.
  virtual bool IsBrief() const { return false; }

  // Has `GoOn` called on the strand. On the loop's thread.
  void Continue() { loop_.Add(this, &ServedCall::GoOn, /*is_brief=*/true); }
  virtual void GoOn() {}

  // Looks at a call that has come, on the loop's thread: whether it may be
  // served and makes sense. False if the strand is not to have it, because it
  // was finished here or will be.
  virtual bool Admit() = 0;
  // The caller has gone. On the strand, if that has the call.
  virtual void Abandon() {}
  // The read or write with this tag is over. On the loop's thread.
  virtual void OnRead(bool) {}
  virtual void OnWritten(bool) {}

  ServerLoop& loop_;
  grpc::ServerContext context_;
  CallEvent arrival_{this, &ServedCall::OnArrival};
  CallEvent read_{this, &ServedCall::OnRead};
  CallEvent written_{this, &ServedCall::OnWritten};
  CallEvent finished_{this, &ServedCall::OnFinished};

 private:
  void OnArrival(bool ok);
  void OnDone(bool ok);
  void OnFinished(bool ok);
  void DeleteIfOver();

  ServedMethod& method_;
  const Departure departure_;
  grpc::StatusCode end_ = grpc::StatusCode::UNKNOWN;
  CallEvent done_{this, &ServedCall::OnDone};

  // Of the loop's thread.
  bool admitted_ = false;
  bool is_done_ = false;
  bool is_finished_ = false;
  bool was_abandoned_ = false;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVED_CALL_H_
