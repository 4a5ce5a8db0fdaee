#include "core/model/trace.h"

#include <algorithm>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

std::string_view Name(ProbeReport::Answer answer) {
  switch (answer) {
    case ProbeReport::Answer::kNothing:
      return "nothing";
    case ProbeReport::Answer::kNotReady:
      return "not-ready";
    case ProbeReport::Answer::kAnswers:
      return "answers";
    case ProbeReport::Answer::kUnintelligible:
      return "unintelligible";
  }
  return {};
}

struct InputWords {
  std::string operator()(const StartOrder&) const { return "start"; }
  std::string operator()(const StopOrder& o) const {
    return o.force ? "stop force" : o.drain ? "stop drain" : "stop";
  }
  std::string operator()(const RestartOrder& o) const {
    return o.force ? "restart force" : o.drain ? "restart drain" : "restart";
  }
  std::string operator()(const WishFound&) const { return "wish-found"; }
  std::string operator()(const ProcessFound& p) const {
    return Concat("process-found ", p.pid);
  }
  std::string operator()(const PortSeen& s) const {
    return Concat("port-seen ", Name(s.report.answer));
  }
  std::string operator()(const Launched& l) const {
    return Concat("launched ", l.pid);
  }
  std::string operator()(const LaunchFailed& f) const {
    return Concat("launch-failed ", core::Name(f.fault.reason));
  }
  std::string operator()(const ProcessExited& e) const {
    return Concat("exited ", core::Describe(e.exit));
  }
  std::string operator()(const HandshakeAccepted& a) const {
    return Concat("accepted ", a.hello.version);
  }
  std::string operator()(const HandshakeDeferred& d) const {
    return Concat("deferred (", d.why, ")");
  }
  std::string operator()(const HandshakeRefused& r) const {
    return Concat("refused ", core::Name(r.fault.reason));
  }
  std::string operator()(const ConnectionLost& l) const {
    return Concat("connection-lost (", l.why, ")");
  }
  std::string operator()(const ProcessStopped& s) const {
    return s.stopped ? "process-stopped" : "process-continued";
  }
  std::string operator()(const ProcessSampled& s) const {
    return Concat("sampled ", s.vitals.resident_bytes >> 20, "MiB");
  }
  std::string operator()(const RestartAnnounced&) const {
    return "restart-announced";
  }
  std::string operator()(const RestartAnswered& a) const {
    switch (a.answer) {
      case RestartAnswered::Answer::kAccepted:
        return "restart-accepted";
      case RestartAnswered::Answer::kRefused:
        return Concat("restart-refused (", a.why, ")");
      case RestartAnswered::Answer::kUnknown:
        return Concat("restart-unanswered (", a.why, ")");
    }
    return {};
  }
  std::string operator()(const ForeignSignalled& s) const {
    return s.fault ? Concat("not-signalled (", s.fault->message, ")")
                   : "signalled";
  }
  std::string operator()(const DrainReported& d) const {
    return Concat("work-left ", d.active);
  }
  std::string operator()(const DrainEnded& d) const {
    return d.why_not ? Concat("cannot-drain (", *d.why_not, ")") : "drained";
  }
  std::string operator()(const HealthChecked& h) const {
    return h.health.ok() ? "healthy"
                         : Concat("unhealthy (", h.health.message, ")");
  }
  std::string operator()(const Suspected&) const { return "suspected"; }
  std::string operator()(const SuspicionEnded&) const {
    return "suspicion-ended";
  }
  std::string operator()(const FoundUnresponsive& f) const {
    return Concat("unresponsive (", f.evidence, ")");
  }
  std::string operator()(const ConnectionFoundDead& c) const {
    return Concat("connection-dead (", c.evidence, ")");
  }
  std::string operator()(const DeadlineReached&) const { return "deadline"; }
};

struct EffectWords {
  std::string operator()(const LookAtPort&) const { return "look"; }
  std::string operator()(const Launch& l) const {
    return l.program == Program::kDoctor ? "launch-doctor" : "launch";
  }
  std::string operator()(const Connect&) const { return "connect"; }
  std::string operator()(const DropLink&) const { return "drop-link"; }
  std::string operator()(const FailCalls&) const { return "fail-calls"; }
  std::string operator()(const Terminate&) const { return "terminate"; }
  std::string operator()(const Kill&) const { return "kill"; }
  std::string operator()(const AskForRestart&) const {
    return "ask-for-restart";
  }
  std::string operator()(const BeginDrain&) const { return "drain"; }
  std::string operator()(const SignalForeign& s) const {
    return Concat("signal-foreign ", s.pid,
                  s.signal == UserSignal::kFirst ? " USR1" : " USR2");
  }
  std::string operator()(const RecordExit&) const { return "record-exit"; }
  std::string operator()(const RecordRepair&) const { return "record-repair"; }
  std::string operator()(const RecordError& e) const {
    return Concat("record-error ", core::Name(e.fault.reason));
  }
  std::string operator()(const RecordState&) const { return "record-state"; }
  std::string operator()(const Publish&) const { return "publish"; }
  std::string operator()(const FinishOrder& f) const {
    return Concat("finish ", f.id, " ",
                  f.fault ? core::Name(f.fault->reason) : "ok");
  }
};

}  // namespace

std::string Describe(const Input& input) {
  return std::visit(InputWords(), input);
}

std::string Describe(const Effect& effect) {
  return std::visit(EffectWords(), effect);
}

std::string Describe(const std::vector<Effect>& effects) {
  if (effects.empty()) return "nothing";
  std::string words;
  for (const Effect& effect : effects) {
    if (!words.empty()) words += ", ";
    words += Describe(effect);
  }
  return words;
}

std::string Decision::Line() const {
  std::string line = Concat(from, ", ", input, " -> ", to, ", ", effects);
  if (!error.empty()) line += Concat(": ", error);
  return line;
}

Decision DescribeStep(const GatewayStatus& before, const Input& input,
                      const GatewayStatus& after,
                      const std::vector<Effect>& effects) {
  const bool looks_only =
      std::all_of(effects.begin(), effects.end(), [](const Effect& effect) {
        return std::holds_alternative<LookAtPort>(effect);
      });
  const bool is_answer = std::holds_alternative<RestartAnswered>(input) ||
                         std::holds_alternative<ForeignSignalled>(input);
  const bool failed = after.error && after.error != before.error;
  return {
      .from = Concat(Name(before.state), "/", Name(before.phase)),
      .input = Describe(input),
      .to = Concat(Name(after.state), "/", Name(after.phase)),
      .effects = Describe(effects),
      .error = failed ? after.error->message : "",
      .is_routine = SameRevision(before, after) && looks_only && !is_answer};
}

}  // namespace clawplane::core
