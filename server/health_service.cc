#include "server/health_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/served_stream.h"
#include "server/served_unary.h"

namespace clawplane::server {
namespace {

namespace health = grpc::health::v1;

using Response = health::HealthCheckResponse;

// What can be said of a service. On the strand.
Response::ServingStatus StatusOf(const std::string& service,
                                 const core::GatewayManager& gateway) {
  if (service.empty()) return Response::SERVING;
  if (service != "clawplane.v1.GatewayService") {
    return Response::SERVICE_UNKNOWN;
  }
  return gateway.status().state == core::State::kRunning
             ? Response::SERVING
             : Response::NOT_SERVING;
}

// Sends the status of a service when it differs from the one sent last.
//
// On the strand, but for the constructor.
class Watch final : public StreamCall<Response> {
 public:
  Watch(core::CoreStrand& strand, core::GatewayManager& gateway,
        std::string service)
      : StreamCall(strand, gateway, core::Topic::kStatus),
        service_(std::move(service)) {}

 private:
  bool Next(Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override {
    const auto status = StatusOf(service_, gateway_);
    if (sent_ == status) return false;
    sent_ = status;
    response.set_status(status);
    return true;
  }

  const std::string service_;
  std::optional<Response::ServingStatus> sent_ ABSL_GUARDED_BY(strand_);
};

}  // namespace

void HealthService::ServeOn(ServerLoop& loop) {
  using Request = health::HealthCheckRequest;
  using Generated = health::Health::AsyncService;
  const auto check = [this](const grpc::ServerContext& context,
                            const Request& request, Response& response) {
    const auto fill = [this, service = request.service(), &response] {
      response.set_status(StatusOf(service, gateway_));
      return response.status() == Response::SERVICE_UNKNOWN
                 ? grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service")
                 : grpc::Status::OK;
    };
    return server::Admit<UnaryCall>(
        gate_.EnterOpen(context), [&](const Caller&) -> UnaryOrFault {
          return std::make_unique<Query>(strand_, fill);
        });
  };
  const auto watch = [this](const grpc::ServerContext& context,
                            const Request& request) {
    return server::Admit<StreamCall<Response>>(
        gate_.EnterOpen(context),
        [&](const Caller&) -> StreamOrFault<Response> {
          return std::make_unique<Watch>(strand_, gateway_, request.service());
        });
  };
  ServeUnary(loop, generated_, &Generated::RequestCheck, check);
  ServeStream(loop, generated_, &Generated::RequestWatch, watch);
}

}  // namespace clawplane::server
