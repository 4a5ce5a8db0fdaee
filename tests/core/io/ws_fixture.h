// A connection under test and its scripted peer.

#ifndef CLAWPLANE_TESTS_CORE_IO_WS_FIXTURE_H_
#define CLAWPLANE_TESTS_CORE_IO_WS_FIXTURE_H_

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/io/ws_connection.h"
#include "tests/core/io/scripted_peer.h"

namespace clawplane::core {

// Limits small enough that a test can reach them. The times that must not run
// out in a test are long, and the others short.
inline WsLimits TestLimits() {
  WsLimits limits;
  limits.max_message_bytes = 1000;
  limits.connect_timeout = std::chrono::seconds(60);
  limits.upgrade_timeout = std::chrono::seconds(60);
  limits.close_timeout = std::chrono::seconds(60);
  return limits;
}

class WsTest : public StrandTest {
 protected:
  // Records each report as a line, and then calls `inside_` with it. Signs of
  // life are counted apart: how many there are is the system's choice.
  ConnectionReports Reports() {
    ConnectionReports reports;
    reports.on_open = [this] { Record("open"); };
    reports.on_message = [this](std::string_view text) {
      Record("message " + std::string(text));
    };
    reports.on_oversized = [this](std::string_view head, size_t size) {
      Record(absl::StrCat("oversized ", head.size(), " of ", size));
    };
    reports.on_alive = [this] { Note("alive"); };
    reports.on_pong = [this] { Note("pong"); };
    reports.on_write = [this](uint64_t tag) {
      Record(absl::StrCat("write ", tag));
    };
    reports.on_end = [this](ConnectionEnd end) {
      end_ = end;
      Record(absl::StrCat("end ", end.code));
    };
    return reports;
  }

  void Record(const std::string& report) {
    reports_.push_back(report);
    Check(report);
  }
  void Note(const std::string& sign) {
    ++signs_[sign];
    Check(sign);
  }
  void Check(const std::string& report) {
    strand_.AssertHeld();
    EXPECT_FALSE(in_call_) << report << " came from inside a call";
    EXPECT_FALSE(ended_) << report << " came after the end";
    EXPECT_TRUE(alive_) << report << " came after destruction";
    ended_ = end_.has_value();
    if (inside_) inside_(report);
  }

  void Connect(uint16_t port, WsLimits limits = TestLimits()) {
    OnStrand([&] {
      WsConnector connector(strand_, limits);
      in_call_ = true;
      alive_ = true;
      connection_ = connector.Connect(port, Reports());
      in_call_ = false;
    });
  }

  void Send(std::string message, uint64_t tag = 0) {
    OnStrand([&] { SendHere(std::move(message), tag); });
  }
  void SendHere(std::string message, uint64_t tag) {
    in_call_ = true;
    connection_->Send(std::move(message), tag);
    in_call_ = false;
  }
  void Ping() {
    OnStrand([&] { PingHere(); });
  }
  void PingHere() {
    in_call_ = true;
    connection_->Ping();
    in_call_ = false;
  }
  void Close(uint16_t code, std::string_view reason) {
    OnStrand([&] { CloseHere(code, reason); });
  }
  void CloseHere(uint16_t code, std::string_view reason) {
    in_call_ = true;
    connection_->Close(code, reason);
    in_call_ = false;
  }
  void DestroyHere() {
    alive_ = false;
    connection_.reset();
  }

  // Connects to the peer and gets the upgrade through.
  void Open(WsLimits limits = TestLimits()) {
    Connect(peer_.port(), limits);
    ASSERT_TRUE(Until([&] { return peer_.has_request(); }));
    peer_.AcceptUpgrade();
    ASSERT_TRUE(Until([&] { return Count("open") == 1; }));
  }

  // Waits for the end and everything that might wrongly follow it.
  void ExpectEnd(uint16_t code, std::string_view reason) {
    ASSERT_TRUE(Until([&] { return end_.has_value(); }));
    EXPECT_EQ(end_->code, code);
    EXPECT_EQ(end_->reason, reason);
    Settle();
  }

  size_t Count(std::string_view report) const {
    return static_cast<size_t>(
        std::count(reports_.begin(), reports_.end(), report));
  }
  bool WaitFor(std::string_view report) {
    return Until([&] { return Count(report) > 0; });
  }
  bool WaitForSign(const std::string& sign) {
    return Until([&] { return signs_[sign] > 0; });
  }
  bool WaitForFrames(size_t count) {
    return Until([&] { return peer_.frames().size() >= count; });
  }

  void TearDown() override {
    OnStrand([&] { DestroyHere(); });
    Settle();
  }

  ScriptedPeer peer_{io_};
  std::unique_ptr<Connection> connection_;
  std::vector<std::string> reports_;
  std::map<std::string, size_t> signs_;
  std::optional<ConnectionEnd> end_;
  std::function<void(const std::string&)> inside_;
  bool in_call_ = false;
  bool ended_ = false;
  bool alive_ = false;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_WS_FIXTURE_H_
