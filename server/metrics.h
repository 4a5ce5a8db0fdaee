// The daemon's figures for Prometheus.

#ifndef CLAWPLANE_SERVER_METRICS_H_
#define CLAWPLANE_SERVER_METRICS_H_

#include <cstddef>
#include <string>

#include "core/io/gateway_manager.h"

namespace clawplane::server {

// The media type of what `MetricsText` gives.
inline constexpr char kMetricsType[] =
    "text/plain; version=0.0.4; charset=utf-8";

// All metrics as they are now, in Prometheus' text format. `http_connections`
// are those of the listener that is asked. On the strand.
std::string MetricsText(const core::GatewayManager& gateway,
                        size_t http_connections);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_METRICS_H_
