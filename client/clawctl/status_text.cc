#include "client/clawctl/status_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

// A name, and what stands beside it.
using Fields = std::vector<std::pair<absl::string_view, std::string>>;

void AddAttempts(const v1::GatewayStatus& status, Fields& fields) {
  if (status.has_error()) {
    fields.emplace_back("error", ShowFault(status.error()));
    if (!status.error().next_step().empty()) {
      fields.emplace_back("next", Printable(status.error().next_step()));
    }
  }
  if (status.reconnect_attempts() > 0) {
    fields.emplace_back("attempts",
                        absl::StrCat(status.reconnect_attempts(), " failed"));
  }
  if (status.has_next_attempt_at()) {
    fields.emplace_back("next attempt", ShowTime(status.next_attempt_at()));
  }
}

void AddProcess(const v1::GatewayStatus& status, Fields& fields) {
  if (status.has_pid()) {
    fields.emplace_back("pid", absl::StrCat(status.pid()));
  } else if (status.state() == v1::GatewayStatus::STATE_RUNNING &&
             !status.owned()) {
    fields.emplace_back("process", "not a child of this server");
  }
  if (status.port() != 0) {
    fields.emplace_back("port", absl::StrCat(status.port()));
  }
  if (!status.version().empty()) {
    fields.emplace_back("version",
                        absl::StrCat(Printable(status.version()), " (protocol ",
                                     status.protocol(), ")"));
  }
  if (status.state() == v1::GatewayStatus::STATE_RUNNING) {
    fields.emplace_back("uptime", ShowDuration(ToAbsl(status.uptime())));
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
  return text;
}

std::string ShowFault(const v1::GatewayFault& fault) {
  return absl::StrCat(Printable(fault.message()), " [",
                      ReasonName(fault.reason()), "]");
}

std::string StatusLines(const v1::GatewayStatus& status) {
  Fields fields;
  if (!status.name().empty()) {
    fields.emplace_back("name", Printable(status.name()));
  }
  fields.emplace_back("state", StateName(status.state()));
  fields.emplace_back("wanted", status.wanted_up() ? "up" : "down");
  if (status.phase() != v1::GatewayStatus::PHASE_UNSPECIFIED) {
    fields.emplace_back(
        "phase", absl::StrCat(PhaseName(status.phase()), " for ",
                              ShowDuration(ToAbsl(status.phase_elapsed()))));
  }
  AddAttempts(status, fields);
  AddProcess(status, fields);
  if (status.restarts() > 0) {
    fields.emplace_back("restarts", absl::StrCat(status.restarts()));
  }
  if (status.has_last_exit()) {
    fields.emplace_back("last exit", ShowExit(status.last_exit()));
  }
  if (status.has_log_position()) {
    fields.emplace_back("log position",
                        Printable(ShowPosition(status.log_position())));
  }

  size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  return absl::StrJoin(fields, "\n", [&](std::string* out, const auto& field) {
    absl::StrAppend(out, field.first,
                    std::string(width - field.first.size() + 2, ' '),
                    field.second);
  });
}

std::string StatusLine(const v1::GatewayStatus& status) {
  std::string line = ProgressLine(status);
  if (status.has_pid()) absl::StrAppend(&line, ", pid ", status.pid());
  if (status.port() != 0) absl::StrAppend(&line, ", port ", status.port());
  if (!status.version().empty()) {
    absl::StrAppend(&line, ", version ", Printable(status.version()));
  }
  return line;
}

std::string ProgressLine(const v1::GatewayStatus& status) {
  std::string line = StateName(status.state());
  if (status.phase() != v1::GatewayStatus::PHASE_UNSPECIFIED) {
    absl::StrAppend(&line, ": ", PhaseName(status.phase()));
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
