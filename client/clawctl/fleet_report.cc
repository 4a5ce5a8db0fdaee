#include "client/clawctl/fleet_report.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/clawctl/text.h"

namespace clawplane::clawctl {
namespace {

// A longer answer makes no row of a table.
constexpr size_t kLongestCell = 160;

void WriteError(absl::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

std::string Prefixed(absl::string_view name, absl::string_view line) {
  return absl::StrCat(Printable(name), ": ",
                      absl::StripPrefix(line, "clawctl: "));
}

}  // namespace

FleetReport::FleetReport(const std::vector<std::string>& names, Form form,
                         const SharedOptions& options, Output& output)
    : form_(form),
      json_(options.json),
      quiet_(options.quiet),
      draws_progress_(!options.quiet && form != Form::kStream &&
                      isatty(STDERR_FILENO) == 1),
      output_(output) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& name : names) outcomes_.push_back({name, {}});
  DrawProgress();
}

int FleetReport::Item(size_t server, absl::string_view item) {
  absl::MutexLock lock(&mutex_);
  const std::string& name = outcomes_[server].name;
  WipeProgress();
  output_.Line(json_ ? JsonItem(name, item)
                     : absl::StrCat(Printable(name), ": ", item));
  return output_.error();
}

void FleetReport::Tell(size_t server, absl::string_view line) {
  absl::MutexLock lock(&mutex_);
  WipeProgress();
  WriteError(Prefixed(outcomes_[server].name, line));
}

void FleetReport::Finish(size_t server, Outcome outcome) {
  absl::MutexLock lock(&mutex_);
  NamedOutcome& it = outcomes_[server];
  it.outcome = std::move(outcome);
  ++finished_;
  WipeProgress();
  if (json_) {
    output_.Line(JsonEnd(it));
    it.outcome.answer.clear();
  } else {
    Keep(it);
  }
  // Failures come with their causes at the end.
  if (!it.outcome.failed()) {
    for (const std::string& line : it.outcome.told) {
      WriteError(Prefixed(it.name, line));
    }
    it.outcome.told.clear();
  }
  DrawProgress();
}

void FleetReport::Keep(NamedOutcome& it) {
  std::string& answer = it.outcome.answer;
  if (form_ == Form::kStatus && it.outcome.status) {
    answer.clear();  // The table tells it.
  }
  const bool fits = form_ == Form::kAnswer && answer.size() <= kLongestCell &&
                    answer.find('\n') == std::string::npos;
  if (answer.empty() || fits) return;
  output_.Line(absl::StrCat("== ", Printable(it.name), "\n", answer));
  it.outcome.is_shown = true;
  answer.clear();
  answer.shrink_to_fit();
}

int FleetReport::End() {
  absl::MutexLock lock(&mutex_);
  WipeProgress();
  if (json_) {
    for (const NamedOutcome& it : outcomes_) {
      if (!it.outcome.code) output_.Line(JsonEnd(it));
    }
  } else {
    ShowEnd();
  }
  const int code = SumCode(outcomes_);
  if (!quiet_ || code != kOk) WriteError(SumLine(outcomes_));
  return code;
}

void FleetReport::ShowEnd() {
  switch (form_) {
    case Form::kStatus:
      ShowTable(StatusTable(outcomes_));
      break;
    case Form::kAnswer:
      ShowTable(ResultTable(outcomes_));
      break;
    case Form::kItems:
    case Form::kStream:
      break;
  }
  for (const std::string& line : FailureLines(outcomes_)) WriteError(line);
}

void FleetReport::ShowTable(const std::string& table) {
  if (table.empty()) return;
  for (absl::string_view line : absl::StrSplit(table, '\n')) {
    // A file is to have it all.
    output_.Line(output_.is_terminal() ? Cut(line, output_.columns())
                                       : std::string(line));
  }
}

void FleetReport::DrawProgress() {
  if (!draws_progress_) return;
  std::fprintf(stderr, "\r\x1b[K%zu of %zu", finished_, outcomes_.size());
}

void FleetReport::WipeProgress() {
  if (draws_progress_) std::fputs("\r\x1b[K", stderr);
}

}  // namespace clawplane::clawctl
