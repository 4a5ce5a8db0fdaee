#include "client/clawctl/fleet_text.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/clawctl/exit_code.h"
#include "client/clawctl/json_text.h"
#include "client/clawctl/status_text.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

// A person reads the first failures, and looks the others up in the table.
constexpr size_t kMostFailures = 20;
constexpr size_t kMostNames = 10;
constexpr size_t kMostCharacters = 160;

constexpr absl::string_view kNotTried = "not tried";
constexpr absl::string_view kNextPrefix = "next: ";

absl::string_view Words(const Outcome& outcome) {
  return outcome.code.has_value() ? ExitCodeWords(*outcome.code) : kNotTried;
}

// Without what is said of each failure of clawctl alike.
absl::string_view Bare(const std::string& line) {
  return absl::StripPrefix(line, "clawctl: ");
}

// Nothing where it would be said twice.
std::string InstanceName(const NamedOutcome& it) {
  const auto& status = it.outcome.status;
  return status && status->name() != it.name ? Printable(status->name()) : "";
}

// The rows without the columns in which none but the heading has anything, and
// without blanks at the ends of lines.
std::string Show(const Rows& rows, const std::set<size_t>& may_go) {
  std::set<size_t> gone = may_go;
  for (size_t row = 1; row < rows.size(); ++row) {
    for (size_t i = 0; i < rows[row].size(); ++i) {
      if (!rows[row][i].empty()) gone.erase(i);
    }
  }
  Rows kept;
  for (const auto& row : rows) {
    auto& cells = kept.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      if (gone.count(i) == 0) cells.push_back(row[i]);
    }
  }
  std::vector<std::string> lines = absl::StrSplit(Align(kept), '\n');
  for (std::string& line : lines) absl::StripTrailingAsciiWhitespace(&line);
  return absl::StrJoin(lines, "\n");
}

std::string StatusFault(const Outcome& outcome) {
  // The command may fail because of what the status says.
  if (!outcome.status) return std::string(Words(outcome));
  const v1::GatewayStatus& status = *outcome.status;
  if (status.has_error()) {
    return Cut(ShowFault(status.error()), kMostCharacters);
  }
  if (status.has_health() && !status.health().ok()) {
    return Cut(Printable(status.health().message()), kMostCharacters);
  }
  return "";
}

std::vector<std::string> StatusRow(const NamedOutcome& it) {
  const std::string name = Printable(it.name);
  const std::string fault = StatusFault(it.outcome);
  if (!it.outcome.status) return {name, "", "-", "-", "-", "-", "-", fault};
  const v1::GatewayStatus& status = *it.outcome.status;
  const bool runs = status.state() == v1::GatewayStatus::STATE_RUNNING;
  return {name,
          InstanceName(it),
          StateName(status.state()),
          status.wanted_up() ? "up" : "down",
          status.has_pid() ? absl::StrCat(status.pid()) : "-",
          status.version().empty() ? "-" : Printable(status.version()),
          runs ? ShowDuration(ToAbsl(status.uptime())) : "-",
          fault};
}

std::string FirstLineOf(const Outcome& outcome) {
  if (!outcome.failed()) return Printable(outcome.answer);
  return outcome.told.empty()
             ? ""
             : Cut(Bare(outcome.told.front()), kMostCharacters);
}

void CollectNext(const Outcome& outcome, std::vector<std::string>& next) {
  for (const std::string& line : outcome.told) {
    const bool is_new = absl::StartsWith(line, kNextPrefix) &&
                        std::find(next.begin(), next.end(), line) == next.end();
    if (is_new) next.push_back(line);
  }
}

}  // namespace

std::string StatusTable(const Outcomes& outcomes) {
  Rows rows = {{"TARGET", "NAME", "STATE", "WANTED", "PID", "VERSION", "UPTIME",
                "ERROR"}};
  for (const NamedOutcome& it : outcomes) rows.push_back(StatusRow(it));
  return Show(rows, {1});
}

std::string ResultTable(const Outcomes& outcomes) {
  Rows rows = {{"TARGET", "NAME", "RESULT", "TOOK", "ANSWER"}};
  for (const NamedOutcome& it : outcomes) {
    const Outcome& outcome = it.outcome;
    if (outcome.is_shown && !outcome.failed()) continue;
    rows.push_back({Printable(it.name), InstanceName(it),
                    std::string(Words(outcome)),
                    outcome.code ? ShowDuration(outcome.took) : "-",
                    FirstLineOf(outcome)});
  }
  return rows.size() == 1 ? "" : Show(rows, {1, 4});
}

std::vector<std::string> FailureLines(const Outcomes& outcomes) {
  std::vector<std::string> lines;
  std::vector<std::string> next;
  size_t failures = 0;
  for (const auto& [name, outcome] : outcomes) {
    if (!outcome.failed() || ++failures > kMostFailures) continue;
    for (const std::string& line : outcome.told) {
      if (absl::StartsWith(line, kNextPrefix)) continue;
      lines.push_back(absl::StrCat(Printable(name), ": ", Bare(line)));
    }
    CollectNext(outcome, next);
  }
  if (failures > kMostFailures) {
    lines.push_back(
        absl::StrCat("and ", failures - kMostFailures, " more failed"));
  }
  lines.insert(lines.end(), next.begin(), next.end());
  return lines;
}

std::string SumLine(const Outcomes& outcomes) {
  size_t done = 0;
  size_t failed = 0;
  size_t interrupted = 0;
  size_t untried = 0;
  std::map<absl::string_view, std::vector<absl::string_view>> by_cause;
  for (const auto& [name, outcome] : outcomes) {
    if (!outcome.code) {
      ++untried;
    } else if (*outcome.code == kOk) {
      ++done;
    } else if (*outcome.code == kInterrupted) {
      ++interrupted;
    } else {
      ++failed;
      by_cause[Words(outcome)].push_back(name);
    }
  }
  std::string line = absl::StrCat(done, " ok");
  if (interrupted > 0) {
    absl::StrAppend(&line, ", ", interrupted, " ", ExitCodeWords(kInterrupted));
  }
  if (untried > 0) absl::StrAppend(&line, ", ", untried, " ", kNotTried);
  std::vector<std::string> causes;
  for (auto& [cause, names] : by_cause) {
    const size_t left_out = names.size() - std::min(names.size(), kMostNames);
    names.resize(names.size() - left_out);
    causes.push_back(absl::StrCat(
        Printable(absl::StrJoin(names, ", ")),
        left_out == 0 ? "" : absl::StrCat(" and ", left_out, " more"), " (",
        cause, ")"));
  }
  if (failed > 0) {
    absl::StrAppend(&line, ", ", failed,
                    " failed: ", absl::StrJoin(causes, "; "));
  }
  return line;
}

int SumCode(const Outcomes& outcomes) {
  std::set<std::optional<int>> codes;
  for (const NamedOutcome& it : outcomes) codes.insert(it.outcome.code);
  return codes.size() == 1 ? codes.begin()->value_or(kNotAll) : kNotAll;
}

std::string JsonItem(absl::string_view name, absl::string_view item) {
  return absl::StrCat(R"({"target":)", JsonString(name), R"(,"item":)", item,
                      "}");
}

std::string JsonEnd(const NamedOutcome& it) {
  const Outcome& outcome = it.outcome;
  std::string line = absl::StrCat(R"({"target":)", JsonString(it.name));
  std::vector<absl::string_view> error;
  std::vector<absl::string_view> next;
  if (!outcome.code) error.push_back(kNotTried);
  if (outcome.code) absl::StrAppend(&line, R"(,"exit_code":)", *outcome.code);
  if (outcome.failed()) {
    for (const std::string& told : outcome.told) {
      absl::string_view rest = told;
      const bool is_next = absl::ConsumePrefix(&rest, kNextPrefix);
      (is_next ? next : error).push_back(is_next ? rest : Bare(told));
    }
    if (error.empty()) error.push_back(Words(outcome));
  }
  if (!error.empty()) {
    absl::StrAppend(&line, R"(,"error":)",
                    JsonString(absl::StrJoin(error, "\n")));
  }
  if (!next.empty()) {
    absl::StrAppend(&line, R"(,"next_step":)",
                    JsonString(absl::StrJoin(next, "\n")));
  }
  if (!outcome.answer.empty()) {
    absl::StrAppend(&line, R"(,"answer":)", outcome.answer);
  }
  return absl::StrCat(line, "}");
}

}  // namespace clawplane::clawctl
