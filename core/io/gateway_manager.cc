#include "core/io/gateway_manager.h"

#include <algorithm>
#include <utility>

#include "core/model/text.h"
#include "core/model/trace.h"

namespace clawplane::core {
namespace {

constexpr Duration kIdleTick = std::chrono::seconds(10);
// How many event readers are woken in one task, so that other work of the
// strand never waits for all of them.
constexpr size_t kMaxWakes = 64;

Fault ShuttingDown() {
  return {Reason::kShuttingDown, "the control plane is ending",
          "repeat the call once it runs again"};
}

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
      logs_(config.logs),
      liveness_(config.liveness) {
  for (const std::string& variable : config_.gateway.environment) {
    mask_.Add(std::string_view(variable).substr(variable.find('=') + 1));
  }
  UpdateAdmission();
}

void GatewayManager::Resume() {
  strand_.AssertHeld();
  Step(WishFound());
}

// ---- Orders

template <typename MakeInput>
OrderId GatewayManager::Give(OrderCompletion done, MakeInput make_input) {
  const OrderId id = next_order_++;
  const GatewayStatus& status = machine_.status();
  orders_.emplace(
      id, Order{std::move(done), Now().steady, status.pid, status.boot_id});
  Step(make_input(id));
  return id;
}

OrderId GatewayManager::Start(OrderCompletion done) {
  strand_.AssertHeld();
  if (ending_) {
    OrderResult refused;
    refused.fault = ShuttingDown();
    refused.status = machine_.status();
    done(refused);
    return next_order_++;
  }
  return Give(std::move(done), [](OrderId id) { return StartOrder{id}; });
}

OrderId GatewayManager::Stop(std::optional<Duration> grace, bool force,
                             OrderCompletion done) {
  strand_.AssertHeld();
  return Give(std::move(done), [&](OrderId id) {
    return StopOrder{id, grace, force};
  });
}

OrderId GatewayManager::Restart(std::optional<Duration> grace, bool force,
                                OrderCompletion done) {
  strand_.AssertHeld();
  if (ending_) {
    OrderResult refused;
    refused.fault = ShuttingDown();
    refused.status = machine_.status();
    done(refused);
    return next_order_++;
  }
  return Give(std::move(done), [&](OrderId id) {
    return RestartOrder{id, grace, force};
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
  if (link_ == nullptr) return;
  while (auto call = calls_.NextToSend()) link_->Send(std::move(*call));
}

// ---- What is known, and following it

const GatewayStatus& GatewayManager::status() const {
  strand_.AssertHeld();
  return machine_.status();
}

const std::optional<Description>& GatewayManager::description() const {
  strand_.AssertHeld();
  return description_;
}

const EventLog& GatewayManager::events() const {
  strand_.AssertHeld();
  return events_;
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
  const uint64_t sequence = events_.Append(std::move(draft), Now().wall);
  audiences_[Topic::kEvents].Call(events_.at(sequence).what, sequence);
  WakeEventReadersLater();
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
  inputs_.push_back(std::move(input));
  if (stepping_) return;
  stepping_ = true;
  while (!inputs_.empty()) {
    const Input next = std::move(inputs_.front());
    inputs_.pop_front();
    const GatewayStatus before = machine_.status();
    const std::vector<Effect> effects = machine_.Step(next, Now());
    Log(next, before, effects);
    if (before.wanted_up != machine_.status().wanted_up) StoreWish();
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

// Polling is not worth a line; whatever changes something is.
void GatewayManager::Log(const Input& input, const GatewayStatus& before,
                         const std::vector<Effect>& effects) {
  const GatewayStatus& after = machine_.status();
  if (SameRevision(before, after) &&
      std::all_of(effects.begin(), effects.end(), [](const Effect& e) {
        return std::holds_alternative<LookAtPort>(e);
      })) {
    return;
  }
  std::string line = Concat(Name(before.state), "/", Name(before.phase), ", ",
                            Describe(input), " -> ", Name(after.state), "/",
                            Name(after.phase), ", ", Describe(effects));
  if (after.error && after.error != before.error) {
    line += Concat(": ", after.error->message);
  }
  world_.log(line);
}

// Whatever becomes of it, the wish stands while this process lives.
void GatewayManager::StoreWish() {
  const auto fault = world_.store_wish(machine_.status().wanted_up);
  if (fault) TellError(*fault);
}

// ---- Time

void GatewayManager::Rearm() {
  if (released_) return;
  std::optional<TimePoint> first = machine_.deadline();
  const auto check_ends =
      check_ ? std::optional(check_->deadline()) : std::nullopt;
  for (const auto& other : {calls_.deadline(), idle_tick_at_, sample_at_,
                            liveness_.deadline(), check_ends}) {
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
  if (idle_tick_at_ && *idle_tick_at_ <= now) {
    Audience& readers = audiences_[Topic::kEvents];
    readers.CallIdle(events_.last() + 1);
    WakeEventReadersLater();
    idle_tick_at_.reset();
    if (readers.size() > 0) idle_tick_at_ = now + kIdleTick;
  }
  WatchUntil(now);
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
  Give(
      [this, again, stopped = std::move(stopped)](const OrderResult&) {
        strand_.AssertHeld();
        if (closing_ == nullptr || again) {
          stopped();
        } else {
          after_closing_ = stopped;
        }
      },
      [again](OrderId id) {
        return StopOrder{id, std::nullopt, again, /*keep_wish=*/true};
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
}

}  // namespace clawplane::core
