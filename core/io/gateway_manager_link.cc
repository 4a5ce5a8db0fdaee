// What the manager does about the verdicts on its connections.

#include <utility>

#include "core/io/gateway_manager.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// How often gateways tick that do not say.
constexpr Duration kUsualTick = std::chrono::seconds(30);

// The first protocol whose requests may bear a `traceparent`. Before, a member
// that is not known makes a request invalid.
constexpr uint32_t kTracedProtocol = 4;

// What to tell of a protocol that came after this control plane.
std::optional<Fault> WarningAbout(uint32_t protocol) {
  if (protocol <= ConnectParams::kNewestProtocol) return std::nullopt;
  return Fault{Reason::kProtocolMismatch,
               Concat("the gateway speaks protocol ", protocol,
                      ", which is newer than this control plane knows; what "
                      "changed in it may be misunderstood"),
               "upgrade Clawplane"};
}

}  // namespace

void GatewayManager::OpenLink(Generation generation, ConnectParams params) {
  link_ = std::make_unique<GatewayLink>(world_.connector, config_.machine.port,
                                        std::move(params),
                                        LinkReportsFor(generation));
}

void GatewayManager::OnVerdict(Generation generation,
                               Handshake::Verdict verdict) {
  if (auto* accepted = std::get_if<Handshake::Accepted>(&verdict)) {
    OnAccepted(generation, std::move(*accepted));
    return;
  }
  const auto gone = std::move(link_);
  if (auto* again = std::get_if<Handshake::Again>(&verdict)) {
    OnAgain(generation, std::move(*again));
  } else if (auto* deferred = std::get_if<Handshake::Deferred>(&verdict)) {
    ++counts_.handshakes_deferred;
    Step(HandshakeDeferred{generation, deferred->after,
                           std::move(deferred->why), deferred->told});
  } else if (auto* refused = std::get_if<Handshake::Refused>(&verdict)) {
    ++counts_.handshakes_refused;
    Step(HandshakeRefused{generation, std::move(refused->fault)});
  }
}

void GatewayManager::OnAgain(Generation generation, Handshake::Again again) {
  ++counts_.handshakes_deferred;
  world_.warn(again.why);
  if (again.forget_device_token) KeepDeviceToken("");
  OpenLink(generation, std::move(again.params));
}

void GatewayManager::OnAccepted(Generation generation,
                                Handshake::Accepted accepted) {
  ++counts_.handshakes_accepted;
  if (description_ || taken_over_ || events_.resumed()) {
    // What the gateway said between the two connections is not known, not even
    // if another process had the first one.
    Append(OwnEvent(
        EventKind::kGap,
        UpstreamGap{UpstreamGap::Cause::kNewConnection, std::nullopt}));
  }
  Hello& hello = accepted.hello;
  if (const auto warning = WarningAbout(hello.protocol)) {
    world_.warn(warning->message);
    TellError(*warning);
  }
  if (!accepted.device_token.empty()) KeepDeviceToken(accepted.device_token);
  calls_.SetDialect({.max_frame = hello.max_payload_bytes,
                     .traceparent = hello.protocol >= kTracedProtocol});
  description_ = Description{hello, Now().wall};
  const Duration tick = hello.tick_interval;
  Step(HandshakeAccepted{generation, std::move(hello)});
  if (machine_.status().state != State::kRunning) return;
  check_.reset();
  liveness_.Begin(tick > Duration() ? tick : kUsualTick, Now().steady);
  Rearm();
}

void GatewayManager::KeepDeviceToken(std::string_view token) {
  if (world_.device == nullptr) return;
  const uint16_t port = config_.machine.port;
  mask_.Add(token);
  if (world_.device->Token(port) == token) return;
  // Without it the shared token is sent, which does as well.
  const auto fault = world_.device->Keep(port, token);
  if (fault) world_.warn(Concat(fault->message, "; ", fault->next_step));
}

}  // namespace clawplane::core
