// The event log that a daemon finds at its start.

#ifndef CLAWPLANE_SERVER_STORED_LOG_H_
#define CLAWPLANE_SERVER_STORED_LOG_H_

#include <memory>

#include "absl/status/status.h"
#include "core/io/core_strand.h"
#include "core/io/sqlite_event_store.h"
#include "core/model/config.h"
#include "core/model/event_page.h"

namespace clawplane::server {

// Thread-compatible.
struct StoredLog {
  // None if events are kept in memory alone.
  std::unique_ptr<core::SqliteEventStore> store;
  core::LogBeginning beginning;
  // Why the daemon cannot serve; OK if it can.
  absl::Status status;
};

// Opens what `event_log.dir` names, if anything, and finds the epoch to go on
// with: a new one, unless the last daemon ended in order.
StoredLog OpenStoredLog(const core::Config& config, core::CoreStrand& strand);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STORED_LOG_H_
