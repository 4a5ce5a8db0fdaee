// How large the database is, and what goes when it is too large.

#include <algorithm>

#include "core/io/event_database.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// Events are removed in rounds of so many, and at most so many rounds a batch,
// so that a smaller limit does not stop everything.
constexpr int kRemoved = 256;
constexpr int kRounds = 64;

constexpr int64_t kPageSize = 4096;
int64_t Nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

absl::Status EventDatabase::RemoveOld(WallTime now, uint64_t room) {
  const std::string oldest =
      Concat("(SELECT rowid, received_at FROM events ORDER BY epoch, sequence ",
             "LIMIT ", kRemoved, ")");
  const int64_t too_old = Nanoseconds(now - config_.max_age);
  for (int round = 0; round < kRounds; ++round) {
    const auto pages = sqlite_->Number("PRAGMA page_count");
    const auto free = sqlite_->Number("PRAGMA freelist_count");
    // INT64_MAX where there is no event.
    const auto received = sqlite_->Number(
        "SELECT IFNULL((SELECT received_at FROM events "
        "ORDER BY epoch, sequence LIMIT 1), 9223372036854775807)");
    for (const auto* const number : {&pages, &free, &received}) {
      if (!number->ok()) return number->status();
    }
    if (*received == INT64_MAX) return absl::OkStatus();
    const auto used = static_cast<uint64_t>((*pages - *free) * kPageSize);
    std::string which;
    if (used + room > config_.max_bytes) {
      which = "SELECT rowid FROM " + oldest;
    } else if (*received < too_old) {
      which =
          Concat("SELECT rowid FROM ", oldest, " WHERE received_at<", too_old);
    } else {
      return absl::OkStatus();
    }
    absl::Status status =
        sqlite_->Run(Concat("DELETE FROM events WHERE rowid IN (", which, ")"));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status EventDatabase::Measure() {
  const auto pages = sqlite_->Number("PRAGMA page_count");
  if (!pages.ok()) return pages.status();
  bytes_ = static_cast<uint64_t>(*pages * kPageSize);
  auto first = sqlite_->Prepare(
      "SELECT epoch, sequence FROM events ORDER BY epoch, sequence LIMIT 1");
  if (!first.ok()) return first.status();
  const auto row = first->Step();
  if (!row.ok()) return row.status();
  oldest_.reset();
  if (*row) {
    oldest_ = EventPosition{names_[first->Number(0)],
                            static_cast<uint64_t>(first->Number(1)) - 1};
  }
  return absl::OkStatus();
}

absl::Status EventDatabase::Shrink() {
  const auto pages = sqlite_->Number("PRAGMA page_count");
  const auto free = sqlite_->Number("PRAGMA freelist_count");
  if (!pages.ok() || !free.ok()) return pages.status();
  if (*free < 256 || *free * 4 < *pages) return absl::OkStatus();
  return sqlite_->Run("PRAGMA incremental_vacuum(1024)");
}

}  // namespace clawplane::core
