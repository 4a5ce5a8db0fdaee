// What the tests with a real gateway share.

#ifndef CLAWPLANE_TESTS_E2E_REAL_GATEWAY_TEST_H_
#define CLAWPLANE_TESTS_E2E_REAL_GATEWAY_TEST_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"

namespace clawplane::testing {

// A daemon that launches the gateway that the environment names, and a client.
class RealGatewayTest : public DaemonTest {
 protected:
  void SetUp() override {
    const std::string directory = GatewayDirectory();
    const char* const node = std::getenv("CLAWPLANE_TEST_NODE");
    ASSERT_TRUE(!directory.empty() && node != nullptr)
        << "set CLAWPLANE_TEST_OPENCLAW_DIR to the directory of an installed "
           "gateway and CLAWPLANE_TEST_NODE to the Node that runs it; for the "
           "older ones run ./dev versions";
    WriteConfig("  mode: launch\n  dir: " + directory + "\n  node: " + node +
                    "\n  dev: true\n  allow_unconfigured: true\n"
                    "  skip_channels: true\n  start_budget: 300s\n"
                    "  stop_grace: 30s\n" +
                    MoreGatewayLines(),
                OtherLines());
    StartDaemon();
    Connect();
  }

  // Anew, to a daemon that was started anew.
  void Connect() {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    stub_ = v1::GatewayService::NewStub(grpc::CreateCustomChannel(
        "unix:" + socket(), grpc::InsecureChannelCredentials(), arguments));
  }

  // Empty if the environment names none.
  virtual std::string GatewayDirectory() {
    const char* const directory = std::getenv("CLAWPLANE_TEST_OPENCLAW_DIR");
    return directory == nullptr ? "" : directory;
  }
  // Further lines of the gateway's configuration, and of all else.
  virtual std::string MoreGatewayLines() { return {}; }
  virtual std::string OtherLines() { return {}; }

  // Makes one call, and keeps what came for the search for secrets.
  template <typename Request, typename Response>
  grpc::Status Make(grpc::Status (v1::GatewayService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::minutes(6));
    const grpc::Status status = (*stub_.*method)(&context, request, response);
    std::ofstream(Emitted("answers.txt"), std::ios::app)
        << request.GetTypeName() << " -> " << status.error_code() << " "
        << status.error_message() << "\n"
        << response->ShortDebugString() << "\n";
    return status;
  }

  grpc::Status Rpc(const std::string& method, const std::string& params,
                   v1::RpcResponse* response,
                   v1::PayloadForm form = v1::PAYLOAD_FORM_JSON) {
    v1::RpcRequest request;
    request.set_method(method);
    if (!params.empty()) request.set_params_json(params);
    request.set_result_form(form);
    return Make(&v1::GatewayService::Stub::Rpc, request, response);
  }

  void ExpectUnknownMethodIsRefused();
  // What a call causes comes through the stream of events.
  void ExpectEventArrives();

  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_E2E_REAL_GATEWAY_TEST_H_
