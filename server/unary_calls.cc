#include "server/unary_calls.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

#include "core/model/frame.h"
#include "core/model/text.h"
#include "server/convert.h"
#include "server/json_value.h"

namespace clawplane::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

constexpr core::Duration kDefaultTimeLimit = seconds(30);
constexpr size_t kMaxMethodBytes = 256;

// How long a call may take: a little less than its caller waits, so that the
// details of a timeout arrive in time.
core::Duration TimeLimit(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == system_clock::time_point::max()) return kDefaultTimeLimit;
  const core::Duration left = deadline - system_clock::now();
  return left - std::min<core::Duration>(left / 50, milliseconds(50));
}

grpc::Status BadRequest(std::string message) {
  return ToGrpcStatus(
      core::CallFailed{{core::Reason::kBadRequest, std::move(message), ""},
                       core::Outcome::kNotSent});
}

// The params as JSON text; or what is wrong with them.
std::variant<std::optional<std::string>, std::string> ParamsOf(
    const v1::RpcRequest& request) {
  switch (request.params_form_case()) {
    case v1::RpcRequest::PARAMS_FORM_NOT_SET:
      return std::nullopt;
    case v1::RpcRequest::kParamsJson:
      if (auto fault = core::FaultInParams(request.params_json())) {
        return *std::move(fault);
      }
      return std::optional(request.params_json());
    case v1::RpcRequest::kParams: {
      std::string json;
      if (auto fault = ValueToJson(request.params(), json)) {
        return core::Concat("params cannot be sent: ", *fault);
      }
      if (json[0] != '{' && json[0] != '[' && json[0] != 'n') {
        return std::string(
            "params is a scalar; the gateway takes an object, an array or "
            "null");
      }
      return std::optional(std::move(json));
    }
  }
  return std::nullopt;
}

}  // namespace

void UnaryCall::FinishOnce(const grpc::Status& status) {
  if (std::exchange(finished_, true)) return;
  Finish(status);
}

void OrderCall::OnBegin() {
  const std::optional<int> old_pid = gateway_.status().pid;
  order_ = give_([this](const core::OrderResult& result) {
    strand_.AssertHeld();
    OnResult(result);
  });
  if (!no_wait_ || finished()) return;
  gateway_.Forget(*order_);
  core::OrderResult accepted;
  accepted.status = gateway_.status();
  accepted.old_pid = old_pid;
  fill_(accepted);
  FinishOnce(grpc::Status::OK);
}

void OrderCall::OnAbandoned() {
  if (order_) gateway_.Forget(*order_);
}

void OrderCall::OnResult(const core::OrderResult& result) {
  strand_.AssertHeld();
  if (finished()) return;
  if (result.fault) {
    FinishOnce(ToGrpcStatus(*result.fault));
    return;
  }
  fill_(result);
  FinishOnce(grpc::Status::OK);
}

CallReactor::CallReactor(core::CoreStrand& strand,
                         core::GatewayManager& gateway,
                         const grpc::CallbackServerContext& context,
                         const v1::RpcRequest& request,
                         v1::RpcResponse& response)
    : UnaryCall(strand), gateway_(gateway), response_(response) {
  if (request.method().empty() || request.method().size() > kMaxMethodBytes) {
    refusal_ = BadRequest(core::Concat("method is ", request.method().size(),
                                       " bytes long; allowed: 1 to ",
                                       kMaxMethodBytes));
    return;
  }
  auto params = ParamsOf(request);
  if (auto* fault = std::get_if<std::string>(&params)) {
    refusal_ = BadRequest(std::move(*fault));
    return;
  }
  result_form_ = request.result_form();
  if (!v1::PayloadForm_IsValid(result_form_)) {
    refusal_ = BadRequest(core::Concat("result_form is ",
                                       static_cast<int>(request.result_form()),
                                       ", which is no form"));
    return;
  }
  if (result_form_ == v1::PAYLOAD_FORM_UNSPECIFIED && request.has_params()) {
    result_form_ = v1::PAYLOAD_FORM_VALUE;
  }
  call_.method = request.method();
  call_.params = std::get<std::optional<std::string>>(std::move(params));
  call_.deadline = steady_clock::now() + TimeLimit(context);
  call_.await_final = request.await_final();
  call_.wait_until_running = request.wait_until_running();
}

void CallReactor::OnBegin() {
  if (refusal_) {
    FinishOnce(*refusal_);
    return;
  }
  id_ = gateway_.Call(std::move(call_), [this](const core::CallResult& result) {
    strand_.AssertHeld();
    OnResult(result);
  });
}

void CallReactor::OnAbandoned() {
  if (id_) gateway_.CancelCall(*id_);
}

void CallReactor::OnResult(const core::CallResult& result) {
  strand_.AssertHeld();
  if (const auto* answered = std::get_if<core::CallAnswered>(&result)) {
    FinishOnce(FillResponse(*answered));
  } else if (const auto* refused = std::get_if<core::CallRefused>(&result)) {
    FinishOnce(ToGrpcStatus(*refused));
  } else {
    FinishOnce(ToGrpcStatus(std::get<core::CallFailed>(result)));
  }
}

grpc::Status CallReactor::FillResponse(const core::CallAnswered& answered) {
  if (!answered.payload) return grpc::Status::OK;
  if (result_form_ != v1::PAYLOAD_FORM_VALUE) {
    response_.set_result_json(answered.payload->data(),
                              answered.payload->size());
    return grpc::Status::OK;
  }
  if (auto fault =
          JsonToValue(*answered.payload, *response_.mutable_result())) {
    response_.clear_result();
    return ToGrpcStatus(core::CallFailed{
        {core::Reason::kAnswerTooLarge,
         core::Concat("the answer cannot be given as a value: ", *fault),
         "ask for result_form PAYLOAD_FORM_JSON"},
        core::Outcome::kReplied});
  }
  return grpc::Status::OK;
}

}  // namespace clawplane::server
