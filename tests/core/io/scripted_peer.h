// A TCP peer that does what a test tells it, byte by byte, and the loop that
// both ends run on.

#ifndef CLAWPLANE_TESTS_CORE_IO_SCRIPTED_PEER_H_
#define CLAWPLANE_TESTS_CORE_IO_SCRIPTED_PEER_H_

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/core_strand.h"

namespace clawplane::core {

// An event loop that the test itself turns, one handler at a time.
class StrandTest : public ::testing::Test {
 protected:
  // Turns the loop until `done()`; false if that takes absurdly long.
  template <typename Condition>
  bool Until(Condition done) {
    const auto limit =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      io_.restart();
      if (std::chrono::steady_clock::now() > limit) return false;
      io_.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }

  // Runs `task` on the strand, with all that is ready before it.
  template <typename Task>
  void OnStrand(Task task) {
    bool ran = false;
    strand_.Post([&] {
      task();
      ran = true;
    });
    ASSERT_TRUE(Until([&] { return ran; }));
  }

  // Runs all that is ready.
  void Settle() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }

  boost::asio::io_context io_;
  CoreStrand strand_{io_};
};

// A WebSocket frame as it came from the client, unmasked.
struct WireFrame {
  bool last = false;
  int opcode = 0;
  bool masked = false;
  std::string payload;
};

constexpr int kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9,
              kPong = 10;

// A frame of a server.
std::string ServerFrame(int opcode, std::string_view payload, bool last = true);
std::string CloseFrame(uint16_t code, std::string_view reason);

// Accepts one connection and records what comes.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(boost::asio::io_context& io,
                        const char* address = "127.0.0.1");

  uint16_t port() const { return port_; }
  bool connected() const { return connected_; }
  // The client ended or dropped the connection.
  bool ended() const { return ended_; }
  const std::string& received() const { return received_; }
  bool has_request() const;
  // What came after the request, as far as it is complete.
  std::vector<WireFrame> frames() const;

  // Neither takes nor notices anything from now on.
  void StopReading() { reading_ = false; }
  // Goes on after `StopReading`.
  void StartReading();
  // Sends `bytes`, before anything written later.
  void Write(std::string bytes);
  // `more` are further lines of the answer.
  void AcceptUpgrade(const std::string& more = "");
  // Sends no more than the next `bytes` bytes of what is written from now on.
  void CutAfter(size_t bytes) { room_ = bytes; }
  bool all_written() const { return !writing_; }
  // Ends the connection as a process does that exits, or that is killed while
  // bytes are unread.
  void Drop();
  void Reset();

 private:
  void Read();
  void Flush();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::socket socket_;
  const uint16_t port_;
  bool connected_ = false;
  bool ended_ = false;
  bool reading_ = true;
  bool writing_ = false;
  size_t room_ = SIZE_MAX;
  std::string received_;
  std::string outgoing_;
  std::string in_flight_;
  char chunk_[64 * 1024];
  // Operations that end later than the peer find it gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_SCRIPTED_PEER_H_
