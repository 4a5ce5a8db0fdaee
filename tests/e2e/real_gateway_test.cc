// The whole, once, with a real gateway.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RealGatewayTest : public DaemonTest {
 protected:
  void SetUp() override {
    const char* const directory = std::getenv("CLAWPLANE_TEST_OPENCLAW_DIR");
    const char* const node = std::getenv("CLAWPLANE_TEST_NODE");
    ASSERT_TRUE(directory != nullptr && node != nullptr)
        << "set CLAWPLANE_TEST_OPENCLAW_DIR to the directory of an installed "
           "gateway and CLAWPLANE_TEST_NODE to the Node that runs it";
    WriteConfig(std::string("  mode: launch\n  dir: ") + directory +
                "\n  node: " + node +
                "\n  dev: true\n  allow_unconfigured: true\n"
                "  skip_channels: true\n  start_budget: 300s\n"
                "  stop_grace: 30s\n");
    StartDaemon();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 * 1024 * 1024);
    stub_ = v1::GatewayService::NewStub(grpc::CreateCustomChannel(
        "unix:" + socket(), grpc::InsecureChannelCredentials(), arguments));
  }

  // Makes one call, and keeps what came for the search for secrets.
  template <typename Request, typename Response>
  grpc::Status Make(grpc::Status (v1::GatewayService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + minutes(6));
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

  void ExpectCallsWork();
  void ExpectEventArrives();

  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

void RealGatewayTest::ExpectCallsWork() {
  v1::RpcResponse response;
  ASSERT_TRUE(Rpc("health", "", &response).ok());
  EXPECT_THAT(response.result_json(), HasSubstr("\"ok\":true"));
  ASSERT_TRUE(Rpc("health", "", &response, v1::PAYLOAD_FORM_VALUE).ok());
  EXPECT_TRUE(response.result().struct_value().fields().at("ok").bool_value());

  const grpc::Status unknown = Rpc("no.such.method", "{}", &response);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(unknown.error_message(), HasSubstr("no.such.method"));

  ASSERT_TRUE(Rpc("config.schema", "{}", &response).ok());
  EXPECT_GT(response.result_json().size(), 1'000'000u);
}

void RealGatewayTest::ExpectEventArrives() {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + minutes(2));
  v1::StreamEventsRequest request;
  request.add_names("voicewake.changed");
  const auto reader = stub_->StreamEvents(&context, request);
  v1::StreamEventsResponse event;
  ASSERT_TRUE(reader->Read(&event));
  ASSERT_TRUE(event.has_bookmark());
  v1::RpcResponse response;
  ASSERT_TRUE(
      Rpc("voicewake.set", R"({"triggers":["hey clawplane"]})", &response)
          .ok());
  do {
    ASSERT_TRUE(reader->Read(&event));
  } while (event.events_size() == 0);
  EXPECT_EQ(event.events(0).name(), "voicewake.changed");
  EXPECT_THAT(event.events(0).notification().payload().json(),
              HasSubstr("hey clawplane"));
  context.TryCancel();
}

TEST_F(RealGatewayTest, LivesItsWholeLife) {
  v1::StartResponse started;
  const grpc::Status start =
      Make(&v1::GatewayService::Stub::Start, {}, &started);
  ASSERT_TRUE(start.ok()) << start.error_message();
  EXPECT_EQ(started.status().state(), v1::GatewayStatus::STATE_RUNNING);
  EXPECT_TRUE(started.status().owned());

  ExpectCallsWork();
  ExpectEventArrives();
  v1::DescribeGatewayResponse described;
  ASSERT_TRUE(
      Make(&v1::GatewayService::Stub::DescribeGateway, {}, &described).ok());
  EXPECT_GT(described.methods_size(), 400);
  EXPECT_THAT(described.methods(), Contains("voicewake.set"));

  v1::RestartResponse restarted;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Restart, {}, &restarted).ok());
  EXPECT_EQ(restarted.proof(), v1::RestartResponse::PROOF_BOOT_ID);
  EXPECT_NE(restarted.status().boot_id(), started.status().boot_id());
  EXPECT_NE(restarted.status().boot_id(), "");
  EXPECT_EQ(Clawctl({"call", "health"}).exit_code, 0);

  v1::StopResponse stopped;
  ASSERT_TRUE(Make(&v1::GatewayService::Stub::Stop, {}, &stopped).ok());
  EXPECT_EQ(stopped.exit().exit_code(), 0);
  EXPECT_TRUE(stopped.exit().has_exit_code());
  EXPECT_FALSE(stopped.exit().killed());
  Clawctl({"logs"});
  Clawctl({"events", "--from-oldest", "--full", "--count", "5"});
  EXPECT_FALSE(IsPortOpen(port()));
  EXPECT_EQ(StopDaemon(), 0);
  EXPECT_THAT(ProcessesWith(place_.path()), IsEmpty());
}

}  // namespace
}  // namespace clawplane::testing
