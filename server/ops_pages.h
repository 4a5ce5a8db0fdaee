// What the HTTP listener tells.

#ifndef CLAWPLANE_SERVER_OPS_PAGES_H_
#define CLAWPLANE_SERVER_OPS_PAGES_H_

#include <functional>
#include <string_view>

#include "core/io/gateway_manager.h"
#include "core/model/config.h"
#include "server/metrics.h"
#include "server/ops_http.h"

namespace clawplane::server {

//   Path      | Answer
//   ----------+-----------------------------------------------------------
//   /healthz  | 200, always: whoever gets it knows that the strand runs
//   /readyz   | 200 while the gateway is RUNNING, else 503 with its state
//   /metrics  | 200 and the metrics to whom the settings allow it, else 401
//   any other | 404, and so is /metrics if nobody may read it
//
// Nothing of it is secret.
//
// On the strand. What it tells of must outlive it.
class OpsPages {
 public:
  using MayRead = std::function<bool(std::string_view token)>;

  // `may_read` says whether a token lets its bearer read the metrics.
  OpsPages(const MetricSources& sources, core::OpsConfig::Metrics metrics,
           MayRead may_read);

  OpsAnswer Answer(const OpsRequest& request) const;

 private:
  OpsAnswer Readiness() const;
  OpsAnswer Metrics(const OpsRequest& request) const;

  const MetricSources sources_;
  const core::OpsConfig::Metrics metrics_;
  const MayRead may_read_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_OPS_PAGES_H_
