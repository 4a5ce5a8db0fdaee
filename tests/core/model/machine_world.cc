#include "tests/core/model/machine_world.h"

#include <algorithm>

#include "core/model/text.h"
#include "core/model/trace.h"

namespace clawplane::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

GatewayMachine::Settings SettingsFor(Mode mode) {
  GatewayMachine::Settings settings;
  settings.mode = mode;
  settings.start_budget = seconds(20);
  settings.start_limit = seconds(60);
  settings.memory_soft_limit = 100;
  settings.memory_hard_limit = 200;
  settings.handshake_timeout = seconds(5);
  return settings;
}

bool IsConnected(const GatewayStatus& status) {
  return status.state == State::kRunning || status.phase == Phase::kDraining;
}

template <typename T>
bool Has(const std::vector<Effect>& effects) {
  return std::any_of(effects.begin(), effects.end(), [](const Effect& e) {
    return std::holds_alternative<T>(e);
  });
}

}  // namespace

MachineWorld::MachineWorld(Mode mode, unsigned seed)
    : random_(seed), mode_(mode), machine_(SettingsFor(mode), [this] {
        return static_cast<double>(Random(1000)) / 1000;
      }) {}

// ---- What happens

void MachineWorld::Step() {
  if (launch_) {  // answered before anything else
    const Launch launch = *launch_;
    launch_.reset();
    if (Chance(5)) {
      Take(LaunchFailed{launch.process, {Reason::kLaunchFailed, "no", ""}});
    } else {
      child_ = Child{launch.process, ++last_pid_, launch.program};
      Take(Launched{launch.process, last_pid_});
    }
    return;
  }
  const int dice = Random(100);
  if (dice < 2) return Take(RandomOrder());
  if (dice < 5) return Take(RandomStaleReport());
  if (dice < 8) return Take(RandomEvidence());
  if (dice < 10) {
    if (const auto find = RandomFind()) return Take(*find);
  }
  if (dice < 65) {
    const auto report = RandomReport();
    if (report) return Take(*report);
  }
  if (dice < 80) {  // some time passes, with nothing due
    const auto wait = milliseconds(Random(400));
    if (machine_.deadline() && now_.steady + wait >= *machine_.deadline()) {
      return;
    }
    now_.steady += wait;
    now_.wall += wait;
    return Take(DeadlineReached{});
  }
  // A report mostly comes in time.
  const bool awaits_report = look_ || (connection_ && !accepted_);
  if (!machine_.deadline() || (awaits_report && !Chance(10))) return;
  const Duration wait =
      std::max(*machine_.deadline() - now_.steady, Duration());
  now_.steady += wait;
  now_.wall += wait;
  Take(DeadlineReached{});
}

void MachineWorld::Drain() {
  if (launch_) Step();
  drained_ = true;
  orders_.insert(++last_order_);
  wanted_ = false;
  Take(StopOrder{last_order_, std::nullopt, true});
  if (child_) {
    const Generation process = child_->generation;
    child_.reset();
    Take(ProcessExited{process, ExitStatus::Signaled(9), ""});
  }
  Require(orders_.empty(), "an order was never finished");
  Require(machine_.status().state == State::kStopped, "a stop did not stop");
}

Input MachineWorld::RandomOrder() {
  orders_.insert(++last_order_);
  const std::optional<Duration> grace =
      Chance(50) ? std::optional<Duration>(seconds(Random(20))) : std::nullopt;
  const int dice = Random(11);
  if (dice == 10) {
    orders_.erase(last_order_--);
    if (machine_.status().state == State::kStopped) wanted_ = true;
    return WishFound{};
  }
  wanted_ = true;
  if (dice < 5) return StartOrder{last_order_};
  const bool force = Chance(20);
  const bool drain = !force && Chance(40);
  if (dice < 7) return RestartOrder{last_order_, grace, force, drain};
  wanted_ = false;
  return StopOrder{last_order_, grace, force, /*keep_wish=*/false, drain};
}

// An earlier control plane has left a process.
std::optional<Input> MachineWorld::RandomFind() {
  if (machine_.status().state != State::kStopped || mode_ == Mode::kAttach) {
    return std::nullopt;
  }
  wanted_ = Chance(80);
  child_ = Child{++last_process_, ++last_pid_, Program::kGateway};
  const uint16_t port = SettingsFor(mode_).port + (Chance(10) ? 1 : 0);
  return ProcessFound{last_process_, last_pid_, now_.steady, port, wanted_};
}

// Something of what is possible now, if anything is.
std::optional<Input> MachineWorld::RandomReport() {
  const bool repairs = child_ && child_->program == Program::kDoctor;
  if (child_ && Chance(repairs ? 50 : 5)) return RandomExit();
  if (look_) return RandomProbe();
  if (!connection_) return std::nullopt;
  if (!accepted_) return RandomVerdict();
  if (!Chance(20)) return std::nullopt;
  const Generation link = *connection_;
  connection_.reset();
  accepted_ = false;
  return ConnectionLost{link, "1006"};
}

Input MachineWorld::RandomExit() {
  const Generation process = child_->generation;
  child_.reset();
  return ProcessExited{process,
                       Chance(20) ? ExitStatus::Exited(78)
                                  : ExitStatus::Signaled(1 + Random(15)),
                       "bye", Random(3),
                       Chance(20) ? "process 7 holds it" : ""};
}

// Something that is seen of the gateway, true or not.
Input MachineWorld::RandomEvidence() {
  const Generation process = last_process_ - (Chance(10) ? 1 : 0);
  switch (Random(13)) {
    case 12:
      return DrainReported{
          last_link_, static_cast<uint32_t>(Random(3)), {"so"}};
    case 11:
      return DrainEnded{last_link_, Chance(30)
                                        ? std::optional<std::string>("no")
                                        : std::nullopt};
    case 10:
      return RestartAnswered{
          last_link_, static_cast<RestartAnswered::Answer>(Random(3)), "so"};
    case 9:
      return ForeignSignalled{
          Chance(50) ? std::optional(Fault{Reason::kNotOurs, "no", ""})
                     : std::nullopt};
    case 8:
      return ConnectionFoundDead{"silent"};
    case 0:
      return ProcessStopped{process, Chance(50)};
    case 1:
      return ProcessSampled{process,
                            {'S', {}, static_cast<uint64_t>(Random(230)), 0}};
    case 2:
      return RestartAnnounced{last_link_};
    case 3:
      return Suspected{now_.wall};
    case 4:
      return SuspicionEnded{};
    case 5:
      return FoundUnresponsive{"silent"};
    default:
      return HealthChecked{
          {now_.wall, {}, static_cast<Health::Layer>(Random(5)), "so"}};
  }
}

Input MachineWorld::RandomProbe() {
  const Generation link = *look_;
  look_.reset();
  // The likely answer mostly, so that starts succeed often enough.
  const auto likely = child_ || mode_ == Mode::kAttach
                          ? ProbeReport::Answer::kAnswers
                          : ProbeReport::Answer::kNothing;
  const auto answer =
      Chance(60) ? likely : static_cast<ProbeReport::Answer>(Random(4));
  return PortSeen{link,
                  {answer, Chance(98), "", Chance(2),
                   Chance(50) ? std::optional(7) : std::nullopt},
                  {static_cast<uint64_t>(Random(1000)), seconds(Random(9))}};
}

Input MachineWorld::RandomVerdict() {
  const Generation link = *connection_;
  if (Chance(60)) {
    accepted_ = true;
    Hello hello;
    hello.version = "1";
    hello.boot_id = std::to_string(Random(3));
    return HandshakeAccepted{link, hello};
  }
  connection_.reset();
  if (Chance(80)) {
    return HandshakeDeferred{link, milliseconds(50 + Random(3000)), "not yet",
                             Chance(50)};
  }
  return HandshakeRefused{link, {Reason::kTokenRefused, "no", ""}};
}

// About something that was given up, or never was.
Input MachineWorld::RandomStaleReport() {
  const Generation link = last_link_ - 1 + 2 * Random(2);
  const Generation process = last_process_ - 1 + 2 * Random(2);
  switch (Random(7)) {
    case 0:
      return PortSeen{link, {ProbeReport::Answer::kNothing, true, ""}};
    case 1:
      return HandshakeAccepted{link, {}};
    case 2:
      return HandshakeDeferred{link, seconds(1), "late", true};
    case 3:
      return HandshakeRefused{link, {Reason::kTokenRefused, "late", ""}};
    case 4:
      return ConnectionLost{link, "late"};
    case 5:
      return Launched{process, 1};
    default:
      return ProcessExited{process, ExitStatus::Exited(1), "late"};
  }
}

// ---- Keeping the books

void MachineWorld::Take(const Input& input) {
  const GatewayStatus before = machine_.status();
  const auto effects = machine_.Step(input, now_);

  history_ = Concat(Name(before.state), "/", Name(before.phase), ", ",
                    Describe(input), " -> ", Name(machine_.status().state), "/",
                    Name(machine_.status().phase), ", ", Describe(effects));
  for (const Effect& effect : effects) Apply(effect, before);
  CheckStep(input, before, effects);
  if (!launch_) CheckStatus();
  if (!launch_) CheckWaits();
}

void MachineWorld::Apply(const Effect& effect, const GatewayStatus& before) {
  if (const auto* look = std::get_if<LookAtPort>(&effect)) {
    Require(look->link == last_link_ + 1, "a link's number is not the next");
    Require(!look_ && !connection_, "a look during another look or connection");
    look_ = last_link_ = look->link;
  } else if (const auto* connect = std::get_if<Connect>(&effect)) {
    Require(connect->link == last_link_ + 1, "a link's number is not the next");
    Require(!look_ && !connection_, "a connection during another one");
    connection_ = last_link_ = connect->link;
    accepted_ = false;
  } else if (const auto* launch = std::get_if<Launch>(&effect)) {
    Require(launch->process == last_process_ + 1,
            "a process's number is not the next");
    Require(!child_ && !launch_, "a launch while a process lives");
    Require(mode_ != Mode::kAttach, "a launch in mode attach");
    Require(wanted_, "a launch after a stop");
    launch_ = *launch;
    last_process_ = launch->process;
  } else if (std::holds_alternative<DropLink>(effect)) {
    Require(look_ || connection_, "nothing to drop");
    look_.reset();
    connection_.reset();
    accepted_ = false;
  } else if (std::holds_alternative<Terminate>(effect) ||
             std::holds_alternative<Kill>(effect)) {
    Require(child_.has_value(), "a signal without a process");
  } else if (std::holds_alternative<BeginDrain>(effect)) {
    Require(accepted_ && machine_.status().phase == Phase::kDraining,
            "a drain without a connection");
  } else if (std::holds_alternative<AskForRestart>(effect)) {
    Require(accepted_ && !child_, "asked to restart without a connection");
  } else if (const auto* signal = std::get_if<SignalForeign>(&effect)) {
    Require(signal->pid == 7 && !child_ && before.state == State::kRunning,
            "a signal to nobody knows whom");
  } else if (std::holds_alternative<RecordRepair>(effect)) {
    Require(!child_, "the end of a repair that goes on");
  } else if (const auto* record = std::get_if<RecordState>(&effect)) {
    Require(record->from == before.state && record->from != record->to &&
                record->to == machine_.status().state,
            "a change of state that was none");
    ++visits_[static_cast<int>(record->to)];
  } else if (const auto* finish = std::get_if<FinishOrder>(&effect)) {
    Require(orders_.erase(finish->id) == 1, "an order was finished twice");
  }
}

void MachineWorld::CheckStep(const Input& input, const GatewayStatus& before,
                             const std::vector<Effect>& effects) {
  const GatewayStatus& after = machine_.status();
  const bool same = SameRevision(before, after);
  Require(after.revision == before.revision + (same ? 0 : 1),
          "the revision does not count the changes");
  Require(Has<Publish>(effects) != same, "a change was not published");
  Require(Has<RecordState>(effects) == (before.state != after.state),
          "a change of state was not recorded");
  Require(Has<RecordExit>(effects) == (before.last_exit != after.last_exit),
          "an exit was not recorded");
  Require(!IsConnected(before) || IsConnected(after) || Has<FailCalls>(effects),
          "calls go on without a connection");
  if (const auto* stop = std::get_if<StopOrder>(&input)) {
    Require(!after.wanted_up, "wanted up after a stop");
    Require(child_ || stop->drain || after.state == State::kStopped,
            "a stop without a process takes time");
  }
  if (const auto* start = std::get_if<StartOrder>(&input)) {
    Require(after.wanted_up, "not wanted up after a start");
    Require(after.state != State::kError || !orders_.count(start->id),
            "a start was eaten by ERROR");
  }
}

void MachineWorld::CheckStatus() {
  const GatewayStatus& status = machine_.status();
  const State state = status.state;
  const bool at_rest = state == State::kStopped || state == State::kRunning ||
                       state == State::kError;
  Require(at_rest == (status.phase == Phase::kNone), "phase and state differ");
  const bool gateway = child_ && child_->program == Program::kGateway;
  const std::optional<int> expected =
      gateway ? std::optional(child_->pid) : std::nullopt;
  Require(status.pid == expected || (!gateway && status.pid == 7),
          "another pid than the process's");
  Require(gateway || !status.pid || state == State::kRunning,
          "the pid of a gateway that is not ours and cannot be reached");
  Require(!status.suspect_since || state == State::kRunning ||
              state == State::kReconnecting,
          "a suspicion of a gateway that is not up");
  Require(status.connected_at.has_value() == (state == State::kRunning),
          "connected_at does not go with RUNNING");
  Require(IsConnected(status) == accepted_,
          "RUNNING does not go with an accepted connection");
  Require(status.drain.has_value() == (status.phase == Phase::kDraining),
          "the work that is left does not go with draining");
  Require(status.next_attempt_at.has_value() ==
              (status.phase == Phase::kBackingOff),
          "next_attempt_at does not go with backing off");
  Require(!child_ || status.owned, "a process that is not owned");
  switch (state) {
    case State::kStopped:
      Require(!child_ && !status.error && !status.wanted_up,
              "STOPPED with a process, an error or a wish");
      break;
    case State::kRunning:
      Require(!status.error && status.reconnect_attempts == 0,
              "RUNNING with an error or attempts");
      break;
    case State::kError:
      Require(status.error.has_value(), "ERROR without an error");
      break;
    case State::kStopping:
      Require(child_ || status.phase == Phase::kDraining,
              "STOPPING without a process");
      break;
    case State::kStarting:
    case State::kReconnecting:
      Require(status.wanted_up, "on the way up, and not wanted");
      break;
  }
  Require(!at_rest || orders_.empty() || waits_for_foreign_restart(),
          "an order waits for nothing");
}

void MachineWorld::CheckWaits() {
  const bool wakes = machine_.deadline().has_value();
  switch (machine_.status().phase) {
    case Phase::kNone:
      Require((!wakes || waits_for_foreign_restart()) && !look_,
              "a gateway at rest waits for something");
      break;
    case Phase::kProbing:
      Require(look_.has_value(), "probing without a look");
      break;
    case Phase::kWaitingForPort:
    case Phase::kWaitingForReady:
      Require(wakes || look_, "a wait without an end");
      break;
    case Phase::kConnecting:
      Require(wakes && connection_, "connecting without end or connection");
      break;
    case Phase::kBackingOff:
    case Phase::kTerminating:
    case Phase::kRestartDelay:
      Require(wakes && !look_ && !connection_, "a wait without an end");
      break;
    case Phase::kDraining:
      Require(wakes && connection_ && !look_, "draining without end or talk");
      break;
    case Phase::kRepairing:
      Require(child_ && child_->program == Program::kDoctor && !look_ &&
                  !connection_,
              "repairing without a repair");
      break;
    case Phase::kKilling:
      Require(!look_ && !connection_, "a killed gateway is talked to");
      break;
  }
}

void MachineWorld::Require(bool holds, const char* what) {
  if (!holds && fault_.empty()) fault_ = Concat(what, ": ", history_);
}

}  // namespace clawplane::core
