// A gateway for tests: speaks as OpenClaw 2026.9.6 does, and misbehaves when
// told to.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_GATEWAY_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_GATEWAY_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "tests/fakes/fake_behaviour.h"
#include "tests/fakes/fake_options.h"
#include "tests/fakes/fake_record.h"

namespace boost::asio {
class io_context;
}

namespace clawplane::testing {

class FakeServer;

// Serves from its construction until `Stop`, on 127.0.0.1 and a thread of its
// own. Clients can steer it with the methods `fake.*`, and tests with the
// commands below; a command has been carried out when it returns, though what
// it sends is only on its way.
//
// Thread-safe, but for `Stop` and the destructor, which want one caller. Owns
// its thread, and all connections.
class FakeGateway {
 public:
  static constexpr std::chrono::milliseconds kPatience{5000};

  explicit FakeGateway(FakeGatewayOptions options = {});
  ~FakeGateway();
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;

  // Not OK where the port could not be had; nothing is served then.
  const absl::Status& status() const { return status_; }
  uint16_t port() const { return port_; }
  // Drops all connections and lets go of the port.
  void Stop();

  // ---- What has been seen. Waiting functions return false, or nothing, when
  // the time is up first.
  FakeRecord::Counts counts() const { return record_.counts(); }
  int connections() const { return counts().connections; }
  // All text and binary messages from all clients, in the order they came.
  std::vector<std::string> frames() const { return record_.frames(); }
  // The codes with which WebSockets ended: the client's, or 1006.
  std::vector<uint16_t> closes() const { return record_.closes(); }
  // `GET /readyz` and the like, upgrades included.
  std::vector<std::string> http_requests() const { return record_.requests(); }
  std::string boot_id() const { return record_.boot_id(); }
  void ClearFrames() { record_.ClearFrames(); }

  // Until so many WebSockets have been opened, since the start.
  bool WaitForConnections(int count,
                          std::chrono::milliseconds timeout = kPatience) const;
  // Until so many have been greeted with hello-ok, since the start.
  bool WaitForHandshakes(int count,
                         std::chrono::milliseconds timeout = kPatience) const;
  // Until exactly so many WebSockets are open.
  bool WaitForOpenConnections(
      int count, std::chrono::milliseconds timeout = kPatience) const;
  bool WaitForCounts(
      const std::function<bool(const FakeRecord::Counts&)>& wanted,
      std::chrono::milliseconds timeout = kPatience) const;
  bool WaitForCloses(size_t count,
                     std::chrono::milliseconds timeout = kPatience) const;
  // The first frame, of all since the start or `ClearFrames`.
  std::optional<std::string> WaitForFrame(
      const std::function<bool(const std::string&)>& wanted,
      std::chrono::milliseconds timeout = kPatience) const;
  // The first request for this method.
  std::optional<std::string> WaitForMethod(
      std::string_view method,
      std::chrono::milliseconds timeout = kPatience) const;

  // ---- Commands. Those that send something reach the clients that are past
  // their handshake; after `Stop` they do nothing.
  // An event with the next number of each connection. The payload is JSON.
  void Emit(std::string event, std::optional<std::string> payload_json);
  // Leaves out so many event numbers.
  void SkipSeq(int64_t count);
  // A text message as it is.
  void SendRaw(std::string text);
  void SendBinary(std::string bytes);
  // To all sockets, greeted or not: a close frame, or a reset without one.
  void CloseAll(uint16_t code, std::string reason);
  void DropAll();
  void SetReady(bool ready);
  // For what happens from now on; connections stay.
  void SetBehaviour(Behaviour behaviour);
  void SetToken(std::string token);
  // As a person does: all devices, and their tokens, are unknown; a new one is
  // let in, or has to wait for somebody's approval.
  void ForgetDevices();
  void SetApproving(bool approving);
  // Off: no `tick` any more, as if the gateway hung.
  void SetTicking(bool ticking);
  // On: reads, and says nothing more over any WebSocket. Pings are answered.
  void SetSilent(bool silent);
  // Answers the calls that are held.
  void ReleaseHeld();
  // It has so much work from now on; `tell`: it says so while it drains.
  void SetWork(int64_t work, bool tell = true);
  // Announces a restart, closes all with 1012, is not ready for a while, and
  // has another boot id then.
  void Restart(std::chrono::milliseconds delay);
  // As on SIGTERM: announces it, closes all with 1012 and takes nobody in any
  // more. Calls the exit hook when all are gone.
  void ShutDown(bool announce = true);

 private:
  void Do(const std::function<void(FakeServer&)>& command);

  FakeRecord record_;
  const std::unique_ptr<boost::asio::io_context> io_;
  const std::unique_ptr<FakeServer> server_;
  absl::Status status_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  bool running_ = false;
  std::thread thread_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_GATEWAY_H_
