// What the manager does: one function for each effect of the machine, and the
// reports that come back from it.

#include <signal.h>

#include <algorithm>
#include <utility>

#include "core/io/gateway_manager.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// How often gateways tick that do not say.
constexpr Duration kUsualTick = std::chrono::seconds(30);

// The first protocol whose requests may bear a `traceparent`. Before, a member
// that is not known makes a request invalid.
constexpr uint32_t kTracedProtocol = 4;

}  // namespace

void GatewayManager::Apply(const LookAtPort& effect) {
  probe_ = world_.prober.Look(
      config_.machine.port, config_.gateway.probe_timeout,
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
  mask_.Add(std::get<std::string>(token));
  link_ = std::make_unique<GatewayLink>(
      world_.connector, config_.machine.port,
      ConnectParams{std::get<std::string>(token),
                    Concat("clawplane ", config_.name), version_,
                    config_.gateway.scopes},
      LinkReportsFor(effect.link));
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
                Append(std::move(draft));
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
                Step(ConnectionLost{generation, std::move(why)});
              }};
}

void GatewayManager::OnVerdict(Generation generation,
                               Handshake::Verdict verdict) {
  if (auto* accepted = std::get_if<Handshake::Accepted>(&verdict)) {
    if (description_) {
      // What the gateway said between the two connections is not known.
      Append(OwnEvent(
          EventKind::kGap,
          UpstreamGap{UpstreamGap::Cause::kNewConnection, std::nullopt}));
    }
    calls_.SetDialect(
        {.max_frame = accepted->hello.max_payload_bytes,
         .traceparent = accepted->hello.protocol >= kTracedProtocol});
    description_ = Description{accepted->hello, Now().wall};
    const Duration tick = accepted->hello.tick_interval;
    Step(HandshakeAccepted{generation, std::move(accepted->hello)});
    if (machine_.status().state != State::kRunning) return;
    check_.reset();
    liveness_.Begin(tick > Duration() ? tick : kUsualTick, Now().steady);
    Rearm();
    return;
  }
  const auto gone = std::move(link_);
  if (auto* deferred = std::get_if<Handshake::Deferred>(&verdict)) {
    Step(HandshakeDeferred{generation, deferred->after,
                           std::move(deferred->why), deferred->told});
  } else if (auto* refused = std::get_if<Handshake::Refused>(&verdict)) {
    Step(HandshakeRefused{generation, std::move(refused->fault)});
  }
}

void GatewayManager::Apply(const DropLink&) {
  probe_.reset();
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
