#include "client/clawctl/run_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

constexpr char kUnknown[] = "-";

// "server start"; of a later server, that has other causes: "cause 9".
std::string CauseName(absl::string_view name, absl::string_view prefix,
                      int number) {
  if (name.empty()) return absl::StrCat("cause ", number);
  return absl::StrReplaceAll(
      absl::AsciiStrToLower(absl::StripPrefix(name, prefix)), {{"_", " "}});
}

// Why it was launched, in a word or two.
std::string ShowCause(v1::Run::StartCause cause) {
  if (cause == v1::Run::START_CAUSE_UNSPECIFIED) return kUnknown;
  if (cause == v1::Run::START_CAUSE_EXIT) return "after an exit";
  if (cause == v1::Run::START_CAUSE_REPAIR) return "after a repair";
  if (cause == v1::Run::START_CAUSE_DECISION) return "server's decision";
  return CauseName(v1::Run::StartCause_Name(cause), "START_CAUSE_", cause);
}

// Why it ended, in a word or two.
std::string ShowCause(v1::Run::EndCause cause) {
  if (cause == v1::Run::END_CAUSE_UNSPECIFIED) return kUnknown;
  if (cause == v1::Run::END_CAUSE_ITSELF) return "by itself";
  return CauseName(v1::Run::EndCause_Name(cause), "END_CAUSE_", cause);
}

// "signal 9, killed: unresponsive".
std::string ShowEnd(const v1::Run& run) {
  if (!run.has_exit()) return "lives";
  return absl::StrCat(ShowHow(run.exit()),
                      run.exit().killed() ? ", killed: " : ": ",
                      ShowCause(run.end_cause()));
}

// Until now if it lives. The clocks of two machines may differ.
std::string ShowLife(const v1::Run& run, absl::Time now) {
  const absl::Duration lived = run.has_exit() ? ToAbsl(run.exit().lived())
                                              : now - ToAbsl(run.started_at());
  return ShowDuration(std::max(lived, absl::ZeroDuration()));
}

std::string ShowReady(const v1::Run& run) {
  return run.has_ready_after() ? ShowDuration(ToAbsl(run.ready_after()))
                               : kUnknown;
}

std::string ShowPeak(const v1::Run& run) {
  return run.peak_resident_bytes() > 0 ? ShowMemory(run.peak_resident_bytes())
                                       : kUnknown;
}

// The rows under a heading, indented; nothing if there are none.
void AddSection(absl::string_view heading, const Rows& rows,
                std::string& text) {
  if (rows.empty()) return;
  absl::StrAppend(&text, "\n\n", heading, "\n  ",
                  absl::StrReplaceAll(Align(rows), {{"\n", "\n  "}}));
}

Rows PhaseRows(const v1::Run& run) {
  Rows rows;
  for (const v1::PhaseTime& stretch : run.phases()) {
    v1::GatewayStatus status;
    status.set_state(stretch.state());
    status.set_phase(stretch.phase());
    rows.push_back(
        {ProgressLine(status), ShowDuration(ToAbsl(stretch.took()))});
  }
  return rows;
}

Rows EvidenceRows(const v1::Run& run) {
  Rows rows;
  for (const v1::Evidence& found : run.evidence()) {
    rows.push_back({ShowTime(found.at()), Printable(found.text())});
  }
  return rows;
}

// Most lines of the gateway begin with a time of their own.
Rows LineRows(const v1::Run& run) {
  Rows rows;
  for (const v1::LogLine& line : run.last_stderr()) {
    rows.push_back({MarkCut(line, Printable(WithoutColours(line.text())))});
  }
  return rows;
}

}  // namespace

std::string RunsTable(const v1::ListRunsResponse& response, absl::Time now) {
  Rows rows = {{"PID", "STARTED", "CAUSE", "READY AFTER", "LIVED", "ENDED",
                "PEAK MEMORY"}};
  for (const v1::Run& run : response.runs()) {
    rows.push_back({absl::StrCat(run.pid()), ShowSecond(run.started_at()),
                    ShowCause(run.start_cause()), ShowReady(run),
                    ShowLife(run, now), ShowEnd(run), ShowPeak(run)});
  }
  return Align(rows);
}

std::string RunLines(const v1::Run& run, absl::Time now) {
  Rows fields = {
      {"pid", absl::StrCat(run.pid())},
      {"started", absl::StrCat(ShowTime(run.started_at()), ", because ",
                               Printable(run.started_because()))},
      {"ready after", run.has_ready_after() ? ShowReady(run) : "never ready"},
      {"lived", ShowLife(run, now)},
      {"ended", ShowEnd(run)}};
  if (run.exit().stragglers() > 0) {
    fields.push_back({"left behind", ShowStragglers(run.exit())});
  }
  if (run.peak_resident_bytes() > 0) {
    fields.push_back({"peak memory", ShowPeak(run)});
  }
  if (!run.version().empty()) {
    fields.push_back({"version", Printable(run.version())});
  }
  if (!run.boot_id().empty()) {
    fields.push_back({"boot id", Printable(run.boot_id())});
  }
  std::string text = Align(fields);
  AddSection("phases", PhaseRows(run), text);
  AddSection("evidence", EvidenceRows(run), text);
  AddSection("last lines of standard error", LineRows(run), text);
  return text;
}

}  // namespace clawplane::clawctl
