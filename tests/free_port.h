// A port for a program that must be told one.

#ifndef CLAWPLANE_TESTS_FREE_PORT_H_
#define CLAWPLANE_TESTS_FREE_PORT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace clawplane::testing {

// One of 127.0.0.1 on which nobody listens now. The system hands them out in
// turn, so that the next one who asks gets another.
inline uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    ::abort();
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FREE_PORT_H_
