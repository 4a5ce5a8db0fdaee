#include "tests/fakes/fake_behaviour.h"

#include <array>
#include <charconv>

namespace clawplane::testing {

namespace {

struct Name {
  std::string_view text;
  BehaviourKind kind;
  bool takes_argument;
};

constexpr std::array kNames = {
    Name{"normal", BehaviourKind::kNormal, false},
    Name{"no_challenge", BehaviourKind::kNoChallenge, false},
    Name{"mute", BehaviourKind::kMute, false},
    Name{"close_on_connect", BehaviourKind::kCloseOnConnect, true},
    Name{"refuse_token", BehaviourKind::kRefuseToken, false},
    Name{"refuse_pairing", BehaviourKind::kRefusePairing, false},
    Name{"refuse_protocol", BehaviourKind::kRefuseProtocol, false},
    Name{"starting_forever", BehaviourKind::kStartingForever, false},
    Name{"starting", BehaviourKind::kStarting, true},
    Name{"garbage_first", BehaviourKind::kGarbageFirst, false},
    Name{"binary_challenge", BehaviourKind::kBinaryChallenge, false},
    Name{"huge_hello", BehaviourKind::kHugeHello, true},
    Name{"hello_without_auth", BehaviourKind::kHelloWithoutAuth, false},
    Name{"upgrade_503", BehaviourKind::kUpgrade503, false},
    Name{"not_http", BehaviourKind::kNotHttp, false},
    Name{"http_only", BehaviourKind::kHttpOnly, false},
    Name{"never_listens", BehaviourKind::kNeverListens, false},
    Name{"not_ready_forever", BehaviourKind::kNotReadyForever, false},
};

}  // namespace

std::optional<Behaviour> ParseBehaviour(std::string_view text) {
  const size_t colon = text.find(':');
  const bool has_argument = colon != std::string_view::npos;
  for (const Name& name : kNames) {
    if (name.text != text.substr(0, colon)) continue;
    if (name.takes_argument != has_argument) return std::nullopt;
    Behaviour behaviour{name.kind, 0};
    if (has_argument) {
      const std::string_view digits = text.substr(colon + 1);
      const char* end = digits.data() + digits.size();
      const auto read = std::from_chars(digits.data(), end, behaviour.argument);
      if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    }
    return behaviour;
  }
  return std::nullopt;
}

}  // namespace clawplane::testing
