// What the audit log says of a call.

#ifndef CLAWPLANE_SERVER_AUDIT_RECORD_H_
#define CLAWPLANE_SERVER_AUDIT_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/role.h"
#include "core/model/time.h"

namespace clawplane::server {

// There is no place in it for what a call carried, so that no secret gets into
// the log that way.
// Thread-compatible.
struct AuditRecord {
  // kBefore: about to be carried out. kAfter: how that ended. kDenied: refused,
  // with neither of the others.
  enum class Phase { kBefore, kAfter, kDenied };

  core::WallTime time = {};
  Phase phase = Phase::kBefore;
  // The same before and after, and of no other call.
  std::string id = {};
  // The name that the caller's credential has.
  std::string client = {};
  std::optional<core::Role> role = {};
  // The address the call came from.
  std::string peer = {};
  // "Restart", "Rpc".
  std::string method = {};
  // Of `Rpc`: "chat.send".
  std::string gateway_method = {};
  // "OK", "PERMISSION_DENIED": the name of a gRPC code.
  std::string outcome = {};
  std::string reason = {};
  std::optional<core::Duration> duration = {};
  std::string trace_id = {};
  // Of kDenied: how many more there were like the one that is in the log.
  uint64_t repeated = 0;
};

// The record as a JSON object on one line, without the end of the line. Fields
// that are empty are left out. It is ASCII whatever the record holds, so that
// nobody's name can do something to the terminal of who reads it: all else is
// escaped. What is no UTF-8 becomes U+FFFD, and a text of more than 256 bytes
// ends in U+2026 within these. Thread-safe.
std::string ToJsonLine(const AuditRecord& record);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_AUDIT_RECORD_H_
