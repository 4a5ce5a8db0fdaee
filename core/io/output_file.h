// The output of a process that outlives its parent.

#ifndef CLAWPLANE_CORE_IO_OUTPUT_FILE_H_
#define CLAWPLANE_CORE_IO_OUTPUT_FILE_H_

#include <array>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/line_splitter.h"
#include "core/io/unique_fd.h"

namespace clawplane::core {

// A file that a process appends to, and that is followed here line by line. A
// pipe would break when we end; a file has no reader to miss.
//
// How far it was read is kept beside it (`PATH.read`), so that who follows it
// next begins there: with the line that was not finished. What was read is
// given back to the file system, where that can make holes, so that the file
// never occupies much more than `kKept` while somebody follows it. It goes on
// growing while nobody does.
//
// It is looked at each `kInterval`: what tells of changes (inotify) is bounded
// for each user and not to be had on every file system, and a second way for
// that would be the one that no test takes.
//
// A life: `Create` or `Reopen` -> `Begin` -> `Drain` or `Close`. Shared,
// because what waits keeps it. On the strand.
class OutputFile : public std::enable_shared_from_this<OutputFile> {
 public:
  static constexpr uint64_t kKept = 1024 * 1024;
  static constexpr std::chrono::milliseconds kInterval{100};

  // A line, and how many bytes were cut off its end.
  using OnLine = std::function<void(std::string_view line, size_t cut)>;

  // Makes the file anew (0600), in place of one of before. Null, with `errno`
  // set, if it cannot.
  static std::shared_ptr<OutputFile> Create(CoreStrand& strand,
                                            const std::string& path,
                                            OnLine on_line);
  // Takes one up that is there; null, with `errno` set, if it cannot.
  static std::shared_ptr<OutputFile> Reopen(CoreStrand& strand,
                                            const std::string& path,
                                            OnLine on_line);

  // The writer's end; negative, with `errno` set, if there is none to be had.
  UniqueFd OpenToWrite() const;

  // Follows it from now on.
  void Begin();

  // Delivers all there is, and closes.
  void Drain();

  // May be called when the `io_context` has stopped.
  void Close();

 private:
  using Timer = boost::asio::basic_waitable_timer<
      std::chrono::steady_clock,
      boost::asio::wait_traits<std::chrono::steady_clock>,
      CoreStrand::Executor>;

  OutputFile(CoreStrand& strand, UniqueFd file, UniqueFd progress,
             OnLine on_line);
  static std::shared_ptr<OutputFile> Make(CoreStrand& strand,
                                          const std::string& path, int flags,
                                          OnLine on_line);

  void LookAfter(std::chrono::milliseconds wait)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Look();
  // Reads once, and delivers. False at the end of what there is.
  bool ReadOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Deliver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void SaveProgress() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  CoreStrand& strand_;
  UniqueFd file_ ABSL_GUARDED_BY(strand_);
  UniqueFd progress_ ABSL_GUARDED_BY(strand_);
  OnLine on_line_ ABSL_GUARDED_BY(strand_);
  Timer next_look_ ABSL_GUARDED_BY(strand_);
  LineSplitter lines_ ABSL_GUARDED_BY(strand_);
  // Where the next read begins, where the line begins that is not finished, and
  // up to where space was given back.
  uint64_t position_ ABSL_GUARDED_BY(strand_) = 0;
  uint64_t finished_ ABSL_GUARDED_BY(strand_) = 0;
  uint64_t freed_ ABSL_GUARDED_BY(strand_) = 0;
  // What one read brought; used within one call of `ReadOnce`.
  std::array<char, 32 * 1024> buffer_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_OUTPUT_FILE_H_
