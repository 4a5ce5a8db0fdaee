#include "server/gateway_service.h"

#include <unistd.h>

#include <optional>
#include <variant>

#include "core/model/text.h"
#include "server/convert.h"
#include "server/event_stream.h"
#include "server/log_stream.h"
#include "server/rpc_call.h"
#include "server/status_stream.h"
#include "server/unary_call.h"

namespace clawplane::server {
namespace {

// One `Rpc` follows upon another.
constexpr int kRpcAhead = 64;

constexpr core::Duration kMaxGrace = std::chrono::seconds(330);

core::Fault BadRequest(std::string message) {
  return {core::Reason::kBadRequest, std::move(message), ""};
}

using StopTerms = core::GatewayManager::EndTerms;

// What `StopRequest` and `RestartRequest` have in common, checked.
template <typename Request>
std::variant<StopTerms, core::Fault> ParseStopTerms(const Request& request) {
  if (request.drain() && request.force()) {
    return BadRequest("drain and force are both set; allowed: one of them");
  }
  StopTerms terms;
  terms.force = request.force();
  terms.drain = request.drain();
  if (!request.has_grace()) return terms;
  terms.grace = FromProto(request.grace());
  if (!terms.grace || *terms.grace < core::Duration() ||
      *terms.grace > kMaxGrace) {
    return BadRequest(core::Concat("grace is ", request.grace().seconds(),
                                   " s; allowed: 0 s to 330 s"));
  }
  return terms;
}

}  // namespace

template <typename Request, typename Response>
UnaryHandler<Request, Response> GatewayService::Guarded(
    core::ApiCall call,
    UnaryOrFault (GatewayService::*method)(const Caller&, const Request&,
                                           Response&)) {
  return [this, call, method](const grpc::ServerContext& context,
                              const Request& request, Response& response) {
    return Admit<UnaryCall>(gate_.Enter(context, call, CallPlaces::Kind::kCall),
                            [&](const Caller& caller) {
                              return (this->*method)(caller, request, response);
                            });
  };
}

template <typename Request, typename Response>
StreamHandler<Request, Response> GatewayService::Guarded(
    core::ApiCall call,
    StreamOrFault<Response> (GatewayService::*method)(const Caller&,
                                                      const Request&)) {
  return [this, call, method](const grpc::ServerContext& context,
                              const Request& request) {
    return Admit<StreamCall<Response>>(
        gate_.Enter(context, call, CallPlaces::Kind::kStream),
        [&](const Caller& caller) { return (this->*method)(caller, request); });
  };
}

void GatewayService::ServeOn(ServerLoop& loop) {
  using Self = GatewayService;
  using All = GeneratedService;
  using Kind = core::ApiCall::Kind;
  const auto unary = [&](Kind kind, std::string_view name, auto ask,
                         auto method) {
    ServeUnary(loop, generated_, ask, Guarded({kind, name, ""}, method), name);
  };
  const auto stream = [&](std::string_view name, auto ask, auto method) {
    ServeStream(loop, generated_, ask, Guarded({Kind::kRead, name, ""}, method),
                name);
  };
  unary(Kind::kOrder, "Start", &All::RequestStart, &Self::Start);
  unary(Kind::kOrder, "Stop", &All::RequestStop, &Self::Stop);
  unary(Kind::kOrder, "Restart", &All::RequestRestart, &Self::Restart);
  unary(Kind::kRead, "GetStatus", &All::RequestGetStatus, &Self::GetStatus);
  unary(Kind::kRead, "DescribeGateway", &All::RequestDescribeGateway,
        &Self::DescribeGateway);
  unary(Kind::kRead, "ListRuns", &All::RequestListRuns, &Self::ListRuns);
  unary(Kind::kRead, "GetServerInfo", &All::RequestGetServerInfo,
        &Self::GetServerInfo);
  stream("StreamStatus", &All::RequestStreamStatus, &Self::StreamStatus);
  stream("StreamEvents", &All::RequestStreamEvents, &Self::StreamEvents);
  stream("StreamLogs", &All::RequestStreamLogs, &Self::StreamLogs);
  loop.Serve(std::make_unique<RpcMethod>(generated_, gateway_, gate_),
             kRpcAhead);
}

UnaryOrFault GatewayService::Start(const Caller&,
                                   const v1::StartRequest& request,
                                   v1::StartResponse& response) {
  return std::make_unique<OrderCall>(
      strand_, gateway_, request.no_wait(),
      [this](auto done) { return gateway_.Start(std::move(done)); },
      [this, &response](const core::OrderResult& result) {
        *response.mutable_status() = StatusToProto(result.status, gateway_);
      });
}

UnaryOrFault GatewayService::Stop(const Caller&, const v1::StopRequest& request,
                                  v1::StopResponse& response) {
  auto parsed = ParseStopTerms(request);
  if (const auto* fault = std::get_if<core::Fault>(&parsed)) return *fault;
  std::get<StopTerms>(parsed).keep_wish = request.keep_wanted();
  return std::make_unique<OrderCall>(
      strand_, gateway_, /*no_wait=*/false,
      [this, terms = std::get<StopTerms>(parsed)](auto done) {
        return gateway_.Stop(terms, std::move(done));
      },
      [this, &response](const core::OrderResult& result) {
        *response.mutable_status() = StatusToProto(result.status, gateway_);
        *response.mutable_took() = ToProto(result.took);
        if (result.exit) *response.mutable_exit() = ToProto(*result.exit);
      });
}

UnaryOrFault GatewayService::Restart(const Caller&,
                                     const v1::RestartRequest& request,
                                     v1::RestartResponse& response) {
  const auto parsed = ParseStopTerms(request);
  if (const auto* fault = std::get_if<core::Fault>(&parsed)) return *fault;
  return std::make_unique<OrderCall>(
      strand_, gateway_, request.no_wait(),
      [this, terms = std::get<StopTerms>(parsed)](auto done) {
        return gateway_.Restart(terms, std::move(done));
      },
      [this, &response,
       no_wait = request.no_wait()](const core::OrderResult& result) {
        *response.mutable_status() = StatusToProto(result.status, gateway_);
        if (result.old_pid) response.set_old_pid(*result.old_pid);
        if (no_wait) return;
        if (result.status.pid) response.set_new_pid(*result.status.pid);
        response.set_proof(ProofOf(result));
      });
}

UnaryOrFault GatewayService::GetStatus(const Caller&,
                                       const v1::GetStatusRequest&,
                                       v1::GetStatusResponse& response) {
  return std::make_unique<Query>(strand_, [this, &response] {
    *response.mutable_status() = StatusToProto(gateway_);
    return grpc::Status::OK;
  });
}

UnaryOrFault GatewayService::DescribeGateway(
    const Caller&, const v1::DescribeGatewayRequest&,
    v1::DescribeGatewayResponse& response) {
  return std::make_unique<Query>(strand_, [this, &response] {
    const auto& description = gateway_.description();
    if (!description) {
      return ToGrpcStatus(core::Fault{
          core::Reason::kNotRunning,
          "no gateway has been connected to since this server began",
          "start it: clawctl start"});
    }
    response = ToProto(*description);
    response.set_connected(gateway_.status().state == core::State::kRunning);
    return grpc::Status::OK;
  });
}

UnaryOrFault GatewayService::ListRuns(const Caller&,
                                      const v1::ListRunsRequest& request,
                                      v1::ListRunsResponse& response) {
  if (request.limit() > core::RunHistory::kMaxRuns) {
    return BadRequest(
        core::Concat("limit is ", request.limit(), "; allowed: 1 to ",
                     core::RunHistory::kMaxRuns, ", or 0 for all of them"));
  }
  const size_t limit =
      request.limit() == 0 ? core::RunHistory::kMaxRuns : request.limit();
  return std::make_unique<Query>(strand_, [this, &response, limit] {
    response = ToProto(gateway_.runs(), limit);
    return grpc::Status::OK;
  });
}

UnaryOrFault GatewayService::GetServerInfo(
    const Caller& caller, const v1::GetServerInfoRequest&,
    v1::GetServerInfoResponse& response) {
  return std::make_unique<Query>(strand_, [this, &response, caller] {
    response.set_version(info_.version);
    response.set_build(info_.build);
    response.set_epoch(info_.epoch);
    response.set_previous_epoch(info_.previous_epoch);
    response.set_durable_events(info_.durable_events);
    *response.mutable_started_at() = ToProto(info_.started_at);
    for (const auto& listener : info_.listeners) {
      response.add_listeners(listener);
    }
    response.set_pid(::getpid());
    response.set_name(gateway_.config().name);
    response.mutable_caller()->set_name(caller.name);
    response.mutable_caller()->set_role(ToProto(caller.role));
    return grpc::Status::OK;
  });
}

StreamOrFault<v1::StreamStatusResponse> GatewayService::StreamStatus(
    const Caller&, const v1::StreamStatusRequest&) {
  return std::make_unique<StatusStream>(strand_, gateway_);
}

StreamOrFault<grpc::ByteBuffer> GatewayService::StreamEvents(
    const Caller&, const grpc::ByteBuffer& request) {
  auto parsed = ReadEventQuery(request);
  if (auto* fault = std::get_if<core::Fault>(&parsed)) return *fault;
  return std::make_unique<EventStream>(strand_, gateway_,
                                       std::get<EventQuery>(std::move(parsed)));
}

StreamOrFault<v1::StreamLogsResponse> GatewayService::StreamLogs(
    const Caller&, const v1::StreamLogsRequest& request) {
  std::optional<uint32_t> tail_lines;
  if (request.has_tail_lines()) tail_lines = request.tail_lines();
  if (tail_lines && *tail_lines > LogStream::kMaxTailLines) {
    return BadRequest(core::Concat("tail_lines is ", *tail_lines,
                                   "; allowed: 0 to ",
                                   LogStream::kMaxTailLines));
  }
  return std::make_unique<LogStream>(strand_, gateway_, tail_lines,
                                     request.follow());
}

}  // namespace clawplane::server
