#include "tests/client/fake_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace clawplane::client {

FakeServer::FakeServer(std::shared_ptr<grpc::ServerCredentials> tls) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(unix_target(), grpc::InsecureServerCredentials());
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port_);
  if (tls != nullptr) {
    builder.AddListeningPort("127.0.0.1:0", std::move(tls), &tls_port_);
  }
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

std::string FakeServer::unix_target() const {
  return absl::StrCat("unix:", directory_.path(), "/clawplane.sock");
}

std::string FakeServer::tcp_target() const {
  return absl::StrCat("127.0.0.1:", port_);
}

std::vector<std::string> FakeServer::authorizations() {
  absl::MutexLock lock(&mutex_);
  return authorizations_;
}

void FakeServer::WaitUntilCancelled(const Context& context) {
  // gRPC's synchronous calls can only be asked.
  while (!context.IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
}

template <typename S, typename Request, typename Response>
grpc::Status FakeServer::Play(const S& script, Context* context,
                              const Request* request, Response* response) {
  {
    const auto& metadata = context->client_metadata();
    const auto found = metadata.find("authorization");
    absl::MutexLock lock(&mutex_);
    authorizations_.push_back(
        found == metadata.end()
            ? ""
            : std::string(found->second.data(), found->second.size()));
  }
  if (!script) return {grpc::StatusCode::UNIMPLEMENTED, "not scripted"};
  return script(*context, *request, *response);
}

grpc::Status FakeServer::Start(Context* context,
                               const v1::StartRequest* request,
                               v1::StartResponse* response) {
  return Play(start, context, request, response);
}
grpc::Status FakeServer::Stop(Context* context, const v1::StopRequest* request,
                              v1::StopResponse* response) {
  return Play(stop, context, request, response);
}
grpc::Status FakeServer::Restart(Context* context,
                                 const v1::RestartRequest* request,
                                 v1::RestartResponse* response) {
  return Play(restart, context, request, response);
}
grpc::Status FakeServer::GetStatus(Context* context,
                                   const v1::GetStatusRequest* request,
                                   v1::GetStatusResponse* response) {
  return Play(get_status, context, request, response);
}
grpc::Status FakeServer::DescribeGateway(
    Context* context, const v1::DescribeGatewayRequest* request,
    v1::DescribeGatewayResponse* response) {
  return Play(describe, context, request, response);
}
grpc::Status FakeServer::ListRuns(Context* context,
                                  const v1::ListRunsRequest* request,
                                  v1::ListRunsResponse* response) {
  return Play(runs, context, request, response);
}
grpc::Status FakeServer::GetServerInfo(Context* context,
                                       const v1::GetServerInfoRequest* request,
                                       v1::GetServerInfoResponse* response) {
  return Play(info, context, request, response);
}
grpc::Status FakeServer::Rpc(Context* context, const v1::RpcRequest* request,
                             v1::RpcResponse* response) {
  return Play(rpc, context, request, response);
}
grpc::Status FakeServer::StreamStatus(
    Context* context, const v1::StreamStatusRequest* request,
    grpc::ServerWriter<v1::StreamStatusResponse>* writer) {
  return Play(statuses, context, request, writer);
}
grpc::Status FakeServer::StreamEvents(
    Context* context, const v1::StreamEventsRequest* request,
    grpc::ServerWriter<v1::StreamEventsResponse>* writer) {
  return Play(events, context, request, writer);
}
grpc::Status FakeServer::StreamLogs(
    Context* context, const v1::StreamLogsRequest* request,
    grpc::ServerWriter<v1::StreamLogsResponse>* writer) {
  return Play(logs, context, request, writer);
}

namespace {

google::rpc::Status Details(grpc::StatusCode code, const std::string& message,
                            const std::string& reason,
                            const std::string& domain) {
  google::rpc::Status details;
  details.set_code(static_cast<int>(code));
  details.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(domain);
  details.add_details()->PackFrom(info);
  return details;
}

}  // namespace

grpc::Status Refusal(grpc::StatusCode code, const std::string& message,
                     const std::string& reason, const std::string& domain) {
  return {code, message,
          Details(code, message, reason, domain).SerializeAsString()};
}

grpc::Status Refusal(grpc::StatusCode code, const std::string& message,
                     const std::string& reason, const std::string& domain,
                     const v1::GatewayError& gateway) {
  google::rpc::Status details = Details(code, message, reason, domain);
  details.add_details()->PackFrom(gateway);
  return {code, message, details.SerializeAsString()};
}

v1::GatewayStatus StatusOf(v1::GatewayStatus::State state,
                           v1::GatewayStatus::Phase phase) {
  v1::GatewayStatus status;
  status.set_state(state);
  status.set_phase(phase);
  status.set_port(18789);
  if (state == v1::GatewayStatus::STATE_RUNNING) {
    status.set_pid(4711);
    status.set_owned(true);
    status.set_version("2026.9.6");
    status.set_protocol(3);
    status.mutable_uptime()->set_seconds(125);
  }
  return status;
}

}  // namespace clawplane::client
