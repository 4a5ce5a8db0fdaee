// Calls whose callers leave at any moment, and a server that ends among them.

#include "server/server_loop.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"

namespace clawplane::testing {
namespace {

using grpc::StatusCode;

class ServerLoopTest : public ::testing::Test {
 protected:
  ServerLoopTest() : served_(AttachTo(gateway_)) {}
  void SetUp() override { ASSERT_TRUE(Start(served_.stub()).ok()); }

  FakeGateway gateway_;
  ServedGateway served_;
};

// One call that its caller gives up after so many microseconds: before it came,
// while it is decoded, while it is sent, or after its answer.
StatusCode CallFor(v1::GatewayService::Stub& stub, int microseconds) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::microseconds(microseconds));
  v1::RpcRequest request;
  request.set_method("fake.echo");
  request.set_params_json("{}");
  v1::RpcResponse response;
  return stub.Rpc(&context, request, &response).error_code();
}

TEST_F(ServerLoopTest, OutlivesCallersThatLeaveAtAnyMoment) {
  constexpr int kThreads = 3;
  constexpr int kCalls = 400;
  std::vector<std::thread> callers;
  for (int i = 0; i < kThreads; ++i) {
    callers.emplace_back([this, i] {
      const auto stub = v1::GatewayService::NewStub(served_.NewChannel());
      for (int call = 0; call < kCalls; ++call) {
        const StatusCode code = CallFor(*stub, 50 + (call * 7 + i * 13) % 1500);
        // Told by gRPC here, or by the server.
        EXPECT_TRUE(code == StatusCode::OK ||
                    code == StatusCode::DEADLINE_EXCEEDED)
            << code;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();

  // No place was lost: as many calls as there are places are answered.
  for (int call = 0; call < 200; ++call) {
    ASSERT_TRUE(Call(served_.stub(), "fake.echo", "{}").ok());
  }
}

TEST_F(ServerLoopTest, EndsWithCallsOfEveryKindInProgress) {
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  const auto context = [&] {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    contexts.back()->set_deadline(Soon());
    return contexts.back().get();
  };
  std::vector<std::thread> callers;
  for (int i = 0; i < 20; ++i) {
    callers.emplace_back([this, mine = context()] {
      v1::RpcRequest request;
      request.set_method("fake.ignore");
      v1::RpcResponse response;
      const grpc::Status status = served_.stub().Rpc(mine, request, &response);
      EXPECT_FALSE(status.ok());
      EXPECT_NE(status.error_code(), StatusCode::DEADLINE_EXCEEDED);
    });
  }
  ASSERT_TRUE(gateway_.WaitForMethod("fake.ignore"));
  auto status = served_.stub().StreamStatus(context(), {});
  auto events = served_.stub().StreamEvents(context(), {});
  v1::StreamStatusResponse told;
  ASSERT_TRUE(status->Read(&told));

  // Nobody but gRPC ends these: they are idle when the server goes.
  const auto reflection =
      grpc::reflection::v1::ServerReflection::NewStub(served_.channel());
  grpc::reflection::v1::ServerReflectionRequest question;
  question.set_list_services("");
  std::vector<decltype(reflection->ServerReflectionInfo(context()))> asked;
  for (int i = 0; i < 20; ++i) {
    asked.push_back(reflection->ServerReflectionInfo(context()));
    grpc::reflection::v1::ServerReflectionResponse answer;
    ASSERT_TRUE(asked.back()->Write(question));
    ASSERT_TRUE(asked.back()->Read(&answer));
  }

  served_.End();

  for (std::thread& caller : callers) caller.join();
  while (status->Read(&told)) {
  }
  EXPECT_EQ(status->Finish().error_code(), StatusCode::UNAVAILABLE);
  v1::StreamEventsResponse event;
  while (events->Read(&event)) {
  }
  EXPECT_EQ(events->Finish().error_code(), StatusCode::UNAVAILABLE);
  for (auto& stream : asked) EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace clawplane::testing
