// call: one call to the gateway.

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "client/clawctl/arguments.h"
#include "client/clawctl/commands.h"
#include "client/clawctl/json_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

// Above what a gateway takes (its frames end at 25 MiB).
constexpr size_t kMaxParamsBytes = 64 * 1024 * 1024;

struct CallOptions {
  std::string method;
  std::string params;
  bool has_params = false;
  bool value = false;
  bool await_final = false;
  bool wait_until_running = false;
  bool pretty = false;
  std::string timeout;
  // What these make, once for all servers: standard input is read but once.
  v1::RpcRequest request;
};

absl::StatusOr<std::string> ReadStandardInput() {
  constexpr size_t kChunk = 64 * 1024;
  std::string text;
  while (true) {
    const size_t filled = text.size();
    text.resize(filled + kChunk);
    const ssize_t got = read(STDIN_FILENO, text.data() + filled, kChunk);
    text.resize(filled + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      return absl::ErrnoToStatus(errno, "cannot read standard input");
    }
    if (got == 0) return text;
    if (text.size() > kMaxParamsBytes) {
      return absl::InvalidArgumentError(
          "standard input is longer than 64 MiB, which no gateway takes");
    }
  }
}

absl::StatusOr<v1::RpcRequest> MakeRequest(const CallOptions& options) {
  v1::RpcRequest request;
  request.set_method(options.method);
  request.set_await_final(options.await_final);
  request.set_wait_until_running(options.wait_until_running);
  if (options.value) request.set_result_form(v1::PAYLOAD_FORM_VALUE);
  if (!options.has_params) return request;

  std::string params = options.params;
  if (params == "-") {
    absl::StatusOr<std::string> read = ReadStandardInput();
    if (!read.ok()) return read.status();
    params = *std::move(read);
  }
  absl::Status checked = CheckJson(params);
  if (!checked.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the params are not JSON: ", checked.message()));
  }
  if (!options.value) {
    request.set_params_json(std::move(params));
    return request;
  }
  const auto parsed = google::protobuf::util::JsonStringToMessage(
      params, request.mutable_params());
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the params cannot travel as a value: ",
                     std::string(parsed.message())));
  }
  return request;
}

bool PrintResult(Session& session, const CallOptions& options,
                 const v1::RpcResponse& response) {
  if (session.json) return session.output.Json(response);
  std::string result;
  switch (response.result_form_case()) {
    case v1::RpcResponse::kResultJson:
      result = response.result_json();
      break;
    case v1::RpcResponse::kResult:
      result = ToJson(response.result());
      break;
    case v1::RpcResponse::RESULT_FORM_NOT_SET:
      // The gateway answered without a payload: there is nothing to pipe.
      return true;
  }
  if (options.pretty) {
    absl::StatusOr<std::string> indented = IndentJson(result);
    if (indented.ok()) result = *std::move(indented);
  }
  return session.output.Line(result);
}

void TellOutcome(const Session& session, const v1::GatewayError& error) {
  if (error.outcome() == v1::GatewayError::OUTCOME_NOT_SENT) {
    session.Tell("the gateway did not get the call: repeating it is safe");
  } else if (error.outcome() == v1::GatewayError::OUTCOME_SENT_UNKNOWN) {
    session.Tell("the gateway may have carried out the call, or may not");
  }
  if (!error.details_json().empty()) {
    session.Tell(absl::StrCat("details: ", Printable(error.details_json())));
  }
  if (!error.payload_json().empty()) {
    session.Tell(absl::StrCat("payload: ", Printable(error.payload_json())));
  }
}

int Call(Session& session, const CallOptions& options) {
  v1::RpcResponse response;
  const grpc::Status status = session.Call(
      &Stub::Rpc, options.request, &response, OptionalTimeout(options.timeout));
  if (status.ok()) {
    PrintResult(session, options, response);
    return kOk;
  }
  const client::CallError error =
      client::ToCallError(status, client::CallError::Method::kRpc);
  const bool not_yet_running = error.code == grpc::StatusCode::UNAVAILABLE &&
                               error.Is(v1::REASON_NOT_RUNNING);
  const int code = session.Fail(
      absl::StrCat("call ", Printable(options.method)), error,
      not_yet_running ? "repeat it, or add --wait-until-running" : "");
  if (error.gateway.has_value()) TellOutcome(session, *error.gateway);
  return code;
}

absl::Status Prepare(CallOptions& options) {
  absl::StatusOr<v1::RpcRequest> request = MakeRequest(options);
  if (!request.ok()) return request.status();
  options.request = *std::move(request);
  return absl::OkStatus();
}

}  // namespace

void AddCallCommand(CLI::App& app, Command& chosen) {
  auto options = std::make_shared<CallOptions>();
  CLI::App* command = app.add_subcommand(
      "call", "Call a method of the gateway, and print its result as JSON");
  command->add_option("method", options->method, "Such as health")->required();
  CLI::Option* params = command->add_option(
      "params", options->params,
      "The params: a JSON object, array or null; - reads standard input");
  command
      ->add_option("--timeout", options->timeout,
                   "How long the gateway may take; else 30s")
      ->check(Check(ParseTimeout));
  command->add_flag("--await-final", options->await_final,
                    "Of a method that answers twice, print the second answer");
  command->add_flag("--wait-until-running", options->wait_until_running,
                    "Wait in the server's queue until the gateway runs");
  command->add_flag("--value", options->value,
                    "Send and receive google.protobuf.Value, not JSON text");
  command->add_flag("--pretty", options->pretty, "Indent the result");
  command->callback([options, params, &chosen] {
    options->has_params = params->count() > 0;
    chosen = {
        .run = [options](Session& session) { return Call(session, *options); },
        .prepare = [options] { return Prepare(*options); }};
  });
}

}  // namespace clawplane::clawctl
