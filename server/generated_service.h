// The generated service, in the form in which it is served.

#ifndef CLAWPLANE_SERVER_GENERATED_SERVICE_H_
#define CLAWPLANE_SERVER_GENERATED_SERVICE_H_

#include "clawplane/v1/gateway.grpc.pb.h"

namespace clawplane::server {

// Every method asynchronous: see `ServerLoop`. `Rpc` and `StreamEvents` give
// and take bytes: see `rpc_message.h` and `event_batch.h`.
template <typename Service>
using WithOrders = v1::GatewayService::WithAsyncMethod_Start<
    v1::GatewayService::WithAsyncMethod_Stop<
        v1::GatewayService::WithAsyncMethod_Restart<Service>>>;
template <typename Service>
using WithQueries = v1::GatewayService::WithAsyncMethod_GetStatus<
    v1::GatewayService::WithAsyncMethod_DescribeGateway<
        v1::GatewayService::WithAsyncMethod_ListRuns<
            v1::GatewayService::WithAsyncMethod_GetServerInfo<Service>>>>;
template <typename Service>
using WithStreams = v1::GatewayService::WithAsyncMethod_StreamStatus<
    v1::GatewayService::WithRawMethod_StreamEvents<
        v1::GatewayService::WithAsyncMethod_StreamLogs<Service>>>;
using GeneratedService = v1::GatewayService::WithRawMethod_Rpc<
    WithOrders<WithQueries<WithStreams<v1::GatewayService::Service>>>>;

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_GENERATED_SERVICE_H_
