// How gRPC serves TLS from files that change.

#ifndef CLAWPLANE_SERVER_TLS_CREDENTIALS_H_
#define CLAWPLANE_SERVER_TLS_CREDENTIALS_H_

#include <grpc/grpc_security.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "server/tls_files.h"

namespace clawplane::server {

// Credentials for one listener: each handshake uses what `files` hold at that
// moment, certificate, key and client authorities alike, and connections that
// are made already go on. TLS 1.2 at least, which is gRPC's own default.
//
// We chose a subclass over the C interface because gRPC's own reloading
// (FileWatcherCertificateProvider) takes up a key that is not the
// certificate's, and then refuses every handshake.
//
// gRPC calls it on its own threads, one call at a time. It and `files` outlive
// the server, which does not hold it.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  enum class ClientCertificate { kIgnored, kVerified, kRequired };

  TlsCredentials(const TlsFiles& files, ClientCertificate client_certificate)
      : files_(files), client_certificate_(client_certificate) {}
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // Not for this server, in which `Access` decides.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  const TlsFiles& files_;
  const ClientCertificate client_certificate_;
  // What gRPC was given last.
  std::shared_ptr<const TlsMaterial> given_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TLS_CREDENTIALS_H_
