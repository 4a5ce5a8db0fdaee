#include "server/tls_credentials.h"

#include <grpc/grpc.h>

#include <utility>

namespace clawplane::server {
namespace {

grpc_ssl_client_certificate_request_type ToGrpc(
    TlsCredentials::ClientCertificate client_certificate) {
  switch (client_certificate) {
    case TlsCredentials::ClientCertificate::kIgnored:
      return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    case TlsCredentials::ClientCertificate::kVerified:
      return GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
    case TlsCredentials::ClientCertificate::kRequired:
      break;
  }
  return GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
}

}  // namespace

int TlsCredentials::AddPortToServer(const std::string& address,
                                    grpc_server* server) {
  grpc_server_credentials* const credentials =
      ::grpc_ssl_server_credentials_create_with_options(
          ::grpc_ssl_server_credentials_create_options_using_config_fetcher(
              ToGrpc(client_certificate_), &Fetch, this));
  const int port =
      ::grpc_server_add_http2_port(server, address.c_str(), credentials);
  ::grpc_server_credentials_release(credentials);
  return port;
}

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto* const credentials = static_cast<TlsCredentials*>(self);
  auto material = credentials->files_.current();
  if (material == credentials->given_) {
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  }
  const grpc_ssl_pem_key_cert_pair pair = {material->key.c_str(),
                                           material->certificates.c_str()};
  // gRPC's reloading insists on authorities, where no client is asked for a
  // certificate too; the server's own certificate stands in for them then.
  const std::string& authorities =
      credentials->client_certificate_ == ClientCertificate::kIgnored
          ? material->certificates
          : material->client_authorities;
  // It makes copies.
  *config = ::grpc_ssl_server_certificate_config_create(authorities.c_str(),
                                                        &pair, 1);
  credentials->given_ = std::move(material);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace clawplane::server
