// The daemon's own log, on standard error.

#ifndef CLAWPLANE_SERVER_LOG_H_
#define CLAWPLANE_SERVER_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/model/config.h"
#include "core/model/trace.h"

namespace clawplane::server {

// All below is for the whole process, and thread-safe; lines are never mixed.
//
// A line for people is the time, the level unless it is info, and the text:
//
//   2026-11-23T08:53:00.120Z warning: access.file: ...
//
// A line for programs is a JSON object of strings: `time`, `level`, `message`,
// and what the line has besides.

// How lines are written from now on.
void UseLog(const core::LogConfig& config);

// Turns the level debug on, or back to what is configured; gives whether it is
// on now.
bool ToggleDebug();

// What a line has besides its text; left out for people.
struct LogField {
  std::string_view name;
  std::string_view value;
};

// Writes one line, if its level is to be written. Line breaks become spaces for
// people. Never a secret: who calls it sees to that.
void Log(core::LogConfig::Level level, std::string_view text,
         std::initializer_list<LogField> fields = {});

inline void LogInfo(std::string_view text) {
  Log(core::LogConfig::Level::kInfo, text);
}
inline void LogWarning(std::string_view text) {
  Log(core::LogConfig::Level::kWarning, text);
}

// One step of the gateway's machine: debug for one of which nothing came,
// error for one that led to ERROR, info for the others. Its JSON has the
// decision's parts as well: `from`, `input`, `to`, `effects`, `error`.
void LogDecision(const core::Decision& decision);

// Has what gRPC says of itself become lines of this log, ten a minute; of what
// comes beyond that only the number is told.
void TakeGrpcLog();

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_LOG_H_
