// The ways in which a fake gateway can fail to behave.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_BEHAVIOUR_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_BEHAVIOUR_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace clawplane::testing {

enum class BehaviourKind {
  kNormal,
  // Never sends the challenge, but answers a connect.
  kNoChallenge,
  // Accepts the upgrade, reads, and never says anything.
  kMute,
  // Closes at the connect request, with the argument as its code; 1006 drops
  // the socket without a close frame.
  kCloseOnConnect,
  // Refuses the token, whatever it is.
  kRefuseToken,
  // Wants a paired device.
  kRefusePairing,
  // Refuses the protocol range, whatever it is.
  kRefuseProtocol,
  // Never becomes ready: /readyz says so, and each connect is sent away.
  kStartingForever,
  // Sends the first connects away, as many as the argument says, though /readyz
  // says that it is ready.
  kStarting,
  // Says something that is not JSON before the challenge.
  kGarbageFirst,
  // Sends the challenge in a binary frame.
  kBinaryChallenge,
  // Pads hello-ok by as many bytes as the argument says.
  kHugeHello,
  // Leaves `auth` out of hello-ok, as older gateways do.
  kHelloWithoutAuth,
  // Declines each upgrade with 503.
  kUpgrade503,
  // Accepts TCP and writes something that is not HTTP.
  kNotHttp,
  // A web server: 200 to everything, and no upgrade.
  kHttpOnly,
  // Holds the port without listening on it: connections are refused.
  kNeverListens,
  // /readyz stays at 503, though a connect is answered as usual.
  kNotReadyForever,
};

struct Behaviour {
  BehaviourKind kind = BehaviourKind::kNormal;
  // A count, a size or a close code, for the kinds that take one.
  int64_t argument = 0;
};

// Reads `mute`, `starting:3` and the like: the name of the kind in lower case
// with underscores, and for those that take one, a colon and the argument.
std::optional<Behaviour> ParseBehaviour(std::string_view text);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_BEHAVIOUR_H_
