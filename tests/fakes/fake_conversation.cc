#include "tests/fakes/fake_conversation.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_handshake.h"
#include "tests/fakes/fake_methods.h"

namespace clawplane::testing {

namespace {

constexpr uint16_t kAbnormal = 1006;

HttpAnswer Readiness(FakeServer& server) {
  if (server.draining()) {
    return {503, "application/json",
            R"({"ready":false,"failing":["gateway-draining"]})"};
  }
  const Behaviour& behaviour = server.behaviour();
  const bool starting = behaviour.kind == BehaviourKind::kStartingForever ||
                        behaviour.kind == BehaviourKind::kNotReadyForever;
  if (!server.ready() || starting) {
    return {503, "application/json",
            R"({"ready":false,"failing":["startup-sidecars"]})"};
  }
  return {200, "application/json",
          R"({"ready":true,"failing":[],"uptimeMs":13910,"eventLoop":{}})"};
}

}  // namespace

FakeConversation::FakeConversation(FakeServer& server)
    : server_(server), id_(MakeUuid()), nonce_(MakeUuid()) {}

void FakeConversation::Begin(std::shared_ptr<FakeSocket> socket) {
  socket_ = std::move(socket);
  if (server_.behaviour().kind == BehaviourKind::kNotHttp) {
    socket_->Babble("SSH-2.0-fake\r\n\x01\x02\xff garbage\r\n");
  } else {
    socket_->Serve();
  }
}

std::optional<HttpAnswer> FakeConversation::OnHttp(const HttpAsk& ask) {
  server_.record().AddRequest(ask.method + " " + ask.target);
  const FakeProcessHooks& hooks = server_.options().hooks;
  if (hooks.on_request) hooks.on_request();
  const BehaviourKind kind = server_.behaviour().kind;
  if (kind == BehaviourKind::kHttpOnly) {
    return HttpAnswer{200, "text/html", "<!doctype html><p>Not a gateway.</p>"};
  }
  if (ask.upgrade) {
    if (kind == BehaviourKind::kUpgrade503 || server_.draining()) {
      return HttpAnswer{503, "text/plain",
                        "Gateway websocket admission closed"};
    }
    origin_ = ask.origin;
    return std::nullopt;
  }
  const std::string path = ask.target.substr(0, ask.target.find('?'));
  const bool health = path == "/health" || path == "/healthz";
  const bool ready = path == "/ready" || path == "/readyz";
  if (!health && !ready) return HttpAnswer{404, "text/plain", "Not Found"};
  if (ask.method != "GET" && ask.method != "HEAD") {
    return HttpAnswer{405, "text/plain", "Method Not Allowed"};
  }
  if (ready) return Readiness(server_);
  return HttpAnswer{200, "application/json", R"({"ok":true,"status":"live"})"};
}

void FakeConversation::OnUpgraded() {
  upgraded_ = true;
  server_.record().Count([](auto& counts) {
    ++counts.connections;
    ++counts.open_connections;
  });
  const BehaviourKind kind = server_.behaviour().kind;
  socket_->LimitMessages(server_.options().max_payload_before_hello);
  if (kind == BehaviourKind::kMute) return;
  Later(server_.options().handshake_timeout, [this] {
    if (!connected_) Close(1000, "");
  });
  if (kind == BehaviourKind::kGarbageFirst) SendText("this is {not JSON");
  if (kind != BehaviourKind::kNoChallenge) SendChallenge();
}

void FakeConversation::SendChallenge() {
  std::string challenge =
      EventFrame("connect.challenge",
                 absl::StrCat(R"({"nonce":")", nonce_, R"(","ts":)", NowMs(),
                              R"(,"capabilities":["model-catalog-snapshot"]})"),
                 std::nullopt);
  if (server_.behaviour().kind == BehaviourKind::kBinaryChallenge) {
    SendBinary(std::move(challenge));
  } else {
    SendText(std::move(challenge));
  }
}

void FakeConversation::OnMessage(std::string message) {
  if (server_.options().record_frames) server_.record().AddFrame(message);
  if (closing_ || server_.behaviour().kind == BehaviourKind::kMute) return;
  if (connected_) {
    OnRequest(message);
  } else {
    OnFirst(message);
  }
}

void FakeConversation::OnFirst(const std::string& message) {
  const std::optional<Json> frame = Json::Parse(message);
  if (!frame) return Close(1000, "");
  if (!FrameFaults(*frame).empty()) {
    return Close(1008, "invalid request frame");
  }
  const std::string id = frame->Get("id")->raw();
  if (frame->String("method", "") != "connect") {
    const std::string text = "invalid handshake: first request must be connect";
    Refuse(id, ErrorBody("INVALID_REQUEST", text));
    return Close(1008, text);
  }
  OnConnect(id, frame->Get("params").value_or(*Json::Parse("null")));
}

void FakeConversation::OnConnect(const std::string& id, const Json& params) {
  const FakeProcessHooks& hooks = server_.options().hooks;
  if (hooks.on_connect) hooks.on_connect();
  const Behaviour behaviour = server_.behaviour();
  if (behaviour.kind == BehaviourKind::kCloseOnConnect) {
    if (behaviour.argument == kAbnormal) return Drop();
    return Close(static_cast<uint16_t>(behaviour.argument),
                 "closed on connect");
  }
  if (const auto refusal = JudgeConnect(params, origin_, nonce_, server_)) {
    Refuse(id, refusal->error);
    return Close(refusal->code, refusal->reason);
  }
  scopes_ = Grant(params, origin_, server_);
  connected_ = true;
  socket_->LimitMessages(server_.options().max_payload);
  socket_->PingEvery(server_.options().ping_interval);
  Answer(id, Hello(params, id_, scopes_, server_));
  server_.record().Count([](auto& counts) { ++counts.handshakes; });
  if (hooks.on_hello) hooks.on_hello();
}

void FakeConversation::OnRequest(const std::string& message) {
  const std::optional<Json> frame = Json::Parse(message);
  if (!frame) return;
  const std::string faults = FrameFaults(*frame);
  const std::optional<Json> id = frame->Get("id");
  if (!faults.empty()) {
    const std::string echoed =
        id && !id->IsNull() ? id->raw() : std::string(R"("invalid")");
    return Refuse(echoed, ErrorBody("INVALID_REQUEST",
                                    "invalid request frame: " + faults));
  }
  CallMethod(*this, frame->String("method", ""), id->raw(),
             frame->Get("params"));
}

void FakeConversation::OnPing() {
  server_.record().Count([](auto& counts) { ++counts.pings; });
}

void FakeConversation::OnClosed(uint16_t code) {
  connected_ = false;
  if (upgraded_) {
    server_.record().Count([](auto& counts) { --counts.open_connections; });
    server_.record().AddClose(code);
  }
  server_.Forget(*this);
}

bool FakeConversation::May(std::string_view scope) const {
  const auto has = [this](std::string_view one) {
    return std::find(scopes_.begin(), scopes_.end(), one) != scopes_.end();
  };
  return scope.empty() || has(scope) || has("operator.admin") ||
         (scope == "operator.read" && has("operator.write"));
}

void FakeConversation::Answer(const std::string& id,
                              const std::optional<std::string>& payload) {
  SendText(OkFrame(id, payload));
}

void FakeConversation::Refuse(const std::string& id, const std::string& error) {
  SendText(ErrorFrame(id, error, std::nullopt));
}

void FakeConversation::SendEvent(const std::string& event,
                                 const std::optional<std::string>& payload,
                                 const std::string& more) {
  SendText(EventFrame(event, payload, ++seq_, more));
}

void FakeConversation::SendText(std::string text) {
  if (!server_.silent()) socket_->SendText(std::move(text));
}

void FakeConversation::SendBinary(std::string bytes) {
  if (!server_.silent()) socket_->SendBinary(std::move(bytes));
}

void FakeConversation::Close(uint16_t code, const std::string& reason) {
  closing_ = true;
  socket_->Close(code, reason);
}

void FakeConversation::Hold(std::string id, std::string params) {
  held_.emplace_back(std::move(id), std::move(params));
}

void FakeConversation::Release(bool in_order) {
  if (!in_order) std::reverse(held_.begin(), held_.end());
  for (const auto& [id, params] : std::exchange(held_, {})) Answer(id, params);
}

void FakeConversation::Later(std::chrono::milliseconds delay,
                             std::function<void()> action) {
  auto timer = std::make_shared<boost::asio::steady_timer>(server_.io(), delay);
  timer->async_wait(
      [self = weak_from_this(), timer,
       action = std::move(action)](boost::system::error_code error) {
        const auto alive = self.lock();
        if (!error && alive) action();
      });
}

}  // namespace clawplane::testing
