// Refused calls, written down.

#ifndef CLAWPLANE_SERVER_DENIALS_H_
#define CLAWPLANE_SERVER_DENIALS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/audit_log.h"
#include "server/audit_record.h"

namespace clawplane::server {

// Every denial is in the audit log, and no flood of them drives what else is
// there out of it: of those that are alike, the first is written at once, and
// what follows within the next ten seconds as one line with their number.
//
// Alike are those of the same address, caller, method and reason. Of more than
// `kMaxKinds` kinds at a time, only the reason is told apart.
//
// Thread-safe. The log must outlive it.
class Denials {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kWindow{10};
  static constexpr size_t kMaxKinds = 256;

  explicit Denials(AuditLog& audit) : audit_(audit) {}
  ~Denials() { Flush(Time::max()); }
  Denials(const Denials&) = delete;
  Denials& operator=(const Denials&) = delete;

  void Add(AuditRecord record, Time now);

  // Writes what has waited for ten seconds. To be called every few seconds.
  void Flush(Time now);

 private:
  struct Window {
    AuditRecord record;
    uint64_t more = 0;  // since it was written
    Time end;
  };

  AuditLog& audit_;
  absl::Mutex mutex_;
  std::map<std::string, Window> windows_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_DENIALS_H_
