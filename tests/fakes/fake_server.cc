#include "tests/fakes/fake_server.h"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_conversation.h"
#include "tests/fakes/fake_json.h"

namespace clawplane::testing {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

// How long a shutdown waits for clients to close in their turn.
constexpr std::chrono::milliseconds kDrainTime{1000};

}  // namespace

FakeServer::FakeServer(asio::io_context& io, FakeGatewayOptions options,
                       FakeRecord& record)
    : io_(io),
      options_(std::move(options)),
      record_(record),
      acceptor_(io),
      tick_(io),
      ready_timer_(io),
      exit_timer_(io),
      devices_(options_.devices) {
  if (options_.boot_id.empty()) options_.boot_id = MakeUuid();
  record_.SetBootId(options_.boot_id);
}

FakeServer::~FakeServer() = default;

absl::Status FakeServer::Open() {
  if (absl::Status listening = Listen(options_.port); !listening.ok()) {
    return listening;
  }
  if (options_.ready_delay.count() > 0) {
    ready_ = false;
    ScheduleReady(options_.ready_delay);
  }
  if (options_.tick_interval.count() > 0) Tick();
  return absl::OkStatus();
}

absl::Status FakeServer::Listen(uint16_t port) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  Error error;
  acceptor_.close(error);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error && behaviour().kind != BehaviourKind::kNeverListens) {
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on 127.0.0.1:", port, ": ", error.message()));
  }
  port_ = acceptor_.local_endpoint(error).port();
  if (behaviour().kind != BehaviourKind::kNeverListens) Accept();
  return absl::OkStatus();
}

void FakeServer::Accept() {
  acceptor_.async_accept([this](Error error, tcp::socket connection) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      record_.Count([](auto& counts) { ++counts.tcp_connections; });
      auto conversation = std::make_shared<FakeConversation>(*this);
      conversations_.insert(conversation);
      conversation->Begin(MakeFakeSocket(std::move(connection), *conversation));
    }
    Accept();
  });
}

void FakeServer::Tick() {
  tick_.expires_after(options_.tick_interval);
  tick_.async_wait([this](Error error) {
    if (error) return;
    if (ticking_) Broadcast("tick", absl::StrCat(R"({"ts":)", NowMs(), "}"));
    Tick();
  });
}

int64_t FakeServer::presence_version() const {
  return static_cast<int64_t>(system_events_.size()) + 1;
}

bool FakeServer::TakeTooEarly() {
  Behaviour& behaviour = options_.behaviour;
  if (behaviour.kind == BehaviourKind::kStarting && behaviour.argument > 0) {
    --behaviour.argument;
    return true;
  }
  return !ready_ || behaviour.kind == BehaviourKind::kStartingForever;
}

void FakeServer::SetReady(bool ready) {
  ready_timer_.cancel();
  ready_ = ready;
}

void FakeServer::ScheduleReady(std::chrono::milliseconds delay) {
  ready_timer_.expires_after(delay);
  ready_timer_.async_wait([this](Error error) {
    if (error) return;
    ready_ = true;
    if (options_.hooks.on_ready) options_.hooks.on_ready();
  });
}

void FakeServer::SetBehaviour(Behaviour behaviour) {
  const bool listened = options_.behaviour.kind != BehaviourKind::kNeverListens;
  options_.behaviour = behaviour;
  const bool listens = behaviour.kind != BehaviourKind::kNeverListens;
  if (listens != listened) Listen(port_).IgnoreError();
}

void FakeServer::Broadcast(const std::string& event,
                           const std::optional<std::string>& payload,
                           bool to_readers_only, const std::string& more) {
  ForEach([&](FakeConversation& conversation) {
    if (!conversation.connected()) return;
    if (to_readers_only && !conversation.May("operator.read")) return;
    conversation.SendEvent(event, payload, more);
  });
}

void FakeServer::ForEach(const std::function<void(FakeConversation&)>& visit) {
  for (const auto& conversation : conversations_) visit(*conversation);
}

void FakeServer::CloseAll(uint16_t code, const std::string& reason) {
  ForEach([&](FakeConversation& conversation) {
    conversation.Close(code, reason);
  });
}

void FakeServer::DropAll() {
  ForEach([](FakeConversation& conversation) { conversation.Drop(); });
}

void FakeServer::Restart(std::chrono::milliseconds delay) {
  Broadcast("shutdown",
            R"({"reason":"gateway restarting","restartExpectedMs":1500})");
  CloseAll(1012, "service restart");
  options_.boot_id = MakeUuid();
  record_.SetBootId(options_.boot_id);
  ready_ = false;
  ScheduleReady(delay);
}

void FakeServer::ShutDown(bool announce) {
  if (draining_) return;
  draining_ = true;
  if (announce) Broadcast("shutdown", R"({"reason":"gateway stopping"})");
  CloseAll(1012, "service restart");
  if (conversations_.empty()) return ExitOnce();
  exit_timer_.expires_after(kDrainTime);
  exit_timer_.async_wait([this](Error error) {
    if (!error) ExitOnce();
  });
}

void FakeServer::ExitOnce() {
  if (std::exchange(exited_, true)) return;
  exit_timer_.cancel();
  if (options_.hooks.exit) options_.hooks.exit(0);
}

void FakeServer::Leave() {
  Error ignored;
  acceptor_.close(ignored);
  DropAll();
}

void FakeServer::Forget(FakeConversation& conversation) {
  conversations_.erase(conversation.shared_from_this());
  if (draining_ && conversations_.empty()) ExitOnce();
}

std::string MakeUuid() {
  static thread_local boost::uuids::random_generator make;
  return boost::uuids::to_string(make());
}

int64_t NowMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace clawplane::testing
