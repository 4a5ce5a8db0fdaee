// A server with scripted answers.

#ifndef CLAWPLANE_TESTS_CLIENT_FAKE_SERVER_H_
#define CLAWPLANE_TESTS_CLIENT_FAKE_SERVER_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/client/temp_dir.h"

namespace clawplane::client {

// Serves the API on a Unix socket and on a TCP port of its own, and answers
// each method as its script says: UNIMPLEMENTED where there is none. Scripts
// are set before the first call and run on gRPC's threads; those that wait do
// so until `WaitUntilCancelled` returns.
//
// Thread-safe, but for the scripts.
class FakeServer final : public v1::GatewayService::Service {
 public:
  using Context = grpc::ServerContext;

  template <typename Request, typename Response>
  using Script =
      std::function<grpc::Status(Context&, const Request&, Response&)>;
  template <typename Request, typename Response>
  using StreamScript = std::function<grpc::Status(
      Context&, const Request&, grpc::ServerWriter<Response>&)>;

  // With credentials for TLS, it has a TCP port with these as well.
  explicit FakeServer(std::shared_ptr<grpc::ServerCredentials> tls = nullptr);
  ~FakeServer() override;

  // The state directory, in which the socket lies under its usual name.
  const TempDir& directory() const { return directory_; }
  std::string unix_target() const;
  std::string tcp_target() const;
  int tls_port() const { return tls_port_; }

  // The `authorization` of each call so far, in order; "" for none.
  std::vector<std::string> authorizations();

  static void WaitUntilCancelled(const Context& context);

  Script<v1::StartRequest, v1::StartResponse> start;
  Script<v1::StopRequest, v1::StopResponse> stop;
  Script<v1::RestartRequest, v1::RestartResponse> restart;
  Script<v1::GetStatusRequest, v1::GetStatusResponse> get_status;
  Script<v1::DescribeGatewayRequest, v1::DescribeGatewayResponse> describe;
  Script<v1::ListRunsRequest, v1::ListRunsResponse> runs;
  Script<v1::GetServerInfoRequest, v1::GetServerInfoResponse> info;
  Script<v1::RpcRequest, v1::RpcResponse> rpc;
  StreamScript<v1::StreamStatusRequest, v1::StreamStatusResponse> statuses;
  StreamScript<v1::StreamEventsRequest, v1::StreamEventsResponse> events;
  StreamScript<v1::StreamLogsRequest, v1::StreamLogsResponse> logs;

 private:
  template <typename S, typename Request, typename Response>
  grpc::Status Play(const S& script, Context* context, const Request* request,
                    Response* response);

  grpc::Status Start(Context*, const v1::StartRequest*,
                     v1::StartResponse*) override;
  grpc::Status Stop(Context*, const v1::StopRequest*,
                    v1::StopResponse*) override;
  grpc::Status Restart(Context*, const v1::RestartRequest*,
                       v1::RestartResponse*) override;
  grpc::Status GetStatus(Context*, const v1::GetStatusRequest*,
                         v1::GetStatusResponse*) override;
  grpc::Status DescribeGateway(Context*, const v1::DescribeGatewayRequest*,
                               v1::DescribeGatewayResponse*) override;
  grpc::Status ListRuns(Context*, const v1::ListRunsRequest*,
                        v1::ListRunsResponse*) override;
  grpc::Status GetServerInfo(Context*, const v1::GetServerInfoRequest*,
                             v1::GetServerInfoResponse*) override;
  grpc::Status Rpc(Context*, const v1::RpcRequest*, v1::RpcResponse*) override;
  grpc::Status StreamStatus(
      Context*, const v1::StreamStatusRequest*,
      grpc::ServerWriter<v1::StreamStatusResponse>*) override;
  grpc::Status StreamEvents(
      Context*, const v1::StreamEventsRequest*,
      grpc::ServerWriter<v1::StreamEventsResponse>*) override;
  grpc::Status StreamLogs(Context*, const v1::StreamLogsRequest*,
                          grpc::ServerWriter<v1::StreamLogsResponse>*) override;

  TempDir directory_;
  absl::Mutex mutex_;
  std::vector<std::string> authorizations_ ABSL_GUARDED_BY(mutex_);
  int port_ = 0;
  int tls_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// A failure as the server tells it.
grpc::Status Refusal(grpc::StatusCode code, const std::string& message,
                     const std::string& reason,
                     const std::string& domain = "clawplane");

// The same, with a `GatewayError`.
grpc::Status Refusal(grpc::StatusCode code, const std::string& message,
                     const std::string& reason, const std::string& domain,
                     const v1::GatewayError& gateway);

// A status of the gateway in this state and phase.
v1::GatewayStatus StatusOf(
    v1::GatewayStatus::State state,
    v1::GatewayStatus::Phase phase = v1::GatewayStatus::PHASE_UNSPECIFIED);

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_FAKE_SERVER_H_
