// A whole server in this process, and clients of it.

#ifndef CLAWPLANE_TESTS_SERVER_SERVED_GATEWAY_H_
#define CLAWPLANE_TESTS_SERVER_SERVED_GATEWAY_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "server/app.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/temp_directory.h"

namespace clawplane::testing {

// The daemon's parts on a port and a socket of their own, around a fake gateway
// that is attached to, or one that is launched. Ends the server with itself.
//
// Thread-compatible.
class ServedGateway {
 public:
  static constexpr char kToken[] = "fake-token";
  static constexpr char kAccessToken[] = "access-token";

  // `config` is completed with the places of the test.
  ServedGateway(const core::Config& config,
                const std::vector<std::string>& environment = {});
  ~ServedGateway();
  ServedGateway(const ServedGateway&) = delete;
  ServedGateway& operator=(const ServedGateway&) = delete;

  // Over the Unix socket.
  v1::GatewayService::Stub& stub() { return *stub_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  std::string tcp_address() const {
    return app_->listeners().addresses().front();
  }
  // Where probes and metrics are served.
  const std::string& ops_url() const { return app_->ops_url(); }
  server::App& app() { return *app_; }
  // To the TCP listener, without a token.
  std::shared_ptr<grpc::Channel> TcpChannel() const;
  // A connection of its own over the Unix socket.
  std::shared_ptr<grpc::Channel> NewChannel(
      grpc::ChannelArguments arguments = {}) const;

  // The lines that are in the audit log by now.
  std::vector<std::string> audit_lines() const;

  // Stops the gateway and ends the server, as the daemon does.
  void End();

 private:
  TempDirectory directory_;
  std::string socket_;
  std::string audit_file_;
  std::unique_ptr<server::App> app_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

// A configuration that attaches to `gateway`.
core::Config AttachTo(const FakeGateway& gateway);
// One that launches the program `fake_gateway` on a free port, with more
// arguments.
core::Config LaunchFake(const std::vector<std::string>& more = {});

// A deadline for calls that are to be answered at once.
std::chrono::system_clock::time_point Soon();

// Each makes one call and gives its status; `Start` and the like wait.
grpc::Status Start(v1::GatewayService::Stub& stub);
v1::GatewayStatus GetStatus(v1::GatewayService::Stub& stub);
// Reads the status until the state is this one; false if that takes too long.
bool WaitForState(v1::GatewayService::Stub& stub,
                  v1::GatewayStatus::State state);
// A call with params as JSON; `result` may be null.
grpc::Status Call(v1::GatewayService::Stub& stub, const std::string& method,
                  const std::optional<std::string>& params = std::nullopt,
                  std::string* result = nullptr,
                  std::chrono::milliseconds timeout = std::chrono::seconds(20));

// The reason in the details; empty if there is none.
std::string ReasonOf(const grpc::Status& status);
std::optional<google::rpc::ErrorInfo> InfoOf(const grpc::Status& status);
std::optional<v1::GatewayError> GatewayErrorOf(const grpc::Status& status);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_SERVED_GATEWAY_H_
