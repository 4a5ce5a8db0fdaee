// Where calls are taken.

#ifndef CLAWPLANE_SERVER_LISTENERS_H_
#define CLAWPLANE_SERVER_LISTENERS_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/config.h"
#include "server/acceptor.h"
#include "server/tls_credentials.h"
#include "server/tls_files.h"

namespace clawplane::server {

// The listeners that a configuration asks for: in plain text, on a Unix socket
// and with TLS. All of them, or none: the first that cannot be had ends it.
//
// A life: `Open`, once -> (serving) -> `ReloadTls` and the like, as often as
// wanted. All are called by the main thread. It outlives the server.
class Listeners {
 public:
  explicit Listeners(const core::Config& config) : config_(config) {}
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Builds the server with them, whose connections `acceptor` makes. An error
  // says which listener failed, why, and what to do.
  absl::StatusOr<std::unique_ptr<grpc::Server>> Open(
      grpc::ServerBuilder& builder, Acceptor& acceptor);

  // As clients name them: "127.0.0.1:50061", "unix:/run/clawplane.sock", and
  // for the one with TLS "tls:192.0.2.1:50063". After `Open`.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // What is dangerous about them; empty if nothing is. After `Open`.
  std::string Warning() const;

  // Whether there are files that may change. After `Open`.
  bool has_tls() const { return tls_files_ != nullptr; }

  // Takes up the files of the listener with TLS, for connections made from now
  // on; an error leaves all as it was. `ReloadTlsIfChanged` does so where they
  // were written since, gives nothing where they were not. With `has_tls`.
  absl::Status ReloadTls() { return tls_files_->Reload(); }
  std::optional<absl::Status> ReloadTlsIfChanged() {
    return tls_files_->ReloadIfChanged();
  }

 private:
  // One that is asked for.
  struct Wanted {
    std::string setting;
    std::string address;
    Connections::Way way;
    std::shared_ptr<grpc::ServerCredentials> credentials;
    // The one in use; 1 for a Unix socket.
    int port = 0;
  };

  absl::Status Prepare();
  static absl::Status Fault(const Wanted& wanted, int error);
  void Announce();

  const core::Config& config_;
  std::unique_ptr<TlsFiles> tls_files_;
  std::optional<gid_t> group_;
  std::vector<Wanted> wanted_;
  std::vector<std::string> addresses_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_LISTENERS_H_
