// A daemon that is attacked, and a client of it that keeps the rules.

#ifndef CLAWPLANE_TESTS_ABUSE_ATTACKED_DAEMON_H_
#define CLAWPLANE_TESTS_ABUSE_ATTACKED_DAEMON_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"

namespace clawplane::testing {

// Makes call after call over one connection, from its construction to `Stop`.
//
// Thread-compatible; it has a thread of its own.
class Bystander {
 public:
  // `token` may be empty.
  Bystander(const std::string& target, const std::string& token);
  ~Bystander();

  // Calls that were answered so far.
  size_t answered() const { return answered_; }
  // Waits for one more than there are now; false if it does not come.
  bool GoesOn() const;
  // Ends it; what the first call that failed was told, or nothing.
  std::string Stop();

 private:
  void Run();

  const std::unique_ptr<v1::GatewayService::Stub> stub_;
  const std::string token_;
  std::atomic<bool> stops_ = false;
  std::atomic<size_t> answered_ = 0;
  std::string failure_;
  std::thread thread_;
};

// A test with a daemon and a bystander on each of its sockets. At its end both
// have gone on, each was answered in the meantime, and the daemon is as before:
// the same process, its descriptors closed, its memory within the bound.
class AttackTest : public DaemonTest {
 protected:
  // How much the daemon's memory may grow, as docs/security.md says; more where
  // AddressSanitizer keeps what was freed for a while.
#ifdef __SANITIZE_ADDRESS__
  static constexpr size_t kMostGrowthMib = 1'000;
#else
  static constexpr size_t kMostGrowthMib = 400;
#endif

  void SetUp() override;
  void TearDown() override;

  const std::string& tcp() const { return tcp_; }
  std::string unix_target() const { return "unix:" + socket(); }
  pid_t pid() const { return daemon_->pid(); }

  size_t ResidentMib() const;
  // The most that it has had.
  size_t PeakMib() const;
  size_t OpenFiles() const;
  // One call over a connection of its own.
  bool AnswersAnew() const;
  // Both bystanders are answered once more.
  bool OthersGoOn() const;

 private:
  std::string tcp_;
  size_t files_before_ = 0;
  size_t resident_before_ = 0;
  std::vector<std::unique_ptr<Bystander>> bystanders_;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_ABUSE_ATTACKED_DAEMON_H_
