// clawctl and a server with TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/client/clawctl_run.h"
#include "tests/client/fake_server.h"
#include "tests/test_authority.h"

namespace clawplane::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IssuedCertificate;
using testing::TestAuthority;

std::shared_ptr<grpc::ServerCredentials> Serving(
    const IssuedCertificate& issued, const TestAuthority& clients) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_key_cert_pairs = {{issued.key, issued.certificate}};
  options.pem_root_certs = clients.certificate();
  return grpc::SslServerCredentials(options);
}

class TlsTest : public ::testing::Test {
 protected:
  explicit TlsTest(const std::string& names = "DNS:localhost,IP:127.0.0.1")
      : server_(Serving(authority_.Issue({.alternative_names = names}),
                        authority_)) {
    server_.get_status = [](FakeServer::Context& context,
                            const v1::GetStatusRequest&,
                            v1::GetStatusResponse& response) {
      *response.mutable_status() = StatusOf(v1::GatewayStatus::STATE_RUNNING);
      for (const auto& name : context.auth_context()->FindPropertyValues(
               "x509_subject_alternative_name")) {
        response.mutable_status()->set_version(
            std::string(name.data(), name.size()));
      }
      return grpc::Status::OK;
    };
    ca_ = server_.directory().Write("ca.pem", authority_.certificate());
    server_.directory().Write("access.token", "s3cret-token");
  }

  // `status` of the port with TLS.
  ClawctlRun::Result Status(std::vector<std::string> more,
                            const std::string& host = "127.0.0.1") {
    more.insert(more.begin(), {"status", "--target",
                               absl::StrCat(host, ":", server_.tls_port()),
                               "--state-dir", server_.directory().path()});
    return RunClawctl(more);
  }

  const TestAuthority authority_;
  FakeServer server_;
  std::string ca_;
};

class TlsOfAnotherNameTest : public TlsTest {
 protected:
  TlsOfAnotherNameTest() : TlsTest("DNS:name.example") {}
};

TEST_F(TlsTest, ClawctlSpeaksItAndShowsItsToken) {
  for (const char* host : {"127.0.0.1", "localhost", "tls:127.0.0.1"}) {
    const auto run = Status({"--tls-ca", ca_}, host);
    EXPECT_EQ(run.code, 0) << run.err;
  }

  EXPECT_THAT(server_.authorizations(),
              ElementsAre("Bearer s3cret-token", "Bearer s3cret-token",
                          "Bearer s3cret-token"));
}

TEST_F(TlsTest, ClawctlShowsItsCertificate) {
  const IssuedCertificate mine = authority_.Issue(
      {.alternative_names = "DNS:me.example", .usage = "clientAuth"});

  const auto run =
      Status({"--tls-ca", ca_, "--tls-cert",
              server_.directory().Write("me.pem", mine.certificate),
              "--tls-key", server_.directory().Write("me.key", mine.key)});

  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("me.example"));
}

TEST_F(TlsTest, ClawctlDoesNotTrustAServerOfAnotherAuthority) {
  const std::string other = server_.directory().Write(
      "other.pem", TestAuthority("another").certificate());
  const std::string namesake =
      server_.directory().Write("namesake.pem", TestAuthority().certificate());

  const auto run = Status({"--tls-ca", other});
  const auto by_namesake = Status({"--tls-ca", namesake});
  const auto by_system = Status({"--tls"});

  for (const auto& one : {run, by_namesake, by_system}) {
    EXPECT_EQ(one.code, 3);
    EXPECT_THAT(one.err,
                AllOf(HasSubstr("no TLS connection to the server at 127.0.0.1"),
                      HasSubstr("its certificate is not of an authority that "
                                "is trusted here"),
                      HasSubstr("next: name the file with the certificate of "
                                "the server's authority with --tls-ca")));
  }
  EXPECT_THAT(server_.authorizations(), ElementsAre());
}

TEST_F(TlsOfAnotherNameTest, ClawctlTellsOfIt) {
  const auto run = Status({"--tls-ca", ca_});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err,
              AllOf(HasSubstr("its certificate does not name that host"),
                    HasSubstr("next: call it by a name in its "
                              "certificate, or say with "
                              "--tls-server-name")));
  EXPECT_THAT(server_.authorizations(), ElementsAre());

  EXPECT_EQ(Status({"--tls-ca", ca_, "--tls-server-name", "name.example"}).code,
            0);
}

TEST_F(TlsTest, ClawctlSaysThatAServerMayWantIt) {
  const auto run = Status({});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("if it serves TLS there, name the authority "
                                 "of its certificate with --tls-ca"));
}

TEST_F(TlsTest, ClawctlSaysThatAServerMayHaveNone) {
  const auto run =
      RunClawctl({"status", "--target", server_.tcp_target(), "--tls-ca", ca_,
                  "--state-dir", server_.directory().path()});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, HasSubstr("it does not speak TLS there"));
}

TEST_F(TlsTest, ClawctlSaysThatItsCertificateMayBeRefused) {
  const IssuedCertificate mine = TestAuthority().Issue();

  const auto run =
      Status({"--tls-ca", ca_, "--tls-cert",
              server_.directory().Write("me.pem", mine.certificate),
              "--tls-key", server_.directory().Write("me.key", mine.key)});

  EXPECT_EQ(run.code, 3);
  EXPECT_THAT(run.err, AllOf(HasSubstr("it hung up in the handshake"),
                             HasSubstr("next: see whether it asks for a "
                                       "certificate, and that --tls-cert")));
}

TEST(Clawctl, RefusesToSendItsTokenToAnotherMachineInPlainText) {
  const TempDir directory;
  const auto run =
      RunClawctl({"status", "--target", "192.0.2.1:50061", "--token-file",
                  directory.Write("token", "s3cret-token")});

  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("in plain text"));
}

}  // namespace
}  // namespace clawplane::client
