// The only place that knows both the core's values and the API's messages.

#ifndef CLAWPLANE_SERVER_CONVERT_H_
#define CLAWPLANE_SERVER_CONVERT_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "clawplane/v1/gateway.pb.h"
#include "core/io/gateway_manager.h"
#include "core/model/event_cursor.h"
#include "core/model/event_log.h"
#include "core/model/fault.h"
#include "core/model/log_buffer.h"
#include "core/model/pending_calls.h"
#include "core/model/role.h"
#include "core/model/run_history.h"

namespace clawplane::server {

// ---- From the core

// The manager's present status, with all that the machine does not know. On the
// strand.
v1::GatewayStatus StatusToProto(const core::GatewayManager& manager);

// `status` as it was, with what the manager knows now. On the strand.
v1::GatewayStatus StatusToProto(const core::GatewayStatus& status,
                                const core::GatewayManager& manager);

// All that the machine knows.
v1::GatewayStatus ToProto(const core::GatewayStatus& status, core::Instant now);

v1::GatewayStatus::State ToProto(core::State state);
v1::GatewayStatus::Phase ToProto(core::Phase phase);
v1::Reason ToProto(core::Reason reason);
v1::Caller::Role ToProto(core::Role role);
// What proves a restart that ended well.
v1::RestartResponse::Proof ProofOf(const core::OrderResult& result);
v1::GatewayFault ToProto(const core::Fault& fault);
v1::ProcessExit ToProto(const core::ProcessEnd& end);
v1::DescribeGatewayResponse ToProto(const core::Description& description);
v1::LogLine ToProto(const core::LogLine& line);
v1::Run ToProto(const core::Run& run);
// At most `limit` of the latest runs, latest first.
v1::ListRunsResponse ToProto(const core::RunHistory& history, size_t limit);

v1::Event ToProto(const core::Event& event, std::string_view epoch,
                  core::EventForm form);
v1::EventPosition ToProto(const core::EventPosition& position);

google::protobuf::Duration ToProto(core::Duration duration);
google::protobuf::Timestamp ToProto(core::WallTime time);

// ---- To the core

// Nothing for a duration that is malformed.
std::optional<core::Duration> FromProto(
    const google::protobuf::Duration& duration);
// Nothing for a kind that is not known.
std::optional<core::EventKind> FromProto(v1::EventKind kind);

// ---- Errors: one table for lifecycle faults, one for the gateway's refusals

grpc::Status ToGrpcStatus(const core::Fault& fault);
grpc::Status ToGrpcStatus(const core::CallFailed& failed);
grpc::Status ToGrpcStatus(const core::CallRefused& refused);

// `OUT_OF_RANGE`, with where the log begins.
grpc::Status EventsLostStatus(std::string_view epoch, uint64_t oldest);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CONVERT_H_
