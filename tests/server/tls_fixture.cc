#include "tests/server/tls_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

namespace clawplane::testing {

class TlsFixture::Service final : public v1::GatewayService::Service {
 public:
  explicit Service(server::PeerIdentity& seen) : seen_(seen) {}

 private:
  grpc::Status GetServerInfo(grpc::ServerContext* context,
                             const v1::GetServerInfoRequest*,
                             v1::GetServerInfoResponse*) override {
    seen_ = server::IdentifyPeer(*context);
    return grpc::Status::OK;
  }

  server::PeerIdentity& seen_;
};

TlsFixture::TlsFixture() : service_(std::make_unique<Service>(seen_)) {
  config_.listen = "none";
  config_.socket = "none";
  config_.tls.listen = "127.0.0.1:0";
  WriteServer(authority_.Issue());
}

TlsFixture::~TlsFixture() {
  if (acceptor_ != nullptr) acceptor_->End();
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

void TlsFixture::WriteServer(const IssuedCertificate& issued) {
  config_.tls.cert_file = directory_.Write("cert.pem", issued.certificate);
  config_.tls.key_file = directory_.Write("key.pem", issued.key);
}

void TlsFixture::WriteClientAuthority(const TestAuthority& authority) {
  config_.tls.client_ca_file =
      directory_.Write("clients.pem", authority.certificate());
}

absl::Status TlsFixture::Open() {
  listeners_ = std::make_unique<server::Listeners>(config_);
  acceptor_ = std::make_unique<server::Acceptor>();
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(service_.get());
  auto server = listeners_->Open(builder, *acceptor_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  acceptor_->Begin();
  return absl::OkStatus();
}

std::string TlsFixture::Address(const std::string& beginning) const {
  for (const std::string& address : listeners_->addresses()) {
    if (address.rfind(beginning, 0) == 0) {
      return address.substr(beginning.size());
    }
  }
  return {};
}

int TlsFixture::tls_port() const {
  return std::atoi(Address("tls:127.0.0.1:").c_str());
}

grpc::Status TlsFixture::Call(
    const std::string& address,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  seen_ = {};
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = v1::GatewayService::NewStub(
      grpc::CreateCustomChannel(address, credentials, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  v1::GetServerInfoResponse response;
  return stub->GetServerInfo(&context, v1::GetServerInfoRequest(), &response);
}

grpc::Status TlsFixture::CallTls(const ClientSide& side) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = side.authority;
  if (side.certificate) {
    options.pem_cert_chain = side.certificate->certificate;
    options.pem_private_key = side.certificate->key;
  }
  return Call(Address("tls:"), grpc::SslCredentials(options));
}

grpc::Status TlsFixture::CallPlain(const std::string& address) {
  return Call(address, grpc::InsecureChannelCredentials());
}

RawHandshake TlsFixture::HandshakeWith(int version) const {
  ::ERR_clear_error();
  SSL_CTX* const context = ::SSL_CTX_new(::TLS_client_method());
  // Or it would refuse old versions itself.
  ::SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL* const ssl = ::SSL_new(context);
  const unsigned char kAlpn[] = "\x02h2";
  ::SSL_set_alpn_protos(ssl, kAlpn, sizeof kAlpn - 1);

  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(tls_port()));
  RawHandshake result;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address),
                sizeof address) == 0 &&
      ::SSL_set_fd(ssl, socket) == 1 && ::SSL_connect(ssl) == 1) {
    result.version = ::SSL_get_version(ssl);
  } else if (const char* reason =
                 ::ERR_reason_error_string(::ERR_peek_last_error())) {
    result.error = reason;
  }
  ::close(socket);
  ::SSL_free(ssl);
  ::SSL_CTX_free(context);
  return result;
}

}  // namespace clawplane::testing
