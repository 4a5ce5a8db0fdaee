// The daemon's own log, on standard error.

#ifndef CLAWPLANE_SERVER_LOG_H_
#define CLAWPLANE_SERVER_LOG_H_

#include <string_view>

namespace clawplane::server {

// Writes one line with the time before it. Line breaks in `text` become spaces.
// Never a secret: who calls it sees to that. Thread-safe; lines are never
// mixed.
void LogLine(std::string_view text);

// Has what gRPC says of itself become lines of this log, ten a minute; of what
// comes beyond that only the number is told. For the whole process.
void TakeGrpcLog();

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_LOG_H_
