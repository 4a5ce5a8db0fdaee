// What every command of clawctl has at hand.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_SESSION_H_
#define CLAWPLANE_CLIENT_CLAWCTL_SESSION_H_

#include <grpcpp/support/sync_stream.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clawplane/client/call.h"
#include "clawplane/client/call_error.h"
#include "clawplane/client/connection.h"
#include "clawplane/client/target.h"
#include "client/clawctl/exit_code.h"
#include "client/clawctl/interrupt.h"
#include "client/clawctl/output.h"

namespace clawplane::clawctl {

using Stub = v1::GatewayService::Stub;

// What the options say that all commands share. Thread-compatible.
struct SharedOptions {
  client::TargetOptions target;
  bool json = false;
  bool quiet = false;
};

// One run of clawctl: the connection, the two outputs, and how calls are made
// and fail. Refers to its parts, which outlive it.
//
// Thread-compatible.
class Session {
 public:
  Session(const SharedOptions& options, client::Connection& connection,
          Output& output, Interrupt& interrupt)
      : json(options.json),
        quiet(options.quiet),
        connection(connection),
        output(output),
        interrupt(interrupt) {}

  // Makes a unary call; `method` is one of the stub's.
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                 const Request&, Response*),
                    const Request& request, Response* response,
                    std::optional<absl::Duration> timeout) {
    grpc::ClientContext context;
    connection.Prepare(context, timeout);
    Interrupt::Scope scope(interrupt, context, Interrupt::EndsWith::kInterrupt);
    return (connection.stub().*method)(&context, request, response);
  }

  // Reads a stream until `take` returns false (then OK), Ctrl-C (CANCELLED), or
  // its end. A reader of standard output that left ends it with OK.
  template <typename Request, typename Response>
  grpc::Status Read(std::unique_ptr<grpc::ClientReader<Response>> (
                        Stub::*method)(grpc::ClientContext*, const Request&),
                    const Request& request,
                    std::optional<absl::Duration> timeout,
                    const std::function<bool(Response&)>& take);

  // Tells on standard error that a task failed ("start"), why, and what can be
  // done about it; `next_step` where the error itself says nothing. Returns the
  // exit code.
  int Fail(absl::string_view task, client::CallError error,
           absl::string_view next_step = "") const;
  int Fail(absl::string_view task, const grpc::Status& status) const {
    return Fail(task, client::ToCallError(status));
  }

  // The error in words for people: who was not reached, and where.
  std::string Reworded(client::CallError error) const;

  // Writes one line on standard error; `Note` does so unless quiet.
  void Tell(absl::string_view line) const;
  void Note(absl::string_view line) const;

  const bool json;
  const bool quiet;
  client::Connection& connection;
  Output& output;
  Interrupt& interrupt;
};

template <typename Request, typename Response>
grpc::Status Session::Read(std::unique_ptr<grpc::ClientReader<Response>> (
                               Stub::*method)(grpc::ClientContext*,
                                              const Request&),
                           const Request& request,
                           std::optional<absl::Duration> timeout,
                           const std::function<bool(Response&)>& take) {
  grpc::ClientContext context;
  connection.Prepare(context, timeout);
  Interrupt::Scope scope(interrupt, context,
                         Interrupt::EndsWith::kInterruptOrReader);
  const auto reader = (connection.stub().*method)(&context, request);
  Response response;
  bool satisfied = false;
  while (!satisfied && reader->Read(&response)) {
    satisfied = !take(response) || output.error() != 0;
  }
  if (satisfied) context.TryCancel();
  const grpc::Status status = reader->Finish();
  return satisfied || interrupt.only_reader_left() ? grpc::Status::OK : status;
}

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_SESSION_H_
