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
#include "server/access.h"

namespace clawplane::server {

// What `GetServerInfo` tells.
struct ServerInfo {
  std::string version;
  std::string build;
  std::string epoch;
  core::WallTime started_at;
  std::vector<std::string> listeners;
};

// The methods but `Rpc`, each served by a callback of gRPC's. `Rpc` is served
// raw, by `RpcLoop`.
using CallbackMethods = v1::GatewayService::WithCallbackMethod_Start<
    v1::GatewayService::WithCallbackMethod_Stop<
        v1::GatewayService::WithCallbackMethod_Restart<
            v1::GatewayService::WithCallbackMethod_GetStatus<
                v1::GatewayService::WithCallbackMethod_DescribeGateway<
                    v1::GatewayService::WithCallbackMethod_ListRuns<
                        v1::GatewayService::WithCallbackMethod_GetServerInfo<
                            v1::GatewayService::WithCallbackMethod_StreamStatus<
                                v1::GatewayService::
                                    WithCallbackMethod_StreamEvents<
                                        v1::GatewayService::
                                            WithCallbackMethod_StreamLogs<
                                                v1::GatewayService::
                                                    Service>>>>>>>>>>;

// Each method checks its request, and hands over to an object that lives as
// long as the call. All pass `Access` first, in the two functions that make
// those objects.
//
// Thread-safe: gRPC calls it from its own threads. The strand, the manager and
// the access check must outlive it.
class GatewayService final
    : public v1::GatewayService::WithRawMethod_Rpc<CallbackMethods> {
 public:
  GatewayService(core::CoreStrand& strand, core::GatewayManager& gateway,
                 const Access& access)
      : strand_(strand), gateway_(gateway), access_(access) {}

  // Before the server takes calls.
  void set_info(ServerInfo info) { info_ = std::move(info); }

  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context,
                                  const v1::StartRequest* request,
                                  v1::StartResponse* response) override;
  grpc::ServerUnaryReactor* Stop(grpc::CallbackServerContext* context,
                                 const v1::StopRequest* request,
                                 v1::StopResponse* response) override;
  grpc::ServerUnaryReactor* Restart(grpc::CallbackServerContext* context,
                                    const v1::RestartRequest* request,
                                    v1::RestartResponse* response) override;
  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* DescribeGateway(
      grpc::CallbackServerContext* context,
      const v1::DescribeGatewayRequest* request,
      v1::DescribeGatewayResponse* response) override;
  grpc::ServerUnaryReactor* ListRuns(grpc::CallbackServerContext* context,
                                     const v1::ListRunsRequest* request,
                                     v1::ListRunsResponse* response) override;
  grpc::ServerUnaryReactor* GetServerInfo(
      grpc::CallbackServerContext* context,
      const v1::GetServerInfoRequest* request,
      v1::GetServerInfoResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamStatusResponse>* StreamStatus(
      grpc::CallbackServerContext* context,
      const v1::StreamStatusRequest* request) override;
  grpc::ServerWriteReactor<v1::StreamEventsResponse>* StreamEvents(
      grpc::CallbackServerContext* context,
      const v1::StreamEventsRequest* request) override;
  grpc::ServerWriteReactor<v1::StreamLogsResponse>* StreamLogs(
      grpc::CallbackServerContext* context,
      const v1::StreamLogsRequest* request) override;

 private:
  // Lets the call in, or refuses it, and begins what `make` makes. `make` gives
  // a call, or why there is none.
  template <typename Make>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context,
                                  Make make);
  template <typename Response, typename Make>
  grpc::ServerWriteReactor<Response>* Stream(
      grpc::CallbackServerContext* context, Make make);

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  const Access& access_;
  ServerInfo info_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_GATEWAY_SERVICE_H_
