// Who did what, in a file.

#ifndef CLAWPLANE_SERVER_AUDIT_LOG_H_
#define CLAWPLANE_SERVER_AUDIT_LOG_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/model/config.h"
#include "server/audit_file.h"

namespace clawplane::server {

// Takes lines from any thread and writes them on one of its own, so that nobody
// waits for the disk who does not want to. They stand in the file in the order
// in which they were handed over, those that wait together with one write.
//
// What write(2) took is in the file even if this process is killed at once. It
// is not brought to the disk, line by line: when the machine loses its power,
// the last seconds are lost.
//
// A line that cannot be written is lost, and whoever handed it over is told.
// The next one that gets through is preceded by {"lost":N}, with their number.
//
// Thread-safe. Ends on a thread that is not its own.
class AuditLog {
 public:
  using Written = std::function<void(bool ok)>;

  // How much may wait, the lines in the hands of the writer included.
  static constexpr size_t kMaxLines = 4096;
  static constexpr size_t kMaxBytes = 4 * 1024 * 1024;
  // How much is written at once.
  static constexpr size_t kMaxWrite = 256 * 1024;
  // How long the end waits for what waits.
  static constexpr std::chrono::seconds kGoodbye{2};

  // `config.file` must be filled in. "none" gives a log that takes all lines,
  // says that they are written, and has neither a file nor a thread.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(
      const core::AuditConfig& config);

  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  // Writes what waits, for two seconds at most and the write that is under way,
  // and the rest is lost.
  ~AuditLog();

  // Hands over one line, without the end of it. `written` is told on the
  // writer's thread when the file has it, or cannot have it; at once, on this
  // thread, where too much waits, or where there is no file. It must not block.
  void Write(std::string line, Written written = nullptr);

  // Opens the file by its name again, before the next line is written: somebody
  // put it aside.
  void Reopen();

  // Why the last line is not in the file, or what else could not be done to it;
  // empty if all is well.
  std::string failure() const;

  // Lines that the file has, and lines that were lost. For any thread.
  struct Counts {
    uint64_t written = 0;
    uint64_t lost = 0;
  };
  Counts counts() const;

 private:
  struct Line {
    std::string text;
    Written written;
    // How many were turned away between the one before and this one.
    uint64_t lost_before;
  };
  // Lines that are written at once, as they stand in the file.
  struct Batch {
    // Of a line and the mark before it, where they end in `text`.
    struct End {
      size_t mark;
      size_t line;
    };
    std::string text;
    std::vector<End> ends;
  };

  explicit AuditLog(std::optional<AuditFile> file) : file_(std::move(file)) {}

  void Run();
  // Waits for something to do. False when nothing will come any more.
  bool Take(std::vector<Line>& lines, bool& reopen);
  void WriteAll(std::vector<Line>& lines);
  // As many of the lines from the first on as are written at once.
  Batch Join(const std::vector<Line>& lines, size_t first) const;
  // The last mark, which has no line behind it.
  void WriteLoss();
  bool IsLate() const;
  void Tell(Line& line, bool ok);
  void Note(const std::string& failure);

  mutable absl::Mutex mutex_;
  absl::CondVar wake_;
  std::vector<Line> waiting_ ABSL_GUARDED_BY(mutex_);
  // Of those that wait and those that are being written.
  size_t lines_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  // Turned away since the last line that was taken.
  uint64_t turned_away_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reopen_ ABSL_GUARDED_BY(mutex_) = false;
  // When to give up; set by the end.
  std::optional<std::chrono::steady_clock::time_point> deadline_
      ABSL_GUARDED_BY(mutex_);
  std::string failure_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);

  // The writer's own. `lost_` are the lines that no mark in the file counts.
  std::optional<AuditFile> file_;
  uint64_t lost_ = 0;

  std::thread writer_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_AUDIT_LOG_H_
