#include "tests/server/served_gateway.h"

#include <cstdlib>
#include <fstream>
#include <utility>

#include "google/rpc/status.pb.h"
#include "tests/free_port.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

template <typename Detail>
std::optional<Detail> Find(const grpc::Status& status) {
  google::rpc::Status decoded;
  if (!decoded.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& any : decoded.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

}  // namespace

ServedGateway::ServedGateway(const core::Config& given,
                             const std::vector<std::string>& environment) {
  core::Config config = given;
  config.state_directory = directory_ / "state";
  config.listen = "127.0.0.1:0";
  config.ops.listen = "127.0.0.1:0";
  socket_ = config.socket = directory_ / "s";
  if (config.gateway.token_file.empty()) {
    config.gateway.token_file = directory_.Write("gateway.token", kToken);
  }
  auto state = server::StateDirectory::Open(config.state_directory);
  if (!state.ok()) std::abort();
  if (config.audit.file.empty()) config.audit.file = directory_ / "audit.jsonl";
  audit_file_ = config.audit.file;
  auto audit = server::AuditLog::Open(config.audit);
  if (!audit.ok()) std::abort();
  app_ = std::make_unique<server::App>(
      config, *std::move(state), *std::move(audit), kAccessToken, environment);
  if (!app_->Start().ok()) std::abort();
  channel_ = NewChannel();
  stub_ = v1::GatewayService::NewStub(channel_);
}

ServedGateway::~ServedGateway() { End(); }

std::shared_ptr<grpc::Channel> ServedGateway::TcpChannel() const {
  return grpc::CreateChannel(tcp_address(), grpc::InsecureChannelCredentials());
}

std::shared_ptr<grpc::Channel> ServedGateway::NewChannel(
    grpc::ChannelArguments arguments) const {
  arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(
      "unix:" + socket_, grpc::InsecureChannelCredentials(), arguments);
}

std::vector<std::string> ServedGateway::audit_lines() const {
  std::ifstream file(audit_file_);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

void ServedGateway::End() {
  if (app_ == nullptr) return;
  std::promise<void> stopped;
  app_->StopGateway([&] { stopped.set_value(); });
  stopped.get_future().wait();
  app_->End();
  app_.reset();
}

core::Config AttachTo(const FakeGateway& gateway) {
  core::Config config;
  config.machine.mode = core::Mode::kAttach;
  config.machine.port = gateway.port();
  return config;
}

core::Config LaunchFake(const std::vector<std::string>& more) {
  core::Config config;
  config.machine.mode = core::Mode::kLaunch;
  config.machine.port = FreePort();
  config.machine.restart_delay = std::chrono::milliseconds(1);
  config.gateway.command = {FAKE_GATEWAY_PROGRAM, "gateway", "run", "--port",
                            "{port}"};
  config.gateway.command.insert(config.gateway.command.end(), more.begin(),
                                more.end());
  return config;
}

std::chrono::system_clock::time_point Soon() {
  return std::chrono::system_clock::now() + std::chrono::seconds(20);
}

grpc::Status Start(v1::GatewayService::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::StartResponse response;
  return stub.Start(&context, {}, &response);
}

v1::GatewayStatus GetStatus(v1::GatewayService::Stub& stub) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::GetStatusResponse response;
  stub.GetStatus(&context, {}, &response);
  return response.status();
}

bool WaitForState(v1::GatewayService::Stub& stub,
                  v1::GatewayStatus::State state) {
  return WaitFor([&] { return GetStatus(stub).state() == state; });
}

grpc::Status Call(v1::GatewayService::Stub& stub, const std::string& method,
                  const std::optional<std::string>& params, std::string* result,
                  std::chrono::milliseconds timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  v1::RpcRequest request;
  request.set_method(method);
  if (params) request.set_params_json(*params);
  v1::RpcResponse response;
  const grpc::Status status = stub.Rpc(&context, request, &response);
  if (result != nullptr) *result = response.result_json();
  return status;
}

std::string ReasonOf(const grpc::Status& status) {
  const auto info = InfoOf(status);
  return info ? info->reason() : "";
}

std::optional<google::rpc::ErrorInfo> InfoOf(const grpc::Status& status) {
  return Find<google::rpc::ErrorInfo>(status);
}

std::optional<v1::GatewayError> GatewayErrorOf(const grpc::Status& status) {
  return Find<v1::GatewayError>(status);
}

}  // namespace clawplane::testing
