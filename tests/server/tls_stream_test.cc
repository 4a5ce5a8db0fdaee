// Streams over TLS, and new certificates meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/access_list.h"
#include "tests/server/served_gateway.h"
#include "tests/test_authority.h"

namespace clawplane::testing {
namespace {

using Stub = v1::GatewayService::Stub;

class TlsStreamTest : public ::testing::Test {
 protected:
  core::Config Config() {
    Write(before_);
    core::Config config = AttachTo(gateway_);
    config.tls.listen = "127.0.0.1:0";
    config.tls.cert_file = directory_ / "cert.pem";
    config.tls.key_file = directory_ / "key.pem";
    config.access.file =
        directory_.Write("access.yaml", "tokens:\n" + token_.entry);
    return config;
  }

  void Write(const TestAuthority& authority) {
    const IssuedCertificate issued = authority.Issue();
    directory_.Write("cert.pem", issued.certificate);
    directory_.Write("key.pem", issued.key);
  }

  // A connection of its own.
  std::unique_ptr<Stub> Connect(const TestAuthority& authority) {
    constexpr std::string_view kTls = "tls:";
    const std::string address = served_.app().listeners().addresses().back();
    EXPECT_TRUE(address.starts_with(kTls)) << address;
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.certificate();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::GatewayService::NewStub(grpc::CreateCustomChannel(
        address.substr(kTls.size()), grpc::SslCredentials(options), arguments));
  }

  void AddToken(grpc::ClientContext& context) const {
    context.set_deadline(Soon());
    context.AddMetadata("authorization", "Bearer " + token_.token);
  }

  grpc::Status Ask(Stub& stub, bool with_token = true) const {
    grpc::ClientContext context;
    context.set_deadline(Soon());
    if (with_token) AddToken(context);
    v1::GetStatusResponse response;
    return stub.GetStatus(&context, v1::GetStatusRequest(), &response);
  }

  const TempDirectory directory_;
  const server::NewToken token_ = *server::MakeToken("ci", core::Role::kViewer);
  const TestAuthority before_;
  const TestAuthority after_;
  FakeGateway gateway_;
  ServedGateway served_{Config()};
};

TEST_F(TlsStreamTest, AsksForATokenAsTcpDoes) {
  const auto stub = Connect(before_);

  EXPECT_EQ(Ask(*stub, false).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(Ask(*stub).ok());
}

TEST_F(TlsStreamTest, DoesNotTakeTheTokenThatIsForThisMachine) {
  const auto stub = Connect(before_);
  grpc::ClientContext context;
  context.set_deadline(Soon());
  context.AddMetadata("authorization",
                      std::string("Bearer ") + ServedGateway::kAccessToken);
  v1::GetStatusResponse response;
  EXPECT_EQ(
      stub->GetStatus(&context, v1::GetStatusRequest(), &response).error_code(),
      grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(TlsStreamTest, AStreamGoesOnWhileNewConnectionsSeeTheNewCertificate) {
  const auto stub = Connect(before_);
  grpc::ClientContext context;
  AddToken(context);
  const auto stream = stub->StreamStatus(&context, v1::StreamStatusRequest());
  v1::StreamStatusResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_EQ(response.status().state(), v1::GatewayStatus::STATE_STOPPED);

  Write(after_);
  served_.app().Refresh(/*anew=*/false);

  ASSERT_TRUE(Ask(*Connect(after_)).ok());
  EXPECT_EQ(Ask(*Connect(before_)).error_code(), grpc::StatusCode::UNAVAILABLE);
  // The old connection: what happens is told on it, and it takes calls.
  ASSERT_TRUE(Start(served_.stub()).ok());
  while (response.status().state() != v1::GatewayStatus::STATE_RUNNING) {
    ASSERT_TRUE(stream->Read(&response));
  }
  EXPECT_TRUE(Ask(*stub).ok());
  context.TryCancel();
}

}  // namespace
}  // namespace clawplane::testing
