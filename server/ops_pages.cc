#include "server/ops_pages.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "core/model/text.h"

namespace clawplane::server {
namespace {

using core::Concat;
using Who = core::OpsConfig::Metrics;

// The token of "Bearer TOKEN"; the scheme's case is of no account.
std::optional<std::string_view> BearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  std::string scheme(authorization.substr(0, kScheme.size()));
  absl::AsciiStrToLower(&scheme);
  if (scheme != kScheme) return std::nullopt;
  return authorization.substr(kScheme.size());
}

}  // namespace

OpsPages::OpsPages(const MetricSources& sources, Who metrics, MayRead may_read)
    : sources_(sources), metrics_(metrics), may_read_(std::move(may_read)) {}

OpsAnswer OpsPages::Answer(const OpsRequest& request) const {
  if (request.path == "/healthz") return {.body = "ok\n"};
  if (request.path == "/readyz") return Readiness();
  if (request.path == "/metrics" && metrics_ != Who::kNobody) {
    return Metrics(request);
  }
  return {.status = 404,
          .body = metrics_ == Who::kNobody
                      ? "not found; there are /healthz and /readyz\n"
                      : "not found; there are /healthz, /readyz, /metrics\n"};
}

OpsAnswer OpsPages::Readiness() const {
  const core::GatewayStatus& status = sources_.gateway.status();
  if (status.state == core::State::kRunning) return {.body = "ready\n"};
  std::string state(core::Name(status.state));
  absl::AsciiStrToLower(&state);
  // The reason alone: a message may quote what the gateway printed.
  const std::string reason =
      status.error ? Concat(": ", core::Name(status.error->reason)) : "";
  return {.status = 503, .body = Concat("not ready: ", state, reason, "\n")};
}

OpsAnswer OpsPages::Metrics(const OpsRequest& request) const {
  if (metrics_ == Who::kTokenBearers) {
    const auto token = BearerToken(request.authorization);
    if (!token || !may_read_(*token)) {
      return {.status = 401,
              .body =
                  "send the header Authorization: Bearer TOKEN with a "
                  "token of clawplaned\n"};
    }
  }
  return {.body = MetricsText(sources_, request.open_connections),
          .type = kMetricsType};
}

}  // namespace clawplane::server
