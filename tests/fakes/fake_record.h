// What a fake gateway has seen so far, for tests to look at and wait for.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_RECORD_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_RECORD_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace clawplane::testing {

// Written by the gateway's thread, read by the tests.
//
// Thread-safe. Outlives the gateway's thread.
class FakeRecord {
 public:
  struct Counts {
    int tcp_connections = 0;   // accepted, of any kind
    int connections = 0;       // upgraded to a WebSocket
    int open_connections = 0;  // of those, not closed yet
    int handshakes = 0;        // hello-ok sent
    int pings = 0;             // from clients
  };

  // Changes the counts under the lock, and wakes those who wait.
  void Count(const std::function<void(Counts&)>& change);
  void AddFrame(std::string frame);
  void AddClose(uint16_t code);
  void AddRequest(std::string target);
  void SetBootId(std::string boot_id);

  Counts counts() const;
  std::vector<std::string> frames() const;
  std::vector<uint16_t> closes() const;
  std::vector<std::string> requests() const;
  std::string boot_id() const;
  void ClearFrames();

  // Waits until the counts are as wanted; false when the time is up.
  bool WaitForCounts(const std::function<bool(const Counts&)>& wanted,
                     std::chrono::milliseconds timeout) const;
  // Waits until that many connections have ended.
  bool WaitForCloses(size_t count, std::chrono::milliseconds timeout) const;
  // Waits for the first frame, of all received, that is as wanted.
  std::optional<std::string> WaitForFrame(
      const std::function<bool(const std::string&)>& wanted,
      std::chrono::milliseconds timeout) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Counts counts_;
  std::vector<std::string> frames_;
  std::vector<uint16_t> closes_;
  std::vector<std::string> requests_;
  std::string boot_id_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_RECORD_H_
