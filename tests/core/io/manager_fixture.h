// What the tests of the manager share: a manager between a real connection and
// probe, a fake gateway, processes that the test drives, and manual time.

#ifndef CLAWPLANE_TESTS_CORE_IO_MANAGER_FIXTURE_H_
#define CLAWPLANE_TESTS_CORE_IO_MANAGER_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/io/gateway_manager.h"
#include "core/io/http_probe.h"
#include "core/io/unique_fd.h"
#include "core/io/ws_connection.h"
#include "tests/core/io/manual_alarm.h"
#include "tests/core/io/scripted_launcher.h"
#include "tests/fakes/fake_gateway.h"

namespace clawplane::core {

using testing::Behaviour;
using testing::BehaviourKind;
using testing::FakeGateway;
using testing::FakeGatewayOptions;

// The real probe, and how many looks are in progress. On the strand.
class CountingProber final : public Prober {
 public:
  CountingProber(CoreStrand& strand, std::function<void()> on_report)
      : strand_(strand), prober_(strand), on_report_(std::move(on_report)) {}

  std::unique_ptr<Probe> Look(uint16_t port, pid_t leader, Duration timeout,
                              std::function<void(ProbeReport)> report) override;

  int looking() const { return *looking_; }

  // Found without a look, where there are too many of them.
  std::optional<ProbeReport> assumed;

 private:
  CoreStrand& strand_;
  HttpProber prober_;
  const std::function<void()> on_report_;
  const std::shared_ptr<int> looking_ = std::make_shared<int>(0);
};

// How a call ended, kept.
struct Answer {
  std::optional<std::string> payload;
  std::optional<CallRefused> refused;
  std::optional<CallFailed> failed;

  bool answered() const { return !refused && !failed; }
};

// A port of the loopback interface that nobody else can take, and on which a
// fake gateway can listen all the same.
class HeldPort {
 public:
  HeldPort();
  uint16_t number() const { return number_; }

 private:
  UniqueFd socket_;
  uint16_t number_ = 0;
};

// Runs the strand on two threads. At the end of each test it checks that the
// manager leaves nothing to do behind, and that the token is in nothing that it
// gave out.
class ManagerTest : public ::testing::Test {
 protected:
  // Whether manual time goes on by itself while the manager only waits for it.
  enum class Time { kStands, kFlies };

  template <typename T>
  using Later = std::shared_ptr<std::optional<T>>;

  static constexpr char kToken[] = "tok-5eb1c3d09a7f-for-tests";

  ManagerTest();
  ~ManagerTest() override;

  // Makes the manager out of `config`, in this mode.
  void Begin(Mode mode);
  // A gateway that is not a process of ours.
  FakeGateway& ServeForeign(Behaviour behaviour = {});
  FakeGatewayOptions Options(Behaviour behaviour = {}) const;
  // From now on each process serves such a gateway.
  void LaunchesServe(Behaviour behaviour = {});
  // Begins in the mode, and gets to RUNNING.
  FakeGateway& RunAttached();
  FakeGateway& RunLaunched();

  void OnStrand(std::function<void()> task);
  // Until the condition holds; it is asked on the strand.
  void Await(std::function<bool()> condition, Time time = Time::kStands);
  // Something happened that no subscriber is told of: what is awaited may be so
  // now. On the strand.
  void Changed();
  void AwaitState(State state, Time time = Time::kStands);
  void AwaitPhase(Phase phase, Time time = Time::kStands);
  void AwaitEvents(EventKind kind, size_t count);
  void Advance(Duration duration);

  Later<OrderResult> Start();
  Later<OrderResult> Stop(bool force = false);
  Later<OrderResult> Restart();
  OrderResult Result(const Later<OrderResult>& order, Time time = Time::kFlies);
  Later<Answer> Call(CallRequest request, CallId* id = nullptr);
  Answer Result(const Later<Answer>& call);
  // A call with plenty of time.
  CallRequest Request(std::string method,
                      std::optional<std::string> params = {});
  Answer Ask(std::string method, std::optional<std::string> params = {}) {
    return Result(Call(Request(std::move(method), std::move(params))));
  }

  GatewayStatus Status();
  std::vector<Event> Events();
  std::vector<Event> EventsOf(EventKind kind);
  // The reasons of the errors that the event log tells of, in order.
  std::vector<Reason> ErrorsTold();
  // The states that the event log tells of, in order.
  std::vector<State> StatesTold();
  std::vector<std::string> Lines();
  // The process that was launched last.
  ScriptedLife& life() { return *launcher_.lives.back(); }
  uint16_t port() const { return port_.number(); }

  // Gives the manager up, and checks that Asio runs out of work.
  void Finish();

  Config config_;
  HeldPort port_;
  boost::asio::io_context io_;
  CoreStrand strand_{io_};
  ManualAlarm alarm_{strand_};
  ScriptedLauncher launcher_{strand_};
  std::variant<std::string, Fault> token_ = kToken;
  std::variant<LaunchSpec, Fault> repair_ =
      LaunchSpec{"/bin/gateway", {"doctor", "--fix"}, "/", {}};
  std::string lock_holder_;
  // Who we are; nobody unless a test says so before it begins.
  const DeviceIdentity* device_ = nullptr;
  std::vector<std::string> warnings_;
  // The signals that a listener was to be sent, and what sending fails with.
  std::vector<std::pair<int, int>> signals_;
  std::optional<Fault> signal_fault_;
  // What was stored, the wishes in it, and what storing fails with.
  std::vector<StateRecord> records_;
  std::vector<bool> wishes_;
  std::optional<Fault> wish_fault_;
  CountingProber prober_{strand_, [this] { Changed(); }};
  std::unique_ptr<FakeGateway> foreign_;
  std::unique_ptr<GatewayManager> manager_;

 private:
  struct Awaited {
    std::function<bool()> condition;
    Time time;
    std::promise<void> met;
  };

  // Follows a topic, so that what is awaited is looked at when it changes.
  class Watcher final : public Subscriber {
   public:
    Watcher(ManagerTest& test, Topic topic) : topic(topic), test_(test) {}
    void Wake(uint64_t from) override;
    void OnIdle(uint64_t from) override;
    void Close(const Fault& why) override;

    const Topic topic;

   private:
    ManagerTest& test_;
  };

  void OnStored(const StateRecord& record);
  void Check();
  // Only time can make a difference.
  bool WaitsForTime() const;
  Later<OrderResult> Ordered(
      std::function<void(GatewayManager::OrderCompletion)> give);
  // Keeps what was given out, for the search for the token.
  void Emit(std::string_view text);
  void EmitFault(const Fault& fault);
  void EmitAll();

  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{io_.get_executor()};
  std::optional<WsConnector> connector_;
  std::string emitted_;
  std::string log_;
  std::shared_ptr<Awaited> awaited_;
  const std::array<std::unique_ptr<Watcher>, 3> watchers_ = {
      std::make_unique<Watcher>(*this, Topic::kStatus),
      std::make_unique<Watcher>(*this, Topic::kEvents),
      std::make_unique<Watcher>(*this, Topic::kLogs)};
  bool checking_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_MANAGER_FIXTURE_H_
