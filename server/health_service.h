// gRPC's standard health service.

#ifndef CLAWPLANE_SERVER_HEALTH_SERVICE_H_
#define CLAWPLANE_SERVER_HEALTH_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/gate.h"
#include "server/server_loop.h"

namespace clawplane::server {

// The service "" serves as long as this server lives;
// "clawplane.v1.GatewayService" serves while the gateway is RUNNING. It tells
// nothing that is secret, so that the gate asks nobody who he is.
//
// Thread-compatible. The strand, the manager and the gate must outlive it, and
// it must outlive the server.
class HealthService {
 public:
  HealthService(core::CoreStrand& strand, core::GatewayManager& gateway,
                Gate& gate)
      : strand_(strand), gateway_(gateway), gate_(gate) {}

  // What to register with the server, before it is built.
  grpc::Service& generated() { return generated_; }

  void ServeOn(ServerLoop& loop);

 private:
  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  Gate& gate_;
  grpc::health::v1::Health::AsyncService generated_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_HEALTH_SERVICE_H_
