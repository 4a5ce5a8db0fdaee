#include "server/rpc_call.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

#include "server/convert.h"
#include "server/peer_identity.h"

namespace clawplane::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr core::Duration kDefaultTimeLimit = seconds(30);

// How long a call may take: a little less than its caller waits, so that the
// details of a timeout arrive in time.
core::Duration TimeLimit(system_clock::time_point deadline) {
  if (deadline == system_clock::time_point::max()) return kDefaultTimeLimit;
  const core::Duration left = deadline - system_clock::now();
  return left - std::min<core::Duration>(left / 50, milliseconds(50));
}

// The status of a call that was not sent.
grpc::Status Refused(core::Fault fault) {
  return ToGrpcStatus(
      core::CallFailed{std::move(fault), core::Outcome::kNotSent});
}

}  // namespace

void RpcMethod::Listen(ServerLoop& loop) { new RpcCall(loop, *this); }

RpcCall::RpcCall(ServerLoop& loop, RpcMethod& method)
    : ServedCall(loop, method, Departure::kAtOnce),
      strand_(loop.strand()),
      gateway_(method.gateway_),
      gate_(method.gate_) {
  method.service_.RequestRpc(&context_, &request_, &writer_, loop.queue(),
                             loop.queue(), &arrival_);
}

bool RpcCall::Admit() {
  const auto refusal = Read();
  if (refusal) {
    set_end(*refusal);
    writer_.FinishWithError(*refusal, &finished_);
  }
  return !refusal;
}

std::optional<grpc::Status> RpcCall::Read() {
  constexpr core::ApiCall kCall{core::ApiCall::Kind::kMethod, "Rpc", ""};
  auto entered = gate_.Enter(context_, kCall, CallPlaces::Kind::kCall);
  if (const auto* fault = std::get_if<core::Fault>(&entered)) {
    return Refused(*fault);
  }
  pass_ = std::get<Pass>(std::move(entered));
  auto read = ReadRpcRequest(request_);
  request_.Clear();
  if (auto* fault = std::get_if<std::string>(&read)) {
    return Refused({core::Reason::kBadRequest, std::move(*fault), ""});
  }
  input_ = std::get<RpcInput>(std::move(read));
  if (const auto fault = pass_.GoOnTo(context_, input_.call.method)) {
    return Refused(*fault);
  }
  input_.call.arrived_at = std::chrono::steady_clock::now();
  input_.call.deadline =
      input_.call.arrived_at + TimeLimit(context_.deadline());
  input_.call.call_class =
      core::ClassOf(core::ScopeOfMethod(input_.call.method));
  input_.call.traceparent = TraceParentOf(context_);
  return std::nullopt;
}

void RpcCall::Begin() {
  // Until then the call is not finished, so that it is there.
  pass_.BeforeActing(strand_, [this](const auto& fault) {
    strand_.AssertHeld();
    has_begun_ = true;
    if (fault) {
      Fail(Refused(*fault));
    } else if (was_abandoned_early_) {
      Fail(grpc::Status::CANCELLED);
    } else {
      Send();
    }
  });
}

void RpcCall::Send() {
  id_ = gateway_.next_call();
  // The last that is done here: it may end the call, and with it this object.
  gateway_.Call(std::move(input_.call), [this](const core::CallResult& result) {
    strand_.AssertHeld();
    OnResult(result);
  });
}

void RpcCall::Abandon() {
  strand_.AssertHeld();
  if (finished_once_) return;
  if (!has_begun_) {
    was_abandoned_early_ = true;
    return;
  }
  gateway_.CancelCall(id_);
  Fail(grpc::Status::CANCELLED);
}

void RpcCall::OnResult(const core::CallResult& result) {
  if (const auto* answered = std::get_if<core::CallAnswered>(&result)) {
    Answer(*answered);
  } else if (const auto* refused = std::get_if<core::CallRefused>(&result)) {
    Fail(ToGrpcStatus(*refused));
  } else {
    Fail(ToGrpcStatus(std::get<core::CallFailed>(result)));
  }
}

void RpcCall::Answer(const core::CallAnswered& answered) {
  auto written = WriteRpcResponse(answered.payload, input_.result_form);
  if (auto* fault = std::get_if<std::string>(&written)) {
    Fail(ToGrpcStatus(
        core::CallFailed{{core::Reason::kAnswerTooLarge, std::move(*fault),
                          "ask for result_form PAYLOAD_FORM_JSON"},
                         core::Outcome::kReplied}));
    return;
  }
  finished_once_ = true;
  set_end(grpc::Status::OK);
  pass_.End(grpc::Status::OK);
  writer_.Finish(std::get<grpc::ByteBuffer>(written), grpc::Status::OK,
                 &finished_);
}

void RpcCall::Fail(const grpc::Status& status) {
  finished_once_ = true;
  set_end(status);
  pass_.End(status);
  writer_.FinishWithError(status, &finished_);
}

}  // namespace clawplane::server
