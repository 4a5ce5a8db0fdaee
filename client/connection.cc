#include "clawplane/client/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace clawplane::client {
namespace {

// gRPC's own pauses between attempts to connect, in milliseconds. During one of
// them calls fail at once: a server that is back is not to be missed for long.
constexpr int kFirstPause = 100;
constexpr int kLongestPause = 1000;

std::shared_ptr<grpc::ChannelCredentials> CredentialsFor(const Target& target) {
  if (!target.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = target.tls->authorities;
  options.pem_cert_chain = target.tls->certificate;
  options.pem_private_key = target.tls->key;
  return grpc::SslCredentials(options);
}

// In milliseconds, as gRPC takes it.
int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(
      absl::ToInt64Milliseconds(duration), 1, std::numeric_limits<int>::max()));
}

std::unique_ptr<v1::GatewayService::Stub> MakeStub(
    const Target& target, std::optional<absl::Duration> connect_timeout,
    grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstPause);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestPause);
  if (connect_timeout.has_value()) {
    // In spite of its name, this is how long an attempt may take. A name has to
    // be found in the same time.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                     Milliseconds(*connect_timeout));
    arguments.SetInt(GRPC_ARG_DNS_ARES_QUERY_TIMEOUT_MS,
                     Milliseconds(*connect_timeout));
  }
  arguments.SetMaxReceiveMessageSize(Connection::kMaxMessageBytes);
  // The token goes to the server alone, not through a proxy that the
  // environment names for web pages.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (target.tls && !target.tls->server_name.empty()) {
    arguments.SetSslTargetNameOverride(target.tls->server_name);
  }
  return v1::GatewayService::NewStub(grpc::CreateCustomChannel(
      target.address, CredentialsFor(target), arguments));
}

}  // namespace

Connection::Connection(Target target,
                       std::optional<absl::Duration> connect_timeout)
    : target_(std::move(target)),
      connect_timeout_(connect_timeout),
      stub_(MakeStub(target_, connect_timeout_, grpc::ChannelArguments())) {}

std::unique_ptr<v1::GatewayService::Stub> Connection::NewStub() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return MakeStub(target_, connect_timeout_, arguments);
}

void Connection::Prepare(grpc::ClientContext& context,
                         std::optional<absl::Duration> timeout) const {
  if (!target_.token.empty()) {
    context.AddMetadata("authorization",
                        absl::StrCat("Bearer ", target_.token));
  }
  if (timeout.has_value()) {
    context.set_deadline(absl::ToChronoTime(absl::Now() + *timeout));
  }
}

}  // namespace clawplane::client
