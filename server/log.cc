#include "server/log.h"

#include <grpc/support/log.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/model/text.h"
#include "server/time_text.h"

namespace clawplane::server {
namespace {

// Strangers can have gRPC write a line for each handshake that fails.
class GrpcLog {
 public:
  static void Take(gpr_log_func_args* args) {
    static auto* const log = new GrpcLog();
    log->Add(args->message);
  }

 private:
  static constexpr int kMostLines = 10;
  static constexpr std::chrono::minutes kWindow{1};

  void Add(std::string_view message) {
    const absl::MutexLock lock(&mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (now >= end_) {
      if (lines_ > kMostLines) {
        LogLine(core::Concat("gRPC: ", lines_ - kMostLines,
                             " lines more, which are left out"));
      }
      end_ = now + kWindow;
      lines_ = 0;
    }
    if (++lines_ <= kMostLines) LogLine(core::Concat("gRPC: ", message));
  }

  absl::Mutex mutex_;
  std::chrono::steady_clock::time_point end_ ABSL_GUARDED_BY(mutex_);
  int lines_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void TakeGrpcLog() { ::gpr_set_log_function(GrpcLog::Take); }

void LogLine(std::string_view text) {
  std::string line =
      core::Concat(TimeText(std::chrono::system_clock::now()), " ", text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  // One write: the kernel keeps lines apart. There is nobody to tell if the
  // log itself cannot be written.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace clawplane::server
