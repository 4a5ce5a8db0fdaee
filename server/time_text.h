// Points in time as people and programs read them.

#ifndef CLAWPLANE_SERVER_TIME_TEXT_H_
#define CLAWPLANE_SERVER_TIME_TEXT_H_

#include <string>

#include "core/model/time.h"

namespace clawplane::server {

// As RFC 3339 has it, in UTC with milliseconds: "2026-11-23T08:53:00.120Z".
// Thread-safe.
std::string TimeText(core::WallTime time);

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_TIME_TEXT_H_
