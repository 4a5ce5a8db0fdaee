#include "client/clawctl/status_text.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

std::string Lower(absl::string_view name, absl::string_view prefix,
                  absl::string_view what, int number) {
  if (name.empty()) return absl::StrCat(what, " ", number);
  return absl::AsciiStrToLower(absl::StripPrefix(name, prefix));
}

std::string Words(std::string text) {
  return absl::StrReplaceAll(text, {{"_", " "}});
}

std::string LayerName(v1::HealthCheck::Layer layer) {
  return Words(
      Lower(v1::HealthCheck::Layer_Name(layer), "LAYER_", "layer", layer));
}

// The phase in words that need no explanation.
std::string PhaseWords(v1::GatewayStatus::Phase phase) {
  const bool repairing = phase == v1::GatewayStatus::PHASE_REPAIRING;
  return absl::StrCat(PhaseName(phase),
                      repairing ? " by 'openclaw doctor --fix'" : "");
}

bool IsUnwell(const v1::GatewayStatus& status) {
  return status.has_health() && !status.health().ok();
}

// "1 active request, 2 queued turns".
std::string ShowWork(const v1::DrainProgress& drain) {
  std::string text;
  for (const std::string& work : drain.waiting_for()) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", Printable(work));
  }
  if (!text.empty()) return text;
  return drain.active() == 0 ? "" : absl::StrCat(drain.active(), " things");
}

// "no answer to a call (layer rpc)".
std::string ShowFinding(const v1::HealthCheck& health) {
  return absl::StrCat(Printable(health.message()), " (layer ",
                      LayerName(health.failed_layer()), ")");
}

void AddAttempts(const v1::GatewayStatus& status, Rows& fields) {
  if (status.has_error()) {
    fields.push_back({"error", ShowFault(status.error())});
    if (!status.error().next_step().empty()) {
      fields.push_back({"next", Printable(status.error().next_step())});
    }
  }
  if (status.reconnect_attempts() > 0) {
    fields.push_back(
        {"attempts", absl::StrCat(status.reconnect_attempts(), " failed")});
  }
  if (status.has_next_attempt_at()) {
    fields.push_back({"next attempt", ShowTime(status.next_attempt_at())});
  }
}

void AddHealth(const v1::GatewayStatus& status, absl::Time now, Rows& fields) {
  if (IsUnwell(status)) {
    fields.push_back(
        {"health",
         absl::StrCat("not ok at ", ShowTime(status.health().checked_at()),
                      ": ", ShowFinding(status.health()))});
  }
  if (status.has_suspect_since()) {
    const absl::Duration silence = now - ToAbsl(status.suspect_since());
    fields.push_back(
        {"silence",
         absl::StrCat(ShowDuration(std::max(silence, absl::ZeroDuration())),
                      ", suspected; more evidence is gathered each 30 s")});
  }
}

void AddDrain(const v1::GatewayStatus& status, Rows& fields) {
  if (!status.has_drain()) return;
  const std::string work = ShowWork(status.drain());
  fields.push_back({"waiting for", work.empty() ? "its answer" : work});
  fields.push_back({"at most until", ShowTime(status.drain().until())});
}

void AddProcess(const v1::GatewayStatus& status, Rows& fields) {
  if (status.has_pid()) {
    fields.push_back({"pid", absl::StrCat(status.pid())});
  } else if (status.state() == v1::GatewayStatus::STATE_RUNNING &&
             !status.owned()) {
    fields.push_back({"process", "not a child of this server"});
  }
  if (status.port() != 0) {
    fields.push_back({"port", absl::StrCat(status.port())});
  }
  if (!status.version().empty()) {
    fields.push_back(
        {"version", absl::StrCat(Printable(status.version()), " (protocol ",
                                 status.protocol(), ")")});
  }
  if (status.state() == v1::GatewayStatus::STATE_RUNNING) {
    fields.push_back({"uptime", ShowDuration(ToAbsl(status.uptime()))});
  }
  if (status.resident_bytes() > 0) {
    fields.push_back({"memory", ShowMemory(status.resident_bytes())});
  }
}

}  // namespace

std::string StateName(v1::GatewayStatus::State state) {
  return Words(
      Lower(v1::GatewayStatus::State_Name(state), "STATE_", "state", state));
}

std::string PhaseName(v1::GatewayStatus::Phase phase) {
  return Words(
      Lower(v1::GatewayStatus::Phase_Name(phase), "PHASE_", "phase", phase));
}

std::string KindName(v1::EventKind kind) {
  return Lower(v1::EventKind_Name(kind), "EVENT_KIND_", "kind", kind);
}

std::string ReasonName(v1::Reason reason) {
  return absl::AsciiStrToUpper(
      Lower(v1::Reason_Name(reason), "REASON_", "reason", reason));
}

std::string ShowHow(const v1::ProcessExit& exit) {
  switch (exit.how_case()) {
    case v1::ProcessExit::kExitCode:
      return absl::StrCat("exit code ", exit.exit_code());
    case v1::ProcessExit::kSignal:
      return absl::StrCat("signal ", exit.signal());
    case v1::ProcessExit::HOW_NOT_SET:
      break;
  }
  return "an unknown end";
}

std::string ShowStragglers(const v1::ProcessExit& exit) {
  if (exit.stragglers() == 0) return "";
  return exit.stragglers() == 1
             ? "1 descendant of it was killed"
             : absl::StrCat(exit.stragglers(),
                            " descendants of it were killed");
}

std::string ShowExit(const v1::ProcessExit& exit) {
  std::string text = absl::StrCat("process ", exit.pid());
  switch (exit.how_case()) {
    case v1::ProcessExit::kExitCode:
      absl::StrAppend(&text, " exited with code ", exit.exit_code());
      break;
    case v1::ProcessExit::kSignal:
      absl::StrAppend(&text, " was ended by signal ", exit.signal());
      break;
    case v1::ProcessExit::HOW_NOT_SET:
      absl::StrAppend(&text, " ended");
      break;
  }
  if (exit.killed()) absl::StrAppend(&text, " (killed by the server)");
  if (!exit.expected()) absl::StrAppend(&text, " (unexpected)");
  if (exit.has_lived()) {
    absl::StrAppend(&text, " after ", ShowDuration(ToAbsl(exit.lived())));
  }
  if (exit.stragglers() > 0) {
    absl::StrAppend(&text, "; ", ShowStragglers(exit));
  }
  return text;
}

std::string ShowFault(const v1::GatewayFault& fault) {
  return absl::StrCat(Printable(fault.message()), " [",
                      ReasonName(fault.reason()), "]");
}

std::string StatusLines(const v1::GatewayStatus& status, absl::Time now) {
  Rows fields;
  if (!status.name().empty()) {
    fields.push_back({"name", Printable(status.name())});
  }
  fields.push_back({"state", StateName(status.state())});
  fields.push_back({"wanted", status.wanted_up() ? "up" : "down"});
  if (status.phase() != v1::GatewayStatus::PHASE_UNSPECIFIED) {
    fields.push_back(
        {"phase", absl::StrCat(PhaseWords(status.phase()), " for ",
                               ShowDuration(ToAbsl(status.phase_elapsed())))});
  }
  AddDrain(status, fields);
  AddAttempts(status, fields);
  AddHealth(status, now, fields);
  AddProcess(status, fields);
  if (status.restarts() > 0) {
    fields.push_back({"restarts", absl::StrCat(status.restarts())});
  }
  if (status.has_last_exit()) {
    fields.push_back({"last exit", ShowExit(status.last_exit())});
  }
  if (status.has_log_position()) {
    fields.push_back(
        {"log position", Printable(ShowPosition(status.log_position()))});
  }
  return Align(fields);
}

std::string StatusLine(const v1::GatewayStatus& status) {
  std::string line = ProgressLine(status);
  if (status.has_pid()) absl::StrAppend(&line, ", pid ", status.pid());
  if (status.port() != 0) absl::StrAppend(&line, ", port ", status.port());
  if (!status.version().empty()) {
    absl::StrAppend(&line, ", version ", Printable(status.version()));
  }
  if (IsUnwell(status)) {
    absl::StrAppend(&line, ", health not ok: ", ShowFinding(status.health()));
  }
  if (status.has_suspect_since()) {
    absl::StrAppend(&line, ", silent since ", ShowTime(status.suspect_since()));
  }
  return line;
}

std::string ProgressLine(const v1::GatewayStatus& status) {
  std::string line = StateName(status.state());
  if (status.phase() != v1::GatewayStatus::PHASE_UNSPECIFIED) {
    absl::StrAppend(&line, ": ", PhaseWords(status.phase()));
  }
  if (const std::string work = ShowWork(status.drain()); !work.empty()) {
    absl::StrAppend(&line, ", waiting for ", work);
  }
  if (status.has_error()) {
    absl::StrAppend(&line, " (", Printable(status.error().message()), ")");
  }
  return line;
}

std::string ProgressLine(const v1::GatewayStatus& status,
                         absl::Duration since) {
  if (status.phase() == v1::GatewayStatus::PHASE_UNSPECIFIED) {
    return ProgressLine(status);
  }
  return absl::StrCat(ProgressLine(status), ", ",
                      ShowDuration(ToAbsl(status.phase_elapsed()) + since));
}

}  // namespace clawplane::clawctl
