// What the gateway makes of a connect request, and its hello.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_HANDSHAKE_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_HANDSHAKE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fakes/fake_json.h"
#include "tests/fakes/fake_server.h"

namespace clawplane::testing {

struct Refusal {
  // The `error` of the answer.
  std::string error;
  uint16_t code;
  std::string reason;
};

// What is wrong with the form of a request frame; empty if nothing is.
std::string FrameFaults(const Json& frame);

// Why this connect is refused, if it is. Counts it where the behaviour counts,
// and pairs its device.
std::optional<Refusal> JudgeConnect(const Json& params,
                                    const std::string& origin,
                                    const std::string& nonce,
                                    FakeServer& server);

// The scopes that the client gets.
std::vector<std::string> Grant(const Json& params, const std::string& origin,
                               const FakeServer& server);

// The payload of hello-ok.
std::string Hello(const Json& params, const std::string& connection_id,
                  const std::vector<std::string>& scopes, FakeServer& server);

// The list that `system-presence` answers.
std::string Presence(FakeServer& server);
// The payload of `health`.
std::string Health();

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_HANDSHAKE_H_
