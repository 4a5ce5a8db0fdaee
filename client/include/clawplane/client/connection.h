// The way to one server.

#ifndef CLAWPLANE_CLIENT_CONNECTION_H_
#define CLAWPLANE_CLIENT_CONNECTION_H_

#include <grpcpp/client_context.h>

#include <memory>
#include <optional>

#include "absl/time/time.h"
#include "clawplane/client/target.h"
#include "clawplane/v1/gateway.grpc.pb.h"

namespace clawplane::client {

// Carries any number of calls to one server. Connects with the first call, and
// again with a later one should the connection have been lost.
//
//   Connection connection(target);
//   grpc::ClientContext context;
//   connection.Prepare(context, absl::Seconds(5));
//   grpc::Status status =
//       connection.stub().GetStatus(&context, request, &response);
//
// Thread-safe. Outlives the calls made with it.
class Connection {
 public:
  // The largest message taken: above the 32 MiB that a server sends.
  static constexpr int kMaxMessageBytes = 64 * 1024 * 1024;

  // With a limit, a connection that takes longer to come about fails; else
  // gRPC's own limit of 20 s counts.
  explicit Connection(
      Target target,
      std::optional<absl::Duration> connect_timeout = std::nullopt);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  v1::GatewayService::Stub& stub() const { return *stub_; }
  const Target& target() const { return target_; }

  // A way of its own, which shares no connection with `stub()`: for who has
  // reason to think that one dead without the kernel's knowing it.
  std::unique_ptr<v1::GatewayService::Stub> NewStub() const;

  // Readies the context of a new call: the token, and the deadline, which is
  // none if no timeout is given.
  void Prepare(grpc::ClientContext& context,
               std::optional<absl::Duration> timeout = std::nullopt) const;

 private:
  const Target target_;
  const std::optional<absl::Duration> connect_timeout_;
  const std::unique_ptr<v1::GatewayService::Stub> stub_;
};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_CONNECTION_H_
