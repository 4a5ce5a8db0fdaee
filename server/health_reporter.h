// Tells the state of the gateway through gRPC's standard health service.

#ifndef CLAWPLANE_SERVER_HEALTH_REPORTER_H_
#define CLAWPLANE_SERVER_HEALTH_REPORTER_H_

#include <grpcpp/health_check_service_interface.h>

#include "core/io/gateway_manager.h"

namespace clawplane::server {

// The service "" serves as long as this server lives, which gRPC sees to
// itself; "clawplane.v1.GatewayService" serves while the gateway is RUNNING.
//
// On the strand. `service` is gRPC's, and may be null until it is set.
class HealthReporter final : public core::Subscriber {
 public:
  explicit HealthReporter(core::GatewayManager& gateway) : gateway_(gateway) {}

  void Begin(grpc::HealthCheckServiceInterface* service) {
    service_ = service;
    gateway_.Subscribe(core::Topic::kStatus, this);
    Wake();
  }

  void Wake() override { Tell(gateway_.status().state); }
  void Close(const core::Fault&) override { Tell(core::State::kStopped); }

 private:
  void Tell(core::State state) {
    if (service_ == nullptr) return;
    service_->SetServingStatus("clawplane.v1.GatewayService",
                               state == core::State::kRunning);
  }

  core::GatewayManager& gateway_;
  grpc::HealthCheckServiceInterface* service_ = nullptr;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_HEALTH_REPORTER_H_
