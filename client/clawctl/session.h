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
  // How long a connection may take to come about.
  std::string connect_timeout = "10s";
  bool json = false;
  bool quiet = false;
};

// What becomes of a command's words where it is carried out on many servers,
// and the screen is not its own. Each is called in the command's thread.
//
// Thread-compatible.
struct Listener {
  // What would be written on standard error, without the line's end.
  std::function<void(absl::string_view line)> tell;
  // The status that an answer holds.
  std::function<void(const v1::GatewayStatus& status)> saw;
};

// A command's dealings with one server: the connection, the two outputs, and
// how calls are made and fail. Refers to its parts, which outlive it.
//
// Thread-compatible.
class Session {
 public:
  Session(const SharedOptions& options, client::Connection& connection,
          Output& output, Interrupt& interrupt,
          const Listener* listener = nullptr)
      : json(options.json),
        quiet(options.quiet),
        is_alone(listener == nullptr),
        shows_progress(is_alone && !quiet),
        connection(connection),
        output(output),
        interrupt(interrupt),
        listener_(listener) {}

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

  // Hands on the status that the answer holds, for a table of many servers.
  void Saw(const v1::GatewayStatus& status) const;

  const bool json;
  const bool quiet;
  // Whether no other server is asked beside this one.
  const bool is_alone;
  // Whether what is under way may be drawn on standard error.
  const bool shows_progress;
  client::Connection& connection;
  Output& output;
  Interrupt& interrupt;

 private:
  // Null: this process's standard error.
  const Listener* const listener_;
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
