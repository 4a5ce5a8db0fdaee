// Listeners with a service behind them that only tells who called.

#ifndef CLAWPLANE_TESTS_SERVER_TLS_FIXTURE_H_
#define CLAWPLANE_TESTS_SERVER_TLS_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/model/config.h"
#include "server/listeners.h"
#include "server/peer_identity.h"
#include "tests/temp_directory.h"
#include "tests/test_authority.h"

namespace clawplane::testing {

// What a handshake by OpenSSL alone came to.
struct RawHandshake {
  // "TLSv1.3"; empty if it failed.
  std::string version;
  // The reason of the last error, in OpenSSL's words.
  std::string error;
};

// A test that starts listeners from a configuration, and calls them. All
// certificates are of `authority_`, where nothing else is said.
class TlsFixture : public ::testing::Test {
 protected:
  TlsFixture();
  ~TlsFixture() override;

  // Writes the server's certificate and key.
  void WriteServer(const IssuedCertificate& issued);
  void WriteClientAuthority(const TestAuthority& authority);
  // Listens with `config_`; the error if that fails.
  absl::Status Open();

  // What a client believes and shows.
  struct ClientSide {
    std::string authority;
    std::optional<IssuedCertificate> certificate;
  };
  ClientSide Trusting(const TestAuthority& authority) const {
    return {authority.certificate(), std::nullopt};
  }

  // The address that begins so, without that.
  std::string Address(const std::string& beginning) const;
  int tls_port() const;

  // Each makes one call on a connection of its own, and gives what the server
  // saw of the caller, or why there was no call.
  grpc::Status CallTls(const ClientSide& side);
  grpc::Status CallPlain(const std::string& address);

  RawHandshake HandshakeWith(int version) const;

  const TempDirectory directory_;
  const TestAuthority authority_;
  core::Config config_;
  std::unique_ptr<server::Listeners> listeners_;
  std::unique_ptr<server::Acceptor> acceptor_;
  // Of the call before.
  server::PeerIdentity seen_;

 private:
  class Service;
  grpc::Status Call(const std::string& address,
                    const std::shared_ptr<grpc::ChannelCredentials>&);

  const std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_SERVER_TLS_FIXTURE_H_
