// Who is let in, over a real server.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> MethodsOf(const char* service) {
  std::vector<std::string> methods;
  const auto* const descriptor =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          service);
  for (int i = 0; descriptor != nullptr && i < descriptor->method_count();
       ++i) {
    methods.push_back("/" + descriptor->full_name() + "/" +
                      descriptor->method(i)->name());
  }
  return methods;
}

// Calls any method, unary or streaming, with this as its request. Gives the
// status that it ended with, or OK if it answered, and then its first answer.
grpc::Status CallAny(const std::shared_ptr<grpc::Channel>& channel,
                     const std::string& method, const Headers& headers,
                     const std::string& request = "",
                     std::string* first_answer = nullptr) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(Soon());
  for (const auto& [name, value] : headers) context.AddMetadata(name, value);
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto wait = [&] { return queue.Next(&tag, &ok) && ok; };

  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  wait();
  const grpc::Slice bytes(request);
  call->WriteLast(grpc::ByteBuffer(&bytes, 1), grpc::WriteOptions(), nullptr);
  wait();
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  const bool answered = wait();
  grpc::Slice whole;
  if (answered && first_answer != nullptr &&
      answer.DumpToSingleSlice(&whole).ok()) {
    first_answer->assign(reinterpret_cast<const char*>(whole.begin()),
                         whole.size());
  }
  if (answered) context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return answered ? grpc::Status::OK : status;
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() : served_(AttachTo(gateway_)) {}

  FakeGateway gateway_;
  ServedGateway served_;
};

TEST_F(AccessTest, RefusesEveryMethodOverTcpWithoutTheToken) {
  const std::string right =
      std::string("Bearer ") + ServedGateway::kAccessToken;
  const std::vector<Headers> wrong = {
      {},
      {{"authorization", "Bearer wrong-token1"}},  // of the right length
      {{"authorization", "Bearer "}},
      {{"authorization", ServedGateway::kAccessToken}},
      {{"authorization", "Basic " + std::string(ServedGateway::kAccessToken)}},
      {{"authorization", right + "x"}},
      {{"authorization", right}, {"authorization", right}},
      {{"authorization", right}, {"authorization", "Bearer wrong"}},
      {{"x-authorization", right}}};
  const auto channel = served_.TcpChannel();
  const std::vector<std::string> methods =
      MethodsOf("clawplane.v1.GatewayService");
  ASSERT_GE(methods.size(), 11u);

  for (const std::string& method : methods) {
    for (const Headers& headers : wrong) {
      const grpc::Status status = CallAny(channel, method, headers);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << method << " " << status.error_message();
      EXPECT_EQ(ReasonOf(status), "TOKEN_REQUIRED") << method;
    }
  }

  // No handler ran: nothing was ordered, and nothing reached the gateway.
  const v1::GatewayStatus status = GetStatus(served_.stub());
  EXPECT_EQ(status.state(), v1::GatewayStatus::STATE_STOPPED);
  EXPECT_EQ(status.log_position().sequence(), 0u);
  EXPECT_FALSE(status.wanted_up());
  EXPECT_EQ(gateway_.counts().tcp_connections, 0);
}

TEST_F(AccessTest, LetsInWhoBearsTheTokenOverTcp) {
  const Headers token = {
      {"authorization", std::string("Bearer ") + ServedGateway::kAccessToken}};
  const auto status = CallAny(served_.TcpChannel(),
                              "/clawplane.v1.GatewayService/GetStatus", token);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AccessTest, LetsInWhoComesByTheUnixSocket) {
  const auto status = CallAny(served_.channel(),
                              "/clawplane.v1.GatewayService/GetServerInfo", {});
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AccessTest, LeavesHealthAndReflectionOpen) {
  const auto channel = served_.TcpChannel();
  EXPECT_TRUE(CallAny(channel, "/grpc.health.v1.Health/Check", {}).ok());
  // An empty request is none that reflection knows, and is answered as such.
  const auto reflection = CallAny(
      channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
      {});
  EXPECT_NE(reflection.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_NE(reflection.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// One frame of HTTP/2.
std::string Frame(char type, char flags, char stream,
                  const std::string& payload) {
  const auto size = static_cast<char>(payload.size());
  return std::string{0, 0, size, type, flags, 0, 0, 0, stream} + payload;
}

// Sends the headers of one call, byte by byte, as gRPC's own client would not;
// whether the server then said anything about that call.
bool SendHeaders(const std::string& address, const Headers& headers) {
  std::string block;
  for (const auto& [name, value] : headers) {
    block += std::string(1, '\0') + static_cast<char>(name.size()) + name +
             static_cast<char>(value.size()) + value;
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  peer.sin_port = htons(static_cast<uint16_t>(port));
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string bytes =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Frame(4, 0, 0, "") +
      Frame(1, 5, 1, block);  // HEADERS: end of headers and of the stream
  bool answered = false;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0 &&
      ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0) {
    // Each frame has its size in the first bytes of its header, and the stream
    // that it is about in the last.
    unsigned char header[9];
    while (!answered &&
           ::recv(fd, header, sizeof header, MSG_WAITALL) == sizeof header) {
      std::string payload(header[1] * 256u + header[2], '\0');
      ::recv(fd, payload.data(), payload.size(), MSG_WAITALL);
      answered = header[8] == 1;
    }
  }
  ::close(fd);
  return answered;
}

TEST_F(AccessTest, SurvivesTheHeaderOfALoadBalancer) {
  const Headers call = {{":method", "POST"},
                        {":scheme", "http"},
                        {":path", "/clawplane.v1.GatewayService/GetStatus"},
                        {":authority", "localhost"},
                        {"te", "trailers"},
                        {"content-type", "application/grpc"}};
  EXPECT_TRUE(SendHeaders(served_.tcp_address(), call));
  Headers hostile = call;
  hostile.push_back({"grpclb_client_stats", "anything"});
  SendHeaders(served_.tcp_address(), hostile);
  EXPECT_EQ(GetStatus(served_.stub()).state(),
            v1::GatewayStatus::STATE_STOPPED);
}

TEST_F(AccessTest, AnswersAMethodThatDoesNotExistAsSuch) {
  EXPECT_EQ(
      CallAny(served_.TcpChannel(), "/clawplane.v1.GatewayService/Nope", {})
          .error_code(),
      grpc::StatusCode::UNIMPLEMENTED);
}

// Asks gRPC's health service, whose messages are a string and a number.
std::string HealthOf(const ServedGateway& served, const std::string& service) {
  const std::string request =
      service.empty() ? "" : "\n" + std::string(1, service.size()) + service;
  std::string answer;
  CallAny(served.TcpChannel(), "/grpc.health.v1.Health/Check", {}, request,
          &answer);
  if (answer == "\x08\x01") return "serving";
  return answer == "\x08\x02" ? "not serving" : "unknown";
}

TEST_F(AccessTest, TellsHealthByTheStateOfTheGateway) {
  const std::string service = "clawplane.v1.GatewayService";
  EXPECT_EQ(HealthOf(served_, ""), "serving");
  EXPECT_EQ(HealthOf(served_, service), "not serving");

  ASSERT_TRUE(Start(served_.stub()).ok());

  EXPECT_TRUE(WaitFor([&] { return HealthOf(served_, service) == "serving"; }));
  EXPECT_EQ(HealthOf(served_, "no.such.Service"), "unknown");
}

}  // namespace
}  // namespace clawplane::testing
