#include "tests/fakes/fake_gateway.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "tests/fakes/fake_conversation.h"
#include "tests/fakes/fake_json.h"
#include "tests/fakes/fake_server.h"

namespace clawplane::testing {

namespace asio = boost::asio;
using std::chrono::milliseconds;

FakeGateway::FakeGateway(FakeGatewayOptions options)
    : io_(std::make_unique<asio::io_context>(1)),
      server_(std::make_unique<FakeServer>(*io_, std::move(options), record_)),
      status_(server_->Open()) {
  if (!status_.ok()) return;
  port_ = server_->port();
  running_ = true;
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(*io_);
    io_->run();
  });
}

FakeGateway::~FakeGateway() { Stop(); }

void FakeGateway::Stop() {
  Do([](FakeServer& server) { server.Leave(); });
  {
    std::lock_guard lock(mutex_);
    running_ = false;
  }
  io_->stop();
  if (thread_.joinable()) thread_.join();
}

void FakeGateway::Do(const std::function<void(FakeServer&)>& command) {
  // A hook may give commands too.
  if (io_->get_executor().running_in_this_thread()) return command(*server_);
  std::promise<void> done;
  {
    std::lock_guard lock(mutex_);
    if (!running_) return;
    asio::post(*io_, [&] {
      command(*server_);
      done.set_value();
    });
  }
  done.get_future().wait();
}

bool FakeGateway::WaitForConnections(int count, milliseconds timeout) const {
  return WaitForCounts(
      [&](const auto& counts) { return counts.connections >= count; }, timeout);
}

bool FakeGateway::WaitForHandshakes(int count, milliseconds timeout) const {
  return WaitForCounts(
      [&](const auto& counts) { return counts.handshakes >= count; }, timeout);
}

bool FakeGateway::WaitForOpenConnections(int count,
                                         milliseconds timeout) const {
  return WaitForCounts(
      [&](const auto& counts) { return counts.open_connections == count; },
      timeout);
}

bool FakeGateway::WaitForCounts(
    const std::function<bool(const FakeRecord::Counts&)>& wanted,
    milliseconds timeout) const {
  return record_.WaitForCounts(wanted, timeout);
}

bool FakeGateway::WaitForCloses(size_t count, milliseconds timeout) const {
  return record_.WaitForCloses(count, timeout);
}

std::optional<std::string> FakeGateway::WaitForFrame(
    const std::function<bool(const std::string&)>& wanted,
    milliseconds timeout) const {
  return record_.WaitForFrame(wanted, timeout);
}

std::optional<std::string> FakeGateway::WaitForMethod(
    std::string_view method, milliseconds timeout) const {
  return WaitForFrame(
      [&](const std::string& text) {
        const std::optional<Json> frame = Json::Parse(text);
        return frame && frame->String("method", "") == method;
      },
      timeout);
}

void FakeGateway::Emit(std::string event,
                       std::optional<std::string> payload_json) {
  Do([&](FakeServer& server) { server.Broadcast(event, payload_json); });
}

void FakeGateway::SkipSeq(int64_t count) {
  Do([&](FakeServer& server) {
    server.ForEach([&](FakeConversation& one) { one.SkipSeq(count); });
  });
}

void FakeGateway::SendRaw(std::string text) {
  Do([&](FakeServer& server) {
    server.ForEach([&](FakeConversation& one) {
      if (one.connected()) one.SendText(text);
    });
  });
}

void FakeGateway::SendBinary(std::string bytes) {
  Do([&](FakeServer& server) {
    server.ForEach([&](FakeConversation& one) {
      if (one.connected()) one.SendBinary(bytes);
    });
  });
}

void FakeGateway::CloseAll(uint16_t code, std::string reason) {
  Do([&](FakeServer& server) { server.CloseAll(code, reason); });
}

void FakeGateway::DropAll() {
  Do([](FakeServer& server) { server.DropAll(); });
}

void FakeGateway::SetReady(bool ready) {
  Do([&](FakeServer& server) { server.SetReady(ready); });
}

void FakeGateway::SetBehaviour(Behaviour behaviour) {
  Do([&](FakeServer& server) { server.SetBehaviour(behaviour); });
}

void FakeGateway::SetToken(std::string token) {
  Do([&](FakeServer& server) { server.SetToken(std::move(token)); });
}

void FakeGateway::ForgetDevices() {
  Do([](FakeServer& server) { server.devices().ForgetAll(); });
}

void FakeGateway::SetApproving(bool approving) {
  Do([&](FakeServer& server) { server.devices().SetApproving(approving); });
}

void FakeGateway::SetTicking(bool ticking) {
  Do([&](FakeServer& server) { server.SetTicking(ticking); });
}

void FakeGateway::ReleaseHeld() {
  Do([](FakeServer& server) {
    server.ForEach([](FakeConversation& client) { client.Release(true); });
  });
}

void FakeGateway::SetWork(int64_t work, bool tell) {
  Do([&](FakeServer& server) { server.SetWork(work, tell); });
}

void FakeGateway::SetSilent(bool silent) {
  Do([&](FakeServer& server) { server.SetSilent(silent); });
}

void FakeGateway::Restart(milliseconds delay) {
  Do([&](FakeServer& server) { server.Restart(delay); });
}

void FakeGateway::ShutDown(bool announce) {
  Do([&](FakeServer& server) { server.ShutDown(announce); });
}

}  // namespace clawplane::testing
