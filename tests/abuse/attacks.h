// What is done to the daemon, one function for each attack.

#ifndef CLAWPLANE_TESTS_ABUSE_ATTACKS_H_
#define CLAWPLANE_TESTS_ABUSE_ATTACKS_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tests/abuse/http2_attacker.h"

namespace clawplane::testing {

inline constexpr char kGetStatus[] = "/clawplane.v1.GatewayService/GetStatus";
inline constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";
inline constexpr char kReflection[] =
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

// What came of an attack.
struct AttackResult {
  // Of what the attack is made of: frames, calls, connections.
  size_t sent = 0;
  // Connections that the server ended.
  size_t ended = 0;
  // The error of the last GOAWAY, or 0.
  uint32_t goaway_code = 0;
};

// One attack. Each connects to `address` as often as it takes; `size` is how
// much of it there is, in units of the attack.
struct Attack {
  const char* name;
  const char* unit;
  // What a test does of it, and a second of what the benchmark does.
  size_t size;
  std::function<AttackResult(const std::string& address, size_t size)> run;
};

// All that come to an end of themselves.
const std::vector<Attack>& Attacks();

// Lets this process open as many files as it may at most; how many that is.
size_t AllowManyFiles();

// Opens up to `count` connections, each of which sends `bytes` and then
// nothing.
std::vector<Http2Attacker> OpenSilent(const std::string& address, size_t count,
                                      std::string_view bytes);

// Opens `count` streams of a method on one connection, each with a request of
// these bytes; none is read further than the socket is.
bool OpenStreams(Http2Attacker& attacker, const std::string& method,
                 size_t count, const std::string& request);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_ABUSE_ATTACKS_H_
