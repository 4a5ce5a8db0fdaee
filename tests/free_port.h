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

inline bool IsFreePort(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool is_free =
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_free;
}

// One of 127.0.0.1 on which nobody listens now, and which nobody gets by
// chance: it is below those that the system hands out by itself, and tests that
// run at the same time begin to look at different places, by their process ids.
inline uint16_t FreePort() {
  constexpr int kFirst = 10'000;
  constexpr int kCount = 20'000;
  // Of each process; no test asks for more.
  constexpr int kEach = 8;
  static int asked = 0;
  for (int tries = 0; tries < kCount; ++tries) {
    const int offset = (::getpid() * kEach + asked++) % kCount;
    const auto port = static_cast<uint16_t>(kFirst + offset);
    if (IsFreePort(port)) return port;
  }
  ::abort();
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FREE_PORT_H_
