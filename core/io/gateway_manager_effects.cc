// What the manager does: one function for each effect of the machine, and the
// reports that come back from it.

#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/io/gateway_manager.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// Tells that the gateway takes in work or not.
constexpr std::string_view kSuspensionEvent = "gateway.suspension";

// How long a gateway that is not ours may take to answer that it will restart.
constexpr Duration kRestartAnswer = std::chrono::seconds(30);

RestartAnswered ToAnswer(Generation link, const CallResult& result) {
  using Answer = RestartAnswered::Answer;
  if (const auto* refused = std::get_if<CallRefused>(&result)) {
    // One that goes down already refuses for that.
    return {link,
            refused->error.code == "UNAVAILABLE" ? Answer::kUnknown
                                                 : Answer::kRefused,
            refused->error.message};
  }
  if (const auto* failed = std::get_if<CallFailed>(&result)) {
    return {link, Answer::kUnknown, failed->fault.message};
  }
  return {link, Answer::kAccepted, ""};
}

}  // namespace

void GatewayManager::Apply(const LookAtPort& effect) {
  probe_ = world_.prober.Look(
      config_.machine.port, process_ ? process_->pid() : 0,
      config_.gateway.probe_timeout,
      [this, link = effect.link](ProbeReport report) {
        strand_.AssertHeld();
        Step(PortSeen{link, std::move(report), SignsOfProcess()});
      });
}

void GatewayManager::Apply(const Launch& effect) {
  const auto fail = [&](const Fault& fault) {
    strand_.AssertHeld();
    inputs_.push_front(LaunchFailed{effect.process, fault});
  };
  const bool repair = effect.program == Program::kDoctor;
  const auto plan = repair ? world_.plan_repair() : PlanGateway();
  if (const auto* fault = std::get_if<Fault>(&plan)) return fail(*fault);
  first_line_of_run_ = logs_.next();
  auto launched = world_.launcher.Launch(std::get<LaunchSpec>(plan),
                                         ProcessReportsFor(effect.process));
  if (const auto* fault = std::get_if<Fault>(&launched)) return fail(*fault);
  process_ = std::move(std::get<std::unique_ptr<Process>>(launched));
  if (!repair) {
    runs_.Begin(process_->pid(), effect.cause, Now());
    if (const auto identity = process_->Identity()) {
      may_be_left_ = {*identity, config_.machine.port, effect.process,
                      Now().wall};
    }
    sample_at_ = Now().steady + config_.liveness.check_interval;
  }
  inputs_.push_front(Launched{effect.process, process_->pid()});
}

std::variant<LaunchSpec, Fault> GatewayManager::PlanGateway() {
  const auto token = world_.token(true);
  if (const auto* fault = std::get_if<Fault>(&token)) return *fault;
  mask_.Add(std::get<std::string>(token));
  return world_.plan(std::get<std::string>(token));
}

ProcessReports GatewayManager::ProcessReportsFor(Generation generation) {
  return {
      .on_line =
          [this](LogSource source, std::string_view text, size_t cut) {
            strand_.AssertHeld();
            OnLine(source, text, cut);
          },
      .on_stopped =
          [this, generation](bool stopped) {
            strand_.AssertHeld();
            Step(ProcessStopped{generation, stopped});
            if (liveness_.active()) liveness_.Hurry(Now().steady);
            Rearm();
          },
      .on_gone =
          [this, generation](const ProcessGone& gone) {
            strand_.AssertHeld();
            const auto over = std::move(process_);
            may_be_left_.reset();
            sample_at_.reset();
            Step(ProcessExited{
                generation, gone.exit, LastWords(), gone.stragglers,
                IsRefusal(gone.exit) ? world_.lock_holder() : std::string()});
          }};
}

void GatewayManager::OnLine(LogSource source, std::string_view text,
                            size_t cut) {
  LogLine line = {Now().wall, source, process_->pid(),
                  ValidUtf8(mask_.Mask(std::string(text), cut > 0)), cut};
  runs_.OnLine(line);
  logs_.Append(std::move(line));
  Wake(Topic::kLogs);
}

std::string GatewayManager::LastWords() const {
  constexpr int kMaxLines = 3;
  constexpr size_t kMaxBytes = 600;
  std::string words;
  int lines = 0;
  const uint64_t first = std::max(first_line_of_run_, logs_.oldest());
  for (uint64_t i = logs_.next(); i > first && lines < kMaxLines; --i) {
    const std::string& text = logs_.at(i - 1).text;
    if (text.find_first_not_of(" \t") == text.npos) continue;
    words = words.empty() ? text : Concat(text, " | ", words);
    ++lines;
  }
  return ValidUtf8(words.substr(0, kMaxBytes));
}

void GatewayManager::Apply(const Connect& effect) {
  const auto token = world_.token(false);
  if (const auto* fault = std::get_if<Fault>(&token)) {
    inputs_.push_front(HandshakeRefused{effect.link, *fault});
    return;
  }
  ConnectParams params{std::get<std::string>(token),
                       Concat("clawplane ", config_.name), version_,
                       config_.gateway.scopes};
  mask_.Add(params.token);
  if (world_.device != nullptr) {
    auto device = world_.device->Get();
    if (const auto* fault = std::get_if<Fault>(&device)) {
      inputs_.push_front(HandshakeRefused{effect.link, *fault});
      return;
    }
    params.device = std::get<Device>(std::move(device));
    params.device_token = world_.device->Token(config_.machine.port);
    mask_.Add(params.device_token);
  }
  OpenLink(effect.link, std::move(params));
}

GatewayLink::Reports GatewayManager::LinkReportsFor(Generation generation) {
  return {.on_verdict =
              [this, generation](Handshake::Verdict verdict) {
                strand_.AssertHeld();
                OnVerdict(generation, std::move(verdict));
              },
          .on_response =
              [this](const ResponseFrame& response) {
                strand_.AssertHeld();
                const bool known = calls_.OnResponse(response);
                SendWaiting();
                return known;
              },
          .on_oversized_response =
              [this](std::string_view id, size_t size) {
                strand_.AssertHeld();
                const bool known = calls_.OnOversizedResponse(id, size);
                SendWaiting();
                return known;
              },
          .on_write =
              [this](CallId id) {
                strand_.AssertHeld();
                calls_.OnWrite(id);
              },
          .on_event =
              [this](EventDraft draft) {
                strand_.AssertHeld();
                OnEvent(std::move(draft));
              },
          .on_alive =
              [this] {
                strand_.AssertHeld();
                OnHeard();
              },
          .on_pong =
              [this] {
                strand_.AssertHeld();
                if (check_) check_->OnPong();
                ConcludeCheckIfComplete();
              },
          .on_life =
              [this] {
                strand_.AssertHeld();
                if (check_) check_->OnAnswer();
                ConcludeCheckIfComplete();
              },
          .on_restart_announced =
              [this, generation] {
                strand_.AssertHeld();
                Step(RestartAnnounced{generation});
              },
          .on_lost =
              [this, generation](std::string why) {
                strand_.AssertHeld();
                const auto gone = std::move(link_);
                drain_.reset();
                ++counts_.connections_lost;
                Step(ConnectionLost{generation, std::move(why)});
              }};
}

void GatewayManager::OnEvent(EventDraft draft) {
  if (drain_ && draft.name == kSuspensionEvent) {
    drain_->Hurry(Now().steady);
    Rearm();
  }
  Append(std::move(draft));
}

void GatewayManager::Apply(const DropLink&) {
  probe_.reset();
  drain_.reset();
  if (link_ == nullptr) return;
  closing_ = std::move(link_);
  closing_->Close("clawplane is done with this connection", [this] {
    strand_.AssertHeld();
    const auto gone = std::move(closing_);
    if (after_closing_) std::exchange(after_closing_, nullptr)();
  });
}

void GatewayManager::Apply(const FailCalls&) {
  calls_.FailSent("the connection to the gateway ended before its answer came");
}

void GatewayManager::Apply(const Terminate&) { process_->SignalGroup(SIGTERM); }

void GatewayManager::Apply(const Kill&) { process_->Kill(); }

void GatewayManager::Apply(const AskForRestart& effect) {
  CallRequest request;
  request.method = "gateway.restart.request";
  request.text.BeginParams() += R"({"reason":"ordered through clawplane"})";
  request.arrived_at = Now().steady;
  request.deadline = request.arrived_at + kRestartAnswer;
  request.call_class = CallClass::kAdmin;
  calls_.Add(std::move(request), [this, link = effect.link](CallResult result) {
    // The calls must not be changed by what ends one of them.
    strand_.Post([this, answered = ToAnswer(link, result)] {
      strand_.AssertHeld();
      Step(answered);
    });
  });
}

void GatewayManager::Apply(const SignalForeign& effect) {
  const int signal = effect.signal == UserSignal::kFirst ? SIGUSR1 : SIGUSR2;
  Step(ForeignSignalled{world_.signal_listener(effect.pid, signal)});
}

void GatewayManager::Apply(const RecordExit& effect) {
  runs_.End(effect.end, effect.cause, Now().steady);
  Append(OwnEvent(EventKind::kProcessExit, effect.end));
}

void GatewayManager::Apply(const RecordRepair& effect) {
  Append(OwnEvent(EventKind::kRepair,
                  RepairDetail{effect.end, effect.last_words}));
}

void GatewayManager::Apply(const RecordError& effect) {
  runs_.AddEvidence(Now().wall, effect.fault.message);
  TellError(effect.fault);
}

void GatewayManager::TellError(const Fault& fault) {
  ErrorDetail detail;
  detail.message = fault.message;
  detail.reason = fault.reason;
  Append(OwnEvent(EventKind::kError, std::move(detail)));
}

void GatewayManager::Apply(const RecordState& effect) {
  const GatewayStatus& status = machine_.status();
  Append(OwnEvent(EventKind::kStateChanged,
                  StateChange{effect.from, effect.to, status.error, status.pid,
                              status.revision}));
}

void GatewayManager::Apply(const Publish&) { Wake(Topic::kStatus); }

void GatewayManager::Apply(const FinishOrder& effect) {
  const auto found = orders_.find(effect.id);
  if (found == orders_.end()) return;
  const Order order = std::move(found->second);
  orders_.erase(found);
  OrderResult result{.fault = effect.fault,
                     .status = machine_.status(),
                     .old_pid = order.old_pid,
                     .old_boot_id = order.old_boot_id,
                     .was_running = order.was_running,
                     .took = Now().steady - order.given_at,
                     .exit = std::nullopt};
  const auto& exit = result.status.last_exit;
  if (exit && order.old_pid == exit->pid) result.exit = exit;
  order.done(result);
}

void GatewayManager::UpdateAdmission() {
  using Admission = PendingCalls::Admission;
  const GatewayStatus& status = machine_.status();
  switch (status.state) {
    case State::kRunning:
      calls_.SetAdmission(Admission::kOpen, "", "");
      return;
    case State::kStarting:
      calls_.SetAdmission(Admission::kLater, "the gateway is starting",
                          "repeat the call, or let it wait for the gateway");
      return;
    case State::kReconnecting:
      calls_.SetAdmission(Admission::kLater,
                          "the gateway is being reached again",
                          "repeat the call, or let it wait for the gateway");
      return;
    case State::kStopping:
      calls_.SetAdmission(
          status.wanted_up ? Admission::kLater : Admission::kClosed,
          status.wanted_up ? "the gateway is being restarted"
                           : "the gateway is being stopped",
          status.wanted_up ? "repeat the call, or let it wait for the gateway"
                           : "start it: clawctl start");
      return;
    case State::kStopped:
      calls_.SetAdmission(Admission::kClosed, "the gateway is stopped",
                          "start it: clawctl start");
      return;
    case State::kError:
      calls_.SetAdmission(Admission::kClosed,
                          Concat("the gateway is in ERROR: ",
                                 status.error ? status.error->message : ""),
                          status.error ? status.error->next_step : "");
      return;
  }
}

}  // namespace clawplane::core
