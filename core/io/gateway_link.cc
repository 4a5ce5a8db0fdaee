#include "core/io/gateway_link.h"

#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr uint16_t kCloseNormal = 1000;

// The first protocol in which events are numbered for each connection. Before,
// the numbers are shared by all clients, and a jump means nothing.
constexpr uint32_t kNumberedProtocol = 4;

// No call has this tag: it is that of what we say ourselves.
constexpr uint64_t kOwnTag = 0;

// How the ids of our own calls begin; those of others are numbers.
constexpr std::string_view kLifeId = "life-";

// The cheapest method of the gateway (0.1 ms), which needs `operator.read`. A
// refusal is an answer too.
constexpr std::string_view kCheapMethod = "last-heartbeat";

}  // namespace

GatewayLink::GatewayLink(Connector& connector, uint16_t port,
                         ConnectParams params, Reports reports)
    : handshake_(std::move(params)), reports_(std::move(reports)) {
  connection_ = connector.Connect(
      port, {.on_open = [] {},  // the gateway speaks first
             .on_message = [this](std::string_view text) { OnMessage(text); },
             .on_oversized = [this](std::string_view head,
                                    size_t size) { OnOversized(head, size); },
             .on_alive =
                 [this] {
                   if (!ended_) reports_.on_alive();
                 },
             .on_pong =
                 [this] {
                   if (!ended_) reports_.on_pong();
                 },
             .on_write =
                 [this](uint64_t tag) {
                   if (tag != kOwnTag && !ended_) reports_.on_write(tag);
                 },
             .on_end = [this](const ConnectionEnd& end) { OnEnd(end); }});
}

void GatewayLink::Send(PendingCalls::Outgoing call) {
  connection_->Send(std::move(call.frame), call.tag);
}

void GatewayLink::AskForLife() {
  connection_->Send(
      SerializeRequest(Concat(kLifeId, ++asked_for_life_), kCheapMethod, "{}"),
      kOwnTag);
}

void GatewayLink::Close(std::string_view reason, std::function<void()> ended) {
  ended_ = std::move(ended);
  connection_->Close(kCloseNormal, reason);
}

void GatewayLink::OnMessage(std::string_view text) {
  if (ended_) return;
  const Frame frame = ParseFrame(text);
  if (hello_) {
    OnFrame(frame, text);
  } else {
    OnHandshake(frame);
  }
}

void GatewayLink::OnHandshake(const Frame& frame) {
  Handshake::Verdict verdict = handshake_.OnFrame(frame);
  if (std::holds_alternative<Handshake::Pending>(verdict)) return;
  if (auto* send = std::get_if<Handshake::Send>(&verdict)) {
    connection_->Send(std::move(send->text), kOwnTag);
    return;
  }
  if (auto* accepted = std::get_if<Handshake::Accepted>(&verdict)) {
    hello_ = accepted->hello;
  }
  reports_.on_verdict(std::move(verdict));
}

void GatewayLink::OnFrame(const Frame& frame, std::string_view text) {
  if (const auto* response = std::get_if<ResponseFrame>(&frame)) {
    if (response->id.starts_with(kLifeId)) return reports_.on_life();
    if (reports_.on_response(*response)) return;
    reports_.on_event(UnrecognizedMessage(
        Concat("an answer to the call \"", response->id.substr(0, 64),
               "\", which was never sent"),
        text, text.size()));
  } else if (const auto* event = std::get_if<EventFrame>(&frame)) {
    CheckSequence(event->seq);
    if (event->event == "shutdown" && event->payload &&
        AnnouncesRestart(*event->payload)) {
      reports_.on_restart_announced();
    }
    reports_.on_event(RouteEvent(*event));
  } else if (const auto* note = std::get_if<NotificationFrame>(&frame)) {
    reports_.on_event(RouteNotification(*note));
  } else if (const auto* other = std::get_if<UnrecognizedFrame>(&frame)) {
    reports_.on_event(UnrecognizedMessage(other->why, text, text.size()));
  }
}

void GatewayLink::OnOversized(std::string_view head, size_t size) {
  if (ended_ || !hello_) return;
  const auto id = ResponseIdFromHead(head);
  if (id && reports_.on_oversized_response(*id, size)) return;
  reports_.on_event(UnrecognizedMessage(
      "a message over 32 MiB, which was discarded", head, size));
}

void GatewayLink::CheckSequence(std::optional<uint64_t> seq) {
  if (!seq || hello_->protocol < kNumberedProtocol) return;
  const uint64_t expected = std::exchange(next_seq_, *seq + 1);
  if (*seq <= expected) return;
  reports_.on_event(OwnEvent(
      EventKind::kGap,
      UpstreamGap{UpstreamGap::Cause::kSequenceJump, *seq - expected}));
}

void GatewayLink::OnEnd(const ConnectionEnd& end) {
  if (ended_) {
    std::exchange(ended_, nullptr)();
  } else if (!hello_) {
    reports_.on_verdict(
        Handshake::OnEnd(end.code, end.reason, end.http_status));
  } else {
    reports_.on_lost(Concat("the connection to the gateway ended (", end.code,
                            end.reason.empty() ? "" : " ", end.reason, ")"));
  }
}

}  // namespace clawplane::core
