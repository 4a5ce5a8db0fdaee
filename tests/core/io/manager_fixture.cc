#include "tests/core/io/manager_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::chrono::seconds;

// Real time, for machines that are slow and busy.
constexpr seconds kPatience(10);
constexpr std::chrono::milliseconds kLook(10);

constexpr size_t kMaxMessage = 1024 * 1024;

// A look that tells when it ends.
class CountedLook final : public Probe {
 public:
  explicit CountedLook(std::shared_ptr<int> looking)
      : looking_(std::move(looking)) {
    ++*looking_;
  }
  ~CountedLook() override { End(); }

  void End() {
    if (!std::exchange(over_, true)) --*looking_;
  }

  std::unique_ptr<Probe> look;
  // Goes with it.
  const std::shared_ptr<bool> alive = std::make_shared<bool>(true);

 private:
  const std::shared_ptr<int> looking_;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Probe> CountingProber::Look(
    uint16_t port, pid_t leader, Duration timeout,
    std::function<void(ProbeReport)> report) {
  auto counted = std::make_unique<CountedLook>(looking_);
  auto tell = [look = counted.get(), report = std::move(report),
               on_report = on_report_](ProbeReport found) {
    // The report destroys the look, and this function with it.
    const auto then = on_report;
    look->End();
    report(std::move(found));
    then();
  };
  if (assumed) {
    strand_.Post([tell = std::move(tell), found = *assumed,
                  alive = std::weak_ptr(counted->alive)]() {
      if (!alive.expired()) tell(found);
    });
  } else {
    counted->look = prober_.Look(port, leader, timeout, std::move(tell));
  }
  return counted;
}

HeldPort::HeldPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  const int on = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket_.get(), any, size), 0);
  EXPECT_EQ(::getsockname(socket_.get(), any, &size), 0);
  number_ = ntohs(address.sin_port);
}

// ---- The life of a test

ManagerTest::ManagerTest() {
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
}

ManagerTest::~ManagerTest() {
  Finish();
  EXPECT_EQ(emitted_.find(kToken), std::string::npos) << emitted_;
  if (HasFailure()) std::fputs(log_.c_str(), stderr);
}

void ManagerTest::Begin(Mode mode) {
  config_.machine.mode = mode;
  config_.machine.port = port();
  WsLimits limits;
  limits.max_message_bytes = kMaxMessage;
  connector_.emplace(strand_, limits);
  OnStrand([this] {
    manager_ = std::make_unique<GatewayManager>(
        strand_, config_, "0.1.0", "epoch",
        GatewayManager::World{.launcher = launcher_,
                              .connector = *connector_,
                              .prober = prober_,
                              .alarm = alarm_,
                              .token = [this](bool) { return token_; },
                              .plan =
                                  [](const std::string& token) {
                                    return LaunchSpec{
                                        "/bin/gateway",
                                        {"gateway", "run"},
                                        "/",
                                        {"OPENCLAW_GATEWAY_TOKEN=" + token}};
                                  },
                              .plan_repair = [this] { return repair_; },
                              .lock_holder = [this] { return lock_holder_; },
                              .signal_listener =
                                  [this](int pid, int signal) {
                                    signals_.emplace_back(pid, signal);
                                    Changed();
                                    return signal_fault_;
                                  },
                              .store =
                                  [this](const StateRecord& record) {
                                    OnStored(record);
                                    return wish_fault_;
                                  },
                              .random = [] { return 0.0; },
                              .log =
                                  [this](const Decision& decision) {
                                    if (decision.is_routine) return;
                                    Emit(decision.Line());
                                    log_ += decision.Line() + "\n";
                                  },
                              .device = device_,
                              .warn =
                                  [this](const std::string& text) {
                                    Emit(text);
                                    warnings_.push_back(text);
                                  }});
    for (const auto& watcher : watchers_) {
      manager_->Subscribe(watcher->topic, *watcher);
      manager_->Await(watcher->topic, *watcher);
    }
  });
}

void ManagerTest::OnStored(const StateRecord& record) {
  const auto before =
      records_.empty() ? std::nullopt : records_.back().wanted_up;
  if (record.wanted_up && record.wanted_up != before) {
    wishes_.push_back(*record.wanted_up);
  }
  records_.push_back(record);
  Changed();
}

void ManagerTest::Finish() {
  if (threads_.empty()) return;
  OnStrand([this] {
    if (manager_ == nullptr) return;
    manager_->Release();
    EmitAll();
    for (const auto& watcher : watchers_) {
      manager_->Unsubscribe(watcher->topic, *watcher);
    }
    manager_.reset();
  });
  work_.reset();
  auto ended = std::async(std::launch::async, [this] {
    for (auto& thread : threads_) thread.join();
  });
  EXPECT_EQ(ended.wait_for(kPatience), std::future_status::ready)
      << "the manager left something to do behind";
  io_.stop();
  ended.wait();
  threads_.clear();
}

// ---- Gateways

FakeGatewayOptions ManagerTest::Options(Behaviour behaviour) const {
  FakeGatewayOptions options;
  options.port = port();
  options.token = kToken;
  options.behaviour = behaviour;
  return options;
}

FakeGateway& ManagerTest::ServeForeign(Behaviour behaviour) {
  foreign_ = std::make_unique<FakeGateway>(Options(behaviour));
  EXPECT_TRUE(foreign_->status().ok()) << foreign_->status();
  return *foreign_;
}

void ManagerTest::LaunchesServe(Behaviour behaviour) {
  OnStrand([this, options = Options(behaviour)] {
    launcher_.script = [options](ScriptedLife& life) { life.Serve(options); };
  });
}

FakeGateway& ManagerTest::RunAttached() {
  ServeForeign();
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);
  return *foreign_;
}

FakeGateway& ManagerTest::RunLaunched() {
  LaunchesServe();
  Begin(Mode::kLaunch);
  EXPECT_FALSE(Result(Start()).fault);
  return *life().gateway;
}

// ---- Waiting

void ManagerTest::OnStrand(std::function<void()> task) {
  std::promise<void> done;
  strand_.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void ManagerTest::Await(std::function<bool()> condition, Time time) {
  const auto awaited = std::make_shared<Awaited>();
  awaited->condition = std::move(condition);
  awaited->time = time;
  OnStrand([&] {
    awaited_ = awaited;
    Changed();
  });
  // Nobody is told when time may fly on: when the manager's own call was
  // answered with what it knew.
  const auto look = time == Time::kFlies ? kLook : kPatience;
  const auto met = awaited->met.get_future();
  for (Duration waited(0); waited < kPatience; waited += look) {
    if (met.wait_for(look) == std::future_status::ready) return;
    OnStrand([this] { Changed(); });
  }
  OnStrand([this] { awaited_.reset(); });
  const GatewayStatus status = Status();
  ADD_FAILURE() << "what was awaited did not come; it is " << Name(status.state)
                << "/" << Name(status.phase);
}

void ManagerTest::Watcher::Wake(uint64_t) {
  test_.manager_->Await(topic, *this);
  if (const auto& error = test_.manager_->status().error) {
    test_.EmitFault(*error);
  }
  test_.Changed();
}

void ManagerTest::Watcher::OnIdle(uint64_t) {
  test_.manager_->Await(topic, *this);
}

void ManagerTest::Watcher::Close(const Fault& why) {
  test_.Emit(why.message + why.next_step);
}

void ManagerTest::Changed() {
  if (std::exchange(checking_, true)) return;
  strand_.Post([this] {
    checking_ = false;
    Check();
  });
}

void ManagerTest::Check() {
  if (awaited_ == nullptr) return;
  if (awaited_->condition()) {
    std::exchange(awaited_, nullptr)->met.set_value();
  } else if (awaited_->time == Time::kFlies && WaitsForTime()) {
    alarm_.AdvanceToDue();
    Changed();
  }
}

bool ManagerTest::WaitsForTime() const {
  if (manager_ == nullptr || prober_.looking() > 0 || !alarm_.due()) {
    return false;
  }
  switch (manager_->status().phase) {
    case Phase::kWaitingForPort:
    case Phase::kWaitingForReady:
    case Phase::kBackingOff:
    case Phase::kRestartDelay:
      return true;
    case Phase::kNone:
    case Phase::kProbing:
    case Phase::kConnecting:
    case Phase::kTerminating:
    case Phase::kRepairing:
    case Phase::kKilling:
      return false;
    case Phase::kDraining:
      return manager_->calls().in_flight() == 0;
  }
  return false;
}

void ManagerTest::AwaitState(State state, Time time) {
  Await([=, this] { return manager_->status().state == state; }, time);
}

void ManagerTest::AwaitPhase(Phase phase, Time time) {
  Await([=, this] { return manager_->status().phase == phase; }, time);
}

void ManagerTest::AwaitEvents(EventKind kind, size_t count) {
  Await([=, this] {
    const EventLog& log = manager_->events();
    size_t found = 0;
    for (uint64_t i = log.oldest(); i <= log.last(); ++i) {
      if (log.at(i).what.kind == kind) ++found;
    }
    return found >= count;
  });
}

void ManagerTest::Advance(Duration duration) {
  OnStrand([=, this] { alarm_.Advance(duration); });
}

// ---- The search for the token

void ManagerTest::Emit(std::string_view text) {
  emitted_ += text;
  emitted_ += '\n';
}

void ManagerTest::EmitFault(const Fault& fault) {
  Emit(fault.message);
  Emit(fault.next_step);
}

void ManagerTest::EmitAll() {
  const EventLog& log = manager_->events();
  for (uint64_t i = log.oldest(); i <= log.last(); ++i) {
    const EventDraft& event = log.at(i).what;
    Emit(event.name);
    if (const auto* change = std::get_if<StateChange>(&event.detail)) {
      if (change->error) EmitFault(*change->error);
    } else if (const auto* error = std::get_if<ErrorDetail>(&event.detail)) {
      Emit(Concat(error->message, error->json ? *error->json : ""));
    } else if (const auto* odd =
                   std::get_if<UnrecognizedDetail>(&event.detail)) {
      Emit(Concat(odd->why, odd->excerpt));
    } else if (const auto* sent = std::get_if<GatewayPayload>(&event.detail)) {
      Emit(sent->json ? *sent->json : "");
    }
  }
  const LogBuffer& lines = manager_->logs();
  for (uint64_t i = lines.oldest(); i < lines.next(); ++i) {
    Emit(lines.at(i).text);
  }
  const GatewayStatus& status = manager_->status();
  if (status.error) EmitFault(*status.error);
  Emit(Concat(status.version, status.boot_id));
}

}  // namespace clawplane::core
