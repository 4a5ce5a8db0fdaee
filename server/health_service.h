// gRPC's standard health service.

#ifndef CLAWPLANE_SERVER_HEALTH_SERVICE_H_
#define CLAWPLANE_SERVER_HEALTH_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "server/server_loop.h"

namespace clawplane::server {

// The service "" serves as long as this server lives;
// "clawplane.v1.GatewayService" serves while the gateway is RUNNING. There is
// no access check: it tells nothing that is secret.
//
// Thread-compatible. The strand and the manager must outlive it, and it must
// outlive the server.
class HealthService {
 public:
  HealthService(core::CoreStrand& strand, core::GatewayManager& gateway)
      : strand_(strand), gateway_(gateway) {}

  // What to register with the server, before it is built.
  grpc::Service& generated() { return generated_; }

  void ServeOn(ServerLoop& loop);

 private:
  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  grpc::health::v1::Health::AsyncService generated_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_HEALTH_SERVICE_H_
