// What the manager does so that a gateway outlives it, and its work a restart.

#include <utility>

#include "core/io/gateway_manager.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// How long the gateway may take to answer what is asked about a drain.
constexpr Duration kDrainAnswer = std::chrono::seconds(30);

}  // namespace

// ---- From one control plane to the next

void GatewayManager::Resume(const StateRecord& found, bool autostart) {
  strand_.AssertHeld();
  stored_ = found;
  wish_known_ = found.wanted_up.has_value();
  const bool wanted_up = found.wanted_up.value_or(autostart);
  if (found.gateway && Adopt(*found.gateway, wanted_up)) return;
  if (wanted_up) {
    Step(WishFound());
  } else {
    StoreIfChanged();
  }
}

bool GatewayManager::Adopt(const LeftGateway& gateway, bool wanted_up) {
  if (config_.machine.mode == Mode::kAttach) {
    TellNotAdopted({Reason::kNotAdopted,
                    Concat("the gateway that was left running (process ",
                           gateway.process.pid,
                           ") was not taken over: gateway.mode is attach"),
                    ""});
    return false;
  }
  auto taken = world_.launcher.Adopt(gateway.process,
                                     ProcessReportsFor(gateway.generation));
  if (const auto* fault = std::get_if<Fault>(&taken)) {
    TellNotAdopted(*fault);
    return false;
  }
  process_ = std::move(std::get<std::unique_ptr<Process>>(taken));
  may_be_left_ = gateway;
  taken_over_ = true;
  const Instant now = Now();
  const TimePoint launched_at = now.steady - (now.wall - gateway.launched_at);
  runs_.Begin(process_->pid(), StartCause::kAdoption,
              {launched_at, gateway.launched_at});
  first_line_of_run_ = logs_.next();
  sample_at_ = now.steady + config_.liveness.check_interval;
  Step(ProcessFound{gateway.generation, process_->pid(), launched_at,
                    gateway.port, wanted_up});
  return true;
}

void GatewayManager::TellNotAdopted(const Fault& why) {
  const std::string at =
      Concat(Name(machine_.status().state), "/", Name(machine_.status().phase));
  world_.log({.from = at,
              .input = "gateway-left",
              .to = at,
              .effects = Concat("record-error ", Name(why.reason)),
              .error = why.message});
  TellError(why);
}

// Whatever becomes of it, the wish stands while this process lives.
void GatewayManager::StoreIfChanged() {
  StateRecord record;
  if (wish_known_) record.wanted_up = machine_.status().wanted_up;
  record.epoch = events_.epoch();
  record.gateway = may_be_left_;
  if (record == stored_) return;
  stored_ = record;
  if (const auto fault = world_.store(record)) TellError(*fault);
}

void GatewayManager::BeginLeaving(std::function<void()> left) {
  after_leaving_ = std::move(left);
  leave_by_ = Now().steady + kLastAnswers;
  calls_.FailQueued(ShuttingDown());
  LeaveIfAnswered();
  Rearm();
}

// In a task of its own, for this may be called in the middle of anything.
void GatewayManager::LeaveIfAnswered() {
  if (calls_.in_flight() > 0 || calls_.accepted() > 0) return;
  leave_by_ = Now().steady;
  strand_.Post([this] {
    strand_.AssertHeld();
    if (leave_by_) Leave();
  });
}

void GatewayManager::Leave() {
  leave_by_.reset();
  left_ = true;
  calls_.FailSent(ShuttingDown().message);
  Apply(DropLink());
  liveness_.End();
  check_.reset();
  sample_at_.reset();
  // It may have ended meanwhile.
  if (process_ && process_->Identity()) {
    const GatewayStatus& status = machine_.status();
    const std::string at = Concat(Name(status.state), "/", Name(status.phase));
    world_.log({.from = at,
                .input = "control-plane-ends",
                .to = at,
                .effects = Concat("leave ", process_->pid()),
                .error = ""});
    process_->Leave();
    process_.reset();
  }
  for (auto& [id, order] : std::exchange(orders_, {})) RefuseOrder(order.done);
  if (after_leaving_) std::exchange(after_leaving_, nullptr)();
}

// ---- Drains

void GatewayManager::Apply(const BeginDrain& effect) {
  drain_.emplace(Concat("clawplane-", events_.epoch(), "-", effect.link));
  drain_link_ = effect.link;
  AskAboutDrain();
}

void GatewayManager::AskAboutDrain() {
  const TimePoint now = Now().steady;
  DrainTalk::Call ask = drain_->Next(now);
  CallRequest request;
  request.method = std::move(ask.method);
  request.text.BeginParams() += ask.params;
  request.arrived_at = now;
  request.deadline = now + kDrainAnswer;
  request.call_class = CallClass::kAdmin;
  request.own = true;
  calls_.Add(std::move(request),
             [this, link = drain_link_](const CallResult& result) {
               strand_.AssertHeld();
               OnDrainAnswer(link, result);
             });
  SendWaiting();
}

void GatewayManager::OnDrainAnswer(Generation link, const CallResult& result) {
  if (!drain_ || link != drain_link_) return;
  const DrainTalk::Verdict verdict = drain_->OnAnswer(result, Now().steady);
  std::optional<Input> input;
  if (const auto* work = std::get_if<DrainTalk::Working>(&verdict)) {
    input = DrainReported{link, work->active, work->waiting_for};
  } else if (std::holds_alternative<DrainTalk::Idle>(verdict)) {
    input = DrainEnded{link, std::nullopt};
  } else if (const auto* unable = std::get_if<DrainTalk::Unable>(&verdict)) {
    input = DrainEnded{link, unable->why};
  }
  // The calls must not be changed by what ends one of them.
  strand_.Post([this, input = std::move(input)] {
    strand_.AssertHeld();
    if (input) Step(*input);
    Rearm();
  });
}

}  // namespace clawplane::core
