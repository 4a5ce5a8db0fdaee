#include "server/log.h"

#include <grpc/support/log.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/model/event.h"
#include "core/model/text.h"
#include "server/time_text.h"

namespace clawplane::server {
namespace {

using Level = core::LogConfig::Level;

std::atomic<Level> g_level = Level::kInfo;
std::atomic<core::LogConfig::Format> g_format = core::LogConfig::Format::kText;
std::atomic<bool> g_debug = false;

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return {};
}

std::string LineForPeople(Level level, std::string_view text) {
  std::string line =
      core::Concat(TimeText(std::chrono::system_clock::now()), " ");
  if (level != Level::kInfo) line += core::Concat(Name(level), ": ");
  line += text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  return line;
}

std::string LineForPrograms(Level level, std::string_view text,
                            std::initializer_list<LogField> fields) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  const auto write = [&](std::string_view name, std::string_view value) {
    // What comes from elsewhere may not be UTF-8, and a line must be JSON.
    const std::string valid = core::ValidUtf8(value);
    writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    writer.String(valid.data(), static_cast<rapidjson::SizeType>(valid.size()));
  };
  writer.StartObject();
  write("time", TimeText(std::chrono::system_clock::now()));
  write("level", Name(level));
  write("message", text);
  for (const LogField& field : fields) {
    if (!field.value.empty()) write(field.name, field.value);
  }
  writer.EndObject();
  return core::Concat(std::string_view(buffer.GetString(), buffer.GetSize()),
                      "\n");
}

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
        LogInfo(core::Concat("gRPC: ", lines_ - kMostLines,
                             " lines more, which are left out"));
      }
      end_ = now + kWindow;
      lines_ = 0;
    }
    if (++lines_ <= kMostLines) LogInfo(core::Concat("gRPC: ", message));
  }

  absl::Mutex mutex_;
  std::chrono::steady_clock::time_point end_ ABSL_GUARDED_BY(mutex_);
  int lines_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

void TakeGrpcLog() { ::gpr_set_log_function(GrpcLog::Take); }

void UseLog(const core::LogConfig& config) {
  g_level = config.level;
  g_format = config.format;
}

bool ToggleDebug() { return g_debug = !g_debug; }

void Log(Level level, std::string_view text,
         std::initializer_list<LogField> fields) {
  if (level < (g_debug ? Level::kDebug : g_level.load())) return;
  const std::string line = g_format == core::LogConfig::Format::kJson
                               ? LineForPrograms(level, text, fields)
                               : LineForPeople(level, text);
  // One write: the kernel keeps lines apart. There is nobody to tell if the
  // log itself cannot be written.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

void LogDecision(const core::Decision& decision) {
  const bool failed = decision.to.starts_with(core::Name(core::State::kError));
  const Level level = decision.is_routine ? Level::kDebug
                      : failed            ? Level::kError
                                          : Level::kInfo;
  Log(level, decision.Line(),
      {{"from", decision.from},
       {"input", decision.input},
       {"to", decision.to},
       {"effects", decision.effects},
       {"error", decision.error}});
}

}  // namespace clawplane::server
