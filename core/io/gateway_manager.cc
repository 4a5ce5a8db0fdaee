#include "core/io/gateway_manager.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

constexpr Duration kIdleTick = std::chrono::seconds(10);
// How many event readers are woken in one task, so that other work of the
// strand never waits for all of them.
constexpr size_t kMaxWakes = 64;

}  // namespace

GatewayManager::GatewayManager(CoreStrand& strand, const Config& config,
                               std::string version, std::string epoch,
                               World world)
    : strand_(strand),
      config_(config),
      version_(std::move(version)),
      world_(std::move(world)),
      machine_(config.machine, world_.random),
      calls_(config.calls),
      events_(std::move(epoch), config.events),
      keeper_(strand, events_),
      logs_(config.logs),
      liveness_(config.liveness) {
  HideEnvironment();
  UpdateAdmission();
}

Fault GatewayManager::ShuttingDown() {
  return {Reason::kShuttingDown, "the control plane is ending",
          "repeat the call once it runs again"};
}

void GatewayManager::HideEnvironment() {
  for (const std::string& variable : config_.gateway.environment) {
    mask_.Add(std::string_view(variable).substr(variable.find('=') + 1));
  }
}

void GatewayManager::Use(const Config& config) {
  strand_.AssertHeld();
  config_.gateway = config.gateway;
  config_.machine = config.machine;
  config_.liveness = config.liveness;
  machine_.Use(config.machine);
  liveness_.Use(config.liveness, Now().steady);
  HideEnvironment();
  Rearm();
}

void GatewayManager::KeepEvents(EventStore& store, LogBeginning beginning) {
  strand_.AssertHeld();
  if (beginning.last > 0) {
    events_.Resume(beginning.last, std::move(beginning.newest));
  }
  keeper_.Begin(store, beginning, [this](const std::string& why) {
    strand_.AssertHeld();
    TellError({Reason::kEventLogFailed,
               Concat("events cannot be kept on disk: ", why),
               "make room there, or mend it; it is tried again"});
  });
}

// ---- Orders

template <typename MakeInput>
OrderId GatewayManager::Give(OrderCompletion done, MakeInput make_input) {
  const OrderId id = next_order_++;
  const GatewayStatus& status = machine_.status();
  orders_.emplace(id, Order{std::move(done), Now().steady, status.pid,
                            status.boot_id, status.state == State::kRunning});
  Step(make_input(id));
  return id;
}

OrderId GatewayManager::RefuseOrder(const OrderCompletion& done) {
  OrderResult refused;
  refused.fault = ShuttingDown();
  refused.status = machine_.status();
  done(refused);
  return next_order_++;
}

OrderId GatewayManager::Start(OrderCompletion done) {
  strand_.AssertHeld();
  if (ending_) return RefuseOrder(done);
  return Give(std::move(done), [](OrderId id) { return StartOrder{id}; });
}

OrderId GatewayManager::Stop(const EndTerms& terms, OrderCompletion done) {
  strand_.AssertHeld();
  if (left_) return RefuseOrder(done);
  return Give(std::move(done), [&](OrderId id) {
    return StopOrder{id, terms.grace, terms.force, terms.keep_wish,
                     terms.drain};
  });
}

OrderId GatewayManager::Restart(const EndTerms& terms, OrderCompletion done) {
  strand_.AssertHeld();
  if (ending_) return RefuseOrder(done);
  return Give(std::move(done), [&](OrderId id) {
    return RestartOrder{id, terms.grace, terms.force, terms.drain};
  });
}

void GatewayManager::Forget(OrderId order) {
  strand_.AssertHeld();
  orders_.erase(order);
}

// ---- Calls

CallId GatewayManager::Call(CallRequest request,
                            PendingCalls::Completion done) {
  strand_.AssertHeld();
  if (ending_) {
    const CallId none = calls_.next_id();
    done(CallFailed{ShuttingDown(), Outcome::kNotSent, true});
    return none;
  }
  const CallId id = calls_.Add(std::move(request), std::move(done));
  SendWaiting();
  Rearm();
  return id;
}

CallId GatewayManager::next_call() const {
  strand_.AssertHeld();
  return calls_.next_id();
}

void GatewayManager::CancelCall(CallId call) {
  strand_.AssertHeld();
  calls_.Cancel(call);
  SendWaiting();
  Rearm();
}

void GatewayManager::SendWaiting() {
  if (leave_by_) return LeaveIfAnswered();
  if (link_ == nullptr) return;
  while (auto call = calls_.NextToSend()) link_->Send(std::move(*call));
}

// ---- What is known, and following it

const GatewayStatus& GatewayManager::status() const {
  strand_.AssertHeld();
  return machine_.status();
}

const Config& GatewayManager::config() const {
  strand_.AssertHeld();
  return config_;
}

const std::optional<Description>& GatewayManager::description() const {
  strand_.AssertHeld();
  return description_;
}

const EventLog& GatewayManager::events() const {
  strand_.AssertHeld();
  return events_;
}

EventKeeper& GatewayManager::event_keeper() {
  strand_.AssertHeld();
  return keeper_;
}

const EventKeeper& GatewayManager::event_keeper() const {
  strand_.AssertHeld();
  return keeper_;
}

const LogBuffer& GatewayManager::logs() const {
  strand_.AssertHeld();
  return logs_;
}

const RunHistory& GatewayManager::runs() const {
  strand_.AssertHeld();
  return runs_;
}

void GatewayManager::Subscribe(Topic topic, Subscriber& subscriber,
                               const EventFilter& filter) {
  strand_.AssertHeld();
  if (streams_closed_) return subscriber.Close(ShuttingDown());
  audiences_[topic].Join(subscriber, filter);
  if (topic == Topic::kEvents && !idle_tick_at_) {
    idle_tick_at_ = Now().steady + kIdleTick;
    Rearm();
  }
}

void GatewayManager::Unsubscribe(Topic topic, Subscriber& subscriber) {
  strand_.AssertHeld();
  audiences_[topic].Leave(subscriber);
}

void GatewayManager::Await(Topic topic, Subscriber& subscriber) {
  strand_.AssertHeld();
  audiences_[topic].Await(subscriber);
}

void GatewayManager::YieldToOthers(Subscriber& subscriber) {
  strand_.AssertHeld();
  audiences_[Topic::kEvents].Yield(subscriber);
  WakeEventReadersLater();
}

void GatewayManager::Wake(Topic topic) {
  audiences_[topic].CallAll();
  audiences_[topic].WakeCalled();
}

void GatewayManager::Append(EventDraft draft) {
  if (const auto* gap = std::get_if<UpstreamGap>(&draft.detail)) {
    ++counts_.upstream_gaps[static_cast<size_t>(gap->cause)];
  }
  const uint64_t sequence = events_.Append(std::move(draft), Now().wall);
  audiences_[Topic::kEvents].Call(events_.at(sequence).what, sequence);
  WakeEventReadersLater();
  keeper_.OnAppend();
}

// At the end of the task, so that readers get all that it brings in one
// message.
void GatewayManager::WakeEventReadersLater() {
  if (waking_ || !audiences_[Topic::kEvents].has_called()) return;
  waking_ = true;
  strand_.Defer([this] {
    strand_.AssertHeld();
    WakeEventReaders();
  });
}

void GatewayManager::WakeEventReaders() {
  Audience& readers = audiences_[Topic::kEvents];
  readers.WakeCalled(kMaxWakes);
  waking_ = readers.has_called();
  if (!waking_) return;
  strand_.Post([this] {  // others have their turn in between
    strand_.AssertHeld();
    WakeEventReaders();
  });
}

// ---- Deciding and acting

void GatewayManager::Step(Input input) {
  if (left_) return;
  inputs_.push_back(std::move(input));
  if (stepping_) return;
  stepping_ = true;
  while (!inputs_.empty()) {
    const Input next = std::move(inputs_.front());
    inputs_.pop_front();
    const GatewayStatus before = machine_.status();
    const std::vector<Effect> effects = machine_.Step(next, Now());
    world_.log(DescribeStep(before, next, machine_.status(), effects));
    CountPhase(before);
    if (before.wanted_up != machine_.status().wanted_up) wish_known_ = true;
    StoreIfChanged();
    StopWatchingIfGone();
    // First, for who is told of the new state may call at once.
    UpdateAdmission();
    for (const Effect& effect : effects) {
      std::visit(
          [this](const auto& specific) {
            strand_.AssertHeld();
            Apply(specific);
          },
          effect);
    }
    // After a launch has begun a run, and an exit has ended it.
    runs_.OnStatus(machine_.status(), Now().steady);
  }
  stepping_ = false;
  SendWaiting();
  Rearm();
}

// ---- Time

void GatewayManager::Rearm() {
  if (released_) return;
  std::optional<TimePoint> first = machine_.deadline();
  const auto check_ends =
      check_ ? std::optional(check_->deadline()) : std::nullopt;
  const auto ask_at = drain_ ? drain_->deadline() : std::nullopt;
  for (const auto& other :
       {calls_.deadline(), idle_tick_at_, sample_at_, liveness_.deadline(),
        check_ends, ask_at, leave_by_}) {
    if (other && (!first || *other < *first)) first = other;
  }
  // One that rings too early costs less than setting it for each call: it is
  // set anew when it rings.
  if (!first || (alarm_at_ && *alarm_at_ <= *first)) return;
  alarm_at_ = first;
  world_.alarm.Set(first, [this] { OnAlarm(); });
}

void GatewayManager::OnAlarm() {
  strand_.AssertHeld();
  alarm_at_.reset();
  const TimePoint now = Now().steady;
  calls_.Expire(now);
  if (leave_by_ && *leave_by_ <= now) Leave();
  if (idle_tick_at_ && *idle_tick_at_ <= now) {
    Audience& readers = audiences_[Topic::kEvents];
    readers.CallIdle(events_.last() + 1);
    WakeEventReadersLater();
    idle_tick_at_.reset();
    if (readers.size() > 0) idle_tick_at_ = now + kIdleTick;
  }
  WatchUntil(now);
  if (drain_ && drain_->deadline() && *drain_->deadline() <= now) {
    AskAboutDrain();
  }
  if (machine_.deadline() && *machine_.deadline() <= now) {
    Step(DeadlineReached());
  }
  SendWaiting();
  Rearm();
}

// ---- The end

void GatewayManager::Shutdown(std::function<void()> stopped) {
  strand_.AssertHeld();
  const bool again = std::exchange(ending_, true);
  const auto end = [this, again, stopped = std::move(stopped)] {
    strand_.AssertHeld();
    if (closing_ == nullptr || again) {
      stopped();
    } else {
      after_closing_ = stopped;
    }
  };
  if (leave_by_) Leave();
  if (left_) return end();
  if (config_.gateway.on_exit == OnExit::kLeaveRunning && !again &&
      may_be_left_ && machine_.MayBeLeft()) {
    return BeginLeaving(end);
  }
  const bool drain = !again && config_.gateway.on_exit == OnExit::kDrain;
  Give([end](const OrderResult&) { end(); },
       [&](OrderId id) {
         return StopOrder{id, std::nullopt, again, /*keep_wish=*/true, drain};
       });
}

void GatewayManager::CloseStreams() {
  strand_.AssertHeld();
  streams_closed_ = true;
  for (auto& [topic, audience] : audiences_) {
    for (Subscriber* const subscriber : audience.Disband()) {
      subscriber->Close(ShuttingDown());
    }
  }
}

void GatewayManager::Release() {
  strand_.AssertHeld();
  released_ = true;
  world_.alarm.Set(std::nullopt, nullptr);
  check_.reset();
  probe_.reset();
  link_.reset();
  process_.reset();
  keeper_.Finish();
}

}  // namespace clawplane::core
