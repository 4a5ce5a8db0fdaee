// How many files this process may open.

#ifndef CLAWPLANE_SERVER_FILE_LIMIT_H_
#define CLAWPLANE_SERVER_FILE_LIMIT_H_

#include <sys/resource.h>

namespace clawplane::server {

// Raises the soft limit to the hard one, or to what is enough; returns what it
// was before, for children: a program that uses `select` is not to have more.
rlim_t RaiseFileLimit();

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_FILE_LIMIT_H_
