// The listener with TLS, over real connections.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tests/server/tls_fixture.h"

namespace clawplane::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = server::PeerIdentity::Kind;
using TlsListenerTest = TlsFixture;

constexpr auto kUnavailable = grpc::StatusCode::UNAVAILABLE;

IssuedCertificate IssueClient(const TestAuthority& authority,
                              const std::string& names = "DNS:ops.example") {
  return authority.Issue({.alternative_names = names, .usage = "clientAuth"});
}

TEST_F(TlsListenerTest, ServesWhoTrustsTheServersAuthority) {
  ASSERT_TRUE(Open().ok());

  const grpc::Status status = CallTls(Trusting(authority_));

  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(seen_.kind, Kind::kTls);
  EXPECT_EQ(seen_.address, "127.0.0.1");
  EXPECT_FALSE(seen_.has_certificate);
}

TEST_F(TlsListenerTest, IsNotServedByAnyOther) {
  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(CallTls(Trusting(TestAuthority())).error_code(), kUnavailable);
  EXPECT_EQ(CallPlain(Address("tls:")).error_code(), kUnavailable);
}

TEST_F(TlsListenerTest, RefusesWhatIsOlderThanTls12) {
  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(HandshakeWith(TLS1_3_VERSION).version, "TLSv1.3");
  EXPECT_EQ(HandshakeWith(TLS1_2_VERSION).version, "TLSv1.2");
  for (const int old : {TLS1_1_VERSION, TLS1_VERSION}) {
    const RawHandshake handshake = HandshakeWith(old);
    EXPECT_EQ(handshake.version, "");
    // gRPC hangs up and gives no reason. A client that will not itself says
    // something else.
    EXPECT_EQ(handshake.error, "unexpected eof while reading");
  }
}

TEST_F(TlsListenerTest, TellsTheNamesInAVerifiedCertificate) {
  const TestAuthority clients;
  WriteClientAuthority(clients);
  ASSERT_TRUE(Open().ok());

  const grpc::Status status = CallTls(
      {authority_.certificate(),
       IssueClient(clients,
                   "DNS:ops.example,URI:spiffe://example/ops,IP:192.0.2.7,"
                   "email:ops@example")});

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(seen_.kind, Kind::kTls);
  EXPECT_TRUE(seen_.has_certificate);
  EXPECT_THAT(seen_.certificate_names,
              ElementsAre("ops.example", "spiffe://example/ops", "192.0.2.7",
                          "ops@example"));
}

TEST_F(TlsListenerTest, TakesNoNamesFromTheSubject) {
  const TestAuthority clients;
  WriteClientAuthority(clients);
  ASSERT_TRUE(Open().ok());

  ASSERT_TRUE(
      CallTls({authority_.certificate(), IssueClient(clients, "")}).ok());

  EXPECT_TRUE(seen_.has_certificate);
  EXPECT_THAT(seen_.certificate_names, ::testing::IsEmpty());
}

TEST_F(TlsListenerTest, HasNoConnectionWithACertificateThatItCannotVerify) {
  const TestAuthority clients;
  WriteClientAuthority(clients);
  ASSERT_TRUE(Open().ok());
  const std::string trusted = authority_.certificate();

  // Of another authority with the same name, expired, and for a server.
  for (const IssuedCertificate& odd :
       {IssueClient(TestAuthority()),
        clients.Issue({.usage = "clientAuth", .from_day = -9, .to_day = -2}),
        clients.Issue({.usage = "serverAuth"})}) {
    const grpc::Status status = CallTls({trusted, odd});
    EXPECT_EQ(status.error_code(), kUnavailable) << status.error_message();
  }
  EXPECT_TRUE(CallTls({trusted, std::nullopt}).ok());
  EXPECT_FALSE(seen_.has_certificate);
}

TEST_F(TlsListenerTest, AsksForNoCertificateWithoutAnAuthorityOfClients) {
  ASSERT_TRUE(Open().ok());

  const grpc::Status status =
      CallTls({authority_.certificate(), IssueClient(authority_)});

  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(seen_.kind, Kind::kTls);
  EXPECT_FALSE(seen_.has_certificate);
  EXPECT_THAT(seen_.certificate_names, ::testing::IsEmpty());
}

TEST_F(TlsListenerTest, RefusesWhoShowsNoneWhereOneIsRequired) {
  WriteClientAuthority(authority_);
  config_.tls.require_client_certificate = true;
  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(CallTls(Trusting(authority_)).error_code(), kUnavailable);
  EXPECT_TRUE(
      CallTls({authority_.certificate(), IssueClient(authority_)}).ok());
}

TEST_F(TlsListenerTest, UsesANewCertificateForNewConnections) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(CallTls(Trusting(authority_)).ok());
  const TestAuthority other;

  WriteServer(other.Issue());
  ASSERT_EQ(listeners_->ReloadTlsIfChanged(), absl::OkStatus());

  EXPECT_TRUE(CallTls(Trusting(other)).ok());
  EXPECT_EQ(CallTls(Trusting(authority_)).error_code(), kUnavailable);
}

TEST_F(TlsListenerTest, GoesOnWithTheOldCertificateWhereTheNewOneIsBad) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(CallTls(Trusting(authority_)).ok());
  const TestAuthority other;

  WriteServer({other.Issue().certificate, other.Issue().key});
  const auto reloaded = listeners_->ReloadTlsIfChanged();

  ASSERT_TRUE(reloaded.has_value());
  EXPECT_THAT(std::string(reloaded->message()), HasSubstr("is not the key of"));
  EXPECT_FALSE(listeners_->ReloadTls().ok());
  EXPECT_TRUE(CallTls(Trusting(authority_)).ok());
}

TEST_F(TlsListenerTest, BelievesANewAuthorityOfClientsAndNotTheOldOne) {
  const TestAuthority before;
  const TestAuthority after;
  WriteClientAuthority(before);
  config_.tls.require_client_certificate = true;
  ASSERT_TRUE(Open().ok());
  const std::string trusted = authority_.certificate();
  const IssuedCertificate old_client = IssueClient(before);
  ASSERT_TRUE(CallTls({trusted, old_client}).ok());

  WriteClientAuthority(after);
  ASSERT_EQ(listeners_->ReloadTlsIfChanged(), absl::OkStatus());

  EXPECT_EQ(CallTls({trusted, old_client}).error_code(), kUnavailable);
  EXPECT_TRUE(CallTls({trusted, IssueClient(after)}).ok());
  EXPECT_THAT(seen_.certificate_names, ElementsAre("ops.example"));
}

TEST_F(TlsListenerTest, DoesNotListenWithBadFiles) {
  config_.tls.key_file = directory_ / "none";

  EXPECT_THAT(std::string(Open().message()),
              HasSubstr("none cannot be read: No such file"));
}

}  // namespace
}  // namespace clawplane::testing
