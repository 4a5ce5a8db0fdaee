// One fault at a time is done to a gateway or its daemon, and what comes of it
// is looked at as a client sees it.

#ifndef CLAWPLANE_TESTS_CHAOS_CHAOS_TEST_H_
#define CLAWPLANE_TESTS_CHAOS_CHAOS_TEST_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/chaos/pending.h"
#include "tests/chaos/watch.h"
#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_gateway.h"

namespace clawplane::testing {

using State = v1::GatewayStatus;

// Where in its life the gateway is when the fault comes.
enum class Point {
  kStopped,
  kWaitingForPort,
  kWaitingForReady,
  kConnecting,
  kRunning,
  // Backing off, while the child lives: it declines connections.
  kReconnecting,
  // Backing off, after the child was killed.
  kRelaunching,
  // In a stop, with a gateway that ignores SIGTERM.
  kTerminating,
  // In a restart, after the stop.
  kRestartDelay,
};

// What has become of the process.
enum class Process { kSame, kOther, kNone };

class ChaosTest;

struct Case {
  // In one word.
  const char* name;
  const char* fault;
  Point point;
  std::function<void(ChaosTest&)> inject;

  // What is expected.
  v1::GatewayStatus::State state;
  Process process;
  // Told of on the way, or in the end.
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  // How the call ends that was made before the fault.
  grpc::StatusCode call = grpc::StatusCode::OK;
  // What must have been seen since the fault besides.
  std::function<bool(const Seen&)> also = nullptr;

  // Of the fake gateway, and further settings. `{bad}` among the arguments is
  // where it counts its starts: only the first is bad.
  std::vector<std::string> arguments = {};
  const char* settings = "";
  // The call made before the fault, where it is not the usual one.
  const char* method = nullptr;
  const char* params = "{}";
  std::chrono::milliseconds call_timeout = std::chrono::seconds(30);
  // Lets the gateway be started again, where that takes more than an order.
  std::function<void()> mend = nullptr;
};

inline std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << one.fault;
}

// Short limits, a fake that ticks each second, and a client that follows all.
//
// Thread-compatible.
class ChaosTest : public DaemonTest {
 public:
  // ---- What faults are made of
  pid_t gateway() const { return pid_; }
  void Signal(int number) const;
  void SignalDaemon(int number) const { daemon_->Signal(number); }
  // Starts a call that is not waited for.
  void Send(const std::string& method, const std::string& params = "{}");
  // Takes the gateway's port, once it is free; and gives it back.
  void StealPort(Behaviour behaviour);
  void ReturnPort() { thief_.reset(); }
  bool Await(const std::function<bool(const Seen&)>& since_fault);
  // The time to recover counts from now on.
  void BeginRecovery() { fault_at_ = std::chrono::steady_clock::now(); }
  void BeginStart();
  void GiveStop();
  // Whether a health check that begins from now on finds all well.
  bool IsFoundHealthy();

 protected:
  // With the settings common to all. `more` follows the fake's lines.
  void Open(const std::vector<std::string>& arguments, const std::string& more,
            const std::vector<std::string>& variables = {});
  // As above, with these lines for the gateway.
  void OpenWith(const std::string& gateway_lines,
                const std::vector<std::string>& variables = {});

  // The whole of one case, with the daemon open.
  void Run(const Case& one);

  grpc::Status Rpc(const std::string& method, const std::string& params = "{}");
  v1::GatewayStatus Status();

  // The parts of `Run`. Of them, this does the fault and looks at its end.
  void Inject(const Case& one);
  void Reach(const Case& one);
  void AwaitPhase(v1::GatewayStatus::Phase phase);
  void HoldCall(const Case& one, bool waiting);
  void BeginFault();
  void ExpectEnd(const Case& one);
  void ExpectOrderEnded(v1::GatewayStatus::State state);
  void ExpectCallsEnded(const Case& one);
  // That the gateway can be used, or started and used.
  void ExpectWorks();
  // After a stop the same holds as below, and that there are no descriptors
  // more than at first.
  void ExpectNothingLeft();
  // That nothing but the gateway is a child of the daemon.
  void ExpectNoOtherChild();
  void ExpectSoundLog();
  void Keep(const std::string& fault, const std::string& phase,
            const std::string& expected, const std::string& seen);

  // How long anything may take.
  std::chrono::seconds patience_{25};
  std::unique_ptr<v1::GatewayService::Stub> stub_;
  std::unique_ptr<Watch> watch_;
  std::map<std::string, int> descriptors_;
  pid_t pid_ = 0;
  Seen before_;
  std::chrono::steady_clock::time_point fault_at_;
  std::chrono::milliseconds took_{};
  std::string seen_;

 private:
  bool AwaitStatus(const std::function<bool(const v1::GatewayStatus&)>& is_so);
  std::string Describe(const v1::GatewayStatus& status, const Seen& since);

  std::unique_ptr<FakeGateway> thief_;
  std::unique_ptr<PendingRpc> held_;
  std::vector<std::unique_ptr<PendingRpc>> sent_;
  std::unique_ptr<PendingStart> start_;
  std::unique_ptr<PendingStop> stop_;
  std::unique_ptr<PendingRestart> restart_;
};

// Each of its parameters is one case.
class FaultTest : public ChaosTest,
                  public ::testing::WithParamInterface<Case> {};

inline std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

// The settings and arguments that cases share.
std::string Name(v1::GatewayStatus::State state);
std::string Name(v1::Reason reason);
std::string Name(grpc::StatusCode code);
std::string Name(Process process);
const char* Name(Point point);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_CHAOS_TEST_H_
