// Events in words.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_EVENT_TEXT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_EVENT_TEXT_H_

#include <string>

#include "clawplane/v1/gateway.pb.h"

namespace clawplane::clawctl {

// One line: the position, the time, the kind, the name where it says more, and
// what happened, in full.
std::string EventLine(const v1::Event& event);

// "gap: events after X up to Y are lost".
std::string GapLine(const v1::EventGap& gap);

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_EVENT_TEXT_H_
