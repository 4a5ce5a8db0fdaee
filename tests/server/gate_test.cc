// Roles, limits and the audit log, over a real server.

#include "server/gate.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/access_list.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"
#include "tests/temp_directory.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTrace[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class GateTest : public ::testing::Test {
 protected:
  GateTest() {
    config_ = AttachTo(gateway_);
    std::string file = "tokens:\n";
    for (const core::Role role :
         {core::Role::kViewer, core::Role::kOperator, core::Role::kAdmin}) {
      const std::string name(core::Name(role));
      const auto made = server::MakeToken("the-" + name, role);
      tokens_[static_cast<size_t>(role)] = made->token;
      file += made->entry;
    }
    config_.access.file = directory_.Write("access.yaml", file);
  }

  void Serve() { served_ = std::make_unique<ServedGateway>(config_); }

  // A context with the token of this role.
  std::unique_ptr<grpc::ClientContext> As(core::Role role) const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->set_deadline(Soon());
    context->AddMetadata("authorization",
                         "Bearer " + tokens_[static_cast<size_t>(role)]);
    context->AddMetadata("traceparent", kTrace);
    return context;
  }

  v1::GatewayService::Stub& tcp() {
    if (tcp_ == nullptr) {
      tcp_ = v1::GatewayService::NewStub(served_->TcpChannel());
    }
    return *tcp_;
  }

  grpc::Status Order(core::Role role) {
    v1::StartResponse response;
    return tcp().Start(As(role).get(), v1::StartRequest(), &response);
  }

  grpc::Status Look(core::Role role) {
    v1::GetStatusResponse response;
    return tcp().GetStatus(As(role).get(), v1::GetStatusRequest(), &response);
  }

  grpc::Status Rpc(core::Role role, const std::string& method) {
    v1::RpcRequest request;
    v1::RpcResponse response;
    request.set_method(method);
    request.set_params_json(R"({"secret":"in-the-params"})");
    return tcp().Rpc(As(role).get(), request, &response);
  }

  // What is in the audit log once it has so many lines.
  std::vector<std::string> Audit(size_t count) {
    WaitFor([&] { return served_->audit_lines().size() >= count; });
    return served_->audit_lines();
  }

  FakeGateway gateway_;
  TempDirectory directory_;
  core::Config config_;
  std::array<std::string, 3> tokens_;
  std::unique_ptr<ServedGateway> served_;
  std::unique_ptr<v1::GatewayService::Stub> tcp_;
};

void ExpectDenied(const grpc::Status& status, const std::string& role) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
      << status.error_message();
  EXPECT_EQ(ReasonOf(status), "ROLE_REQUIRED");
  EXPECT_THAT(status.error_message(), HasSubstr("needs the role " + role));
}

// ---- Roles

TEST_F(GateTest, LetsAViewerDoNothing) {
  Serve();
  EXPECT_TRUE(Look(core::Role::kViewer).ok());
  ExpectDenied(Order(core::Role::kViewer), "operator");
  ExpectDenied(Rpc(core::Role::kViewer, "health"), "operator");
  v1::StopResponse stopped;
  ExpectDenied(
      tcp().Stop(As(core::Role::kViewer).get(), v1::StopRequest(), &stopped),
      "operator");

  // No handler ran: nothing was ordered, and nothing reached the gateway.
  const v1::GatewayStatus status = GetStatus(served_->stub());
  EXPECT_EQ(status.log_position().sequence(), 0u);
  EXPECT_FALSE(status.wanted_up());
  EXPECT_EQ(gateway_.counts().tcp_connections, 0);
}

TEST_F(GateTest, LetsAnOperatorCallWhatItsScopesAllow) {
  Serve();
  ASSERT_TRUE(Order(core::Role::kOperator).ok());
  EXPECT_TRUE(Rpc(core::Role::kOperator, "last-heartbeat").ok());
  EXPECT_TRUE(Rpc(core::Role::kAdmin, "last-heartbeat").ok());

  gateway_.ClearFrames();
  for (const char* method : {"set-heartbeats", "config.set", "no.such"}) {
    const grpc::Status status = Rpc(core::Role::kOperator, method);
    ExpectDenied(status, "admin");
    const auto error = GatewayErrorOf(status);
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->outcome(), v1::GatewayError::OUTCOME_NOT_SENT);
  }
  // What an admin calls comes after what did not come.
  EXPECT_FALSE(Rpc(core::Role::kAdmin, "no.such").ok());
  EXPECT_THAT(gateway_.frames(), SizeIs(1));
}

TEST_F(GateTest, DeniesWhatTheConfigurationDenies) {
  config_.access.denied_methods = {"last-*"};
  config_.access.operator_methods = {"set-heartbeats"};
  Serve();
  ASSERT_TRUE(Order(core::Role::kAdmin).ok());
  const grpc::Status status = Rpc(core::Role::kAdmin, "last-heartbeat");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOf(status), "METHOD_DENIED");
  EXPECT_NE(Rpc(core::Role::kOperator, "set-heartbeats").error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(GateTest, TellsTheCallerWhoItIs) {
  Serve();
  v1::GetServerInfoResponse info;
  ASSERT_TRUE(tcp()
                  .GetServerInfo(As(core::Role::kViewer).get(),
                                 v1::GetServerInfoRequest(), &info)
                  .ok());
  EXPECT_EQ(info.caller().name(), "the-viewer");
  EXPECT_EQ(info.caller().role(), v1::Caller::ROLE_VIEWER);

  grpc::ClientContext by_socket;
  ASSERT_TRUE(served_->stub()
                  .GetServerInfo(&by_socket, v1::GetServerInfoRequest(), &info)
                  .ok());
  EXPECT_EQ(info.caller().name(), "socket");
  EXPECT_EQ(info.caller().role(), v1::Caller::ROLE_ADMIN);
}

// ---- Limits

TEST_F(GateTest, BoundsTheStreamsOfOneClientWhileOthersGoOn) {
  config_.limits.streams_per_client = 3;
  Serve();
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamStatusResponse>>>
      streams;
  v1::StreamStatusResponse response;
  const auto open = [&](core::Role role) {
    contexts.push_back(As(role));
    streams.push_back(
        tcp().StreamStatus(contexts.back().get(), v1::StreamStatusRequest()));
    return streams.back()->Read(&response);
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(open(core::Role::kViewer));
  EXPECT_FALSE(open(core::Role::kViewer));
  const grpc::Status refused = streams.back()->Finish();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), "TOO_MANY_CALLS");
  EXPECT_TRUE(open(core::Role::kOperator));
  EXPECT_TRUE(Look(core::Role::kViewer).ok());

  // A place is free again soon after a stream has ended.
  contexts.front()->TryCancel();
  EXPECT_TRUE(WaitFor([&] { return open(core::Role::kViewer); }));
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& stream : streams) {
    while (stream->Read(&response)) {
    }
  }
}

// ---- The audit log

TEST_F(GateTest, WritesAnActDownBeforeAndAfter) {
  Serve();
  ASSERT_TRUE(Order(core::Role::kOperator).ok());
  const auto about = [](const char* phase) {
    return AllOf(HasSubstr(std::string("\"phase\":\"") + phase),
                 HasSubstr(R"("client":"the-operator","role":"operator")"),
                 HasSubstr(R"("peer":"127.0.0.1")"),
                 HasSubstr(R"("method":"Start")"),
                 HasSubstr("0af7651916cd43dd8448eb211c80319c"));
  };
  EXPECT_THAT(Audit(2), ElementsAre(about("before"),
                                    AllOf(about("after"), HasSubstr("\"OK\""),
                                          HasSubstr("duration_ms"))));
}

TEST_F(GateTest, WritesNoReadsDownUnlessAsked) {
  Serve();
  ASSERT_TRUE(Order(core::Role::kOperator).ok());
  ASSERT_TRUE(Look(core::Role::kViewer).ok());
  ASSERT_TRUE(Rpc(core::Role::kOperator, "last-heartbeat").ok());
  ASSERT_FALSE(Rpc(core::Role::kAdmin, "no.such").ok());
  EXPECT_THAT(Audit(4),
              ElementsAre(HasSubstr("Start"), HasSubstr("Start"),
                          AllOf(HasSubstr("before"), HasSubstr("no.such")),
                          AllOf(HasSubstr("after"), HasSubstr("no.such"))));
}

TEST_F(GateTest, WritesReadsDownOnceWhereAsked) {
  config_.audit.reads = true;
  Serve();
  ASSERT_TRUE(Look(core::Role::kViewer).ok());
  EXPECT_THAT(Audit(1),
              ElementsAre(AllOf(HasSubstr("\"after\""), HasSubstr("GetStatus"),
                                HasSubstr("the-viewer"))));
}

TEST_F(GateTest, WritesEveryDenialDown) {
  Serve();
  Order(core::Role::kViewer);
  Rpc(core::Role::kOperator, "config.set");
  v1::StopResponse stopped;
  grpc::ClientContext nobody;
  tcp().Stop(&nobody, v1::StopRequest(), &stopped);
  EXPECT_THAT(
      Audit(3),
      ElementsAre(AllOf(HasSubstr("\"denied\""), HasSubstr("the-viewer"),
                        HasSubstr("Start"), HasSubstr("ROLE_REQUIRED")),
                  AllOf(HasSubstr("\"denied\""), HasSubstr("config.set")),
                  AllOf(HasSubstr("\"denied\""), HasSubstr("TOKEN_REQUIRED"),
                        HasSubstr("Stop"), Not(HasSubstr("\"role\"")))));
}

TEST_F(GateTest, PutsNothingOfACallIntoTheLog) {
  config_.audit.reads = true;
  Serve();
  Order(core::Role::kAdmin);
  Rpc(core::Role::kAdmin, "no.such");
  Rpc(core::Role::kViewer, "no.such");
  for (const std::string& line : Audit(5)) {
    EXPECT_THAT(line, Not(HasSubstr("in-the-params")));
    for (const std::string& token : tokens_) {
      EXPECT_THAT(line, Not(HasSubstr(token)));
    }
  }
}

TEST_F(GateTest, DoesNothingThatCannotBeWrittenDown) {
  config_.audit.file = "/dev/full";
  Serve();
  const grpc::Status order = Order(core::Role::kOperator);
  EXPECT_EQ(order.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(order), "AUDIT_FAILED");
  EXPECT_THAT(order.error_message(), HasSubstr("No space left"));
  const grpc::Status call = Rpc(core::Role::kAdmin, "no.such");
  EXPECT_EQ(ReasonOf(call), "AUDIT_FAILED");
  EXPECT_EQ(gateway_.counts().tcp_connections, 0);
  EXPECT_TRUE(Look(core::Role::kViewer).ok());
}

}  // namespace
}  // namespace clawplane::testing
