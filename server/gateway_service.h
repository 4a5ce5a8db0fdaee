// The API of proto/clawplane/v1/gateway.proto, served.

#ifndef CLAWPLANE_SERVER_GATEWAY_SERVICE_H_
#define CLAWPLANE_SERVER_GATEWAY_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <utility>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "server/gate.h"
#include "server/generated_service.h"
#include "server/served_stream.h"
#include "server/served_unary.h"
#include "server/server_loop.h"

namespace clawplane::server {

// What `GetServerInfo` tells.
struct ServerInfo {
  std::string version;
  std::string build;
  std::string epoch;
  core::WallTime started_at;
  std::vector<std::string> listeners;
  std::string previous_epoch;
  bool durable_events = false;
};

// Each method checks its request, and gives the work that is to be done on the
// strand. All pass the gate first: `Rpc` in `RpcCall`, the others in `ServeOn`.
//
// Thread-compatible. The strand, the manager and the gate must outlive it, and
// it must outlive the server.
class GatewayService {
 public:
  GatewayService(core::CoreStrand& strand, core::GatewayManager& gateway,
                 Gate& gate)
      : strand_(strand), gateway_(gateway), gate_(gate) {}

  // Before the server takes calls.
  void set_info(ServerInfo info) { info_ = std::move(info); }

  // What to register with the server, before it is built.
  grpc::Service& generated() { return generated_; }

  // Serves all methods.
  void ServeOn(ServerLoop& loop);

 private:
  // Puts the gate before a method.
  template <typename Request, typename Response>
  UnaryHandler<Request, Response> Guarded(
      core::ApiCall call,
      UnaryOrFault (GatewayService::*method)(const Caller&, const Request&,
                                             Response&));
  template <typename Request, typename Response>
  StreamHandler<Request, Response> Guarded(
      core::ApiCall call,
      StreamOrFault<Response> (GatewayService::*method)(const Caller&,
                                                        const Request&));

  UnaryOrFault Start(const Caller& caller, const v1::StartRequest& request,
                     v1::StartResponse& response);
  UnaryOrFault Stop(const Caller& caller, const v1::StopRequest& request,
                    v1::StopResponse& response);
  UnaryOrFault Restart(const Caller& caller, const v1::RestartRequest& request,
                       v1::RestartResponse& response);
  UnaryOrFault GetStatus(const Caller& caller,
                         const v1::GetStatusRequest& request,
                         v1::GetStatusResponse& response);
  UnaryOrFault DescribeGateway(const Caller& caller,
                               const v1::DescribeGatewayRequest& request,
                               v1::DescribeGatewayResponse& response);
  UnaryOrFault ListRuns(const Caller& caller,
                        const v1::ListRunsRequest& request,
                        v1::ListRunsResponse& response);
  UnaryOrFault GetServerInfo(const Caller& caller,
                             const v1::GetServerInfoRequest& request,
                             v1::GetServerInfoResponse& response);
  StreamOrFault<v1::StreamStatusResponse> StreamStatus(
      const Caller& caller, const v1::StreamStatusRequest& request);
  StreamOrFault<grpc::ByteBuffer> StreamEvents(const Caller& caller,
                                               const grpc::ByteBuffer& request);
  StreamOrFault<v1::StreamLogsResponse> StreamLogs(
      const Caller& caller, const v1::StreamLogsRequest& request);

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  Gate& gate_;
  ServerInfo info_;
  GeneratedService generated_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_GATEWAY_SERVICE_H_
