#include "core/model/run_history.h"

#include <algorithm>
#include <utility>

#include "core/model/event.h"

namespace clawplane::core {

std::string_view Describe(StartCause cause) {
  switch (cause) {
    case StartCause::kStart:
      return "somebody called Start";
    case StartCause::kRestart:
      return "somebody called Restart";
    case StartCause::kServerStart:
      return "it was wanted when the control plane began";
    case StartCause::kExit:
      return "the process before it had ended by itself";
    case StartCause::kRepair:
      return "the gateway's own repair had been run";
    case StartCause::kDecision:
      return "the process before it was ended by the control plane";
    case StartCause::kAdoption:
      return "an earlier control plane had left it running";
  }
  return {};
}

Run* RunHistory::current() {
  return runs_.empty() || runs_.back().exit ? nullptr : &runs_.back();
}

void RunHistory::Begin(int pid, StartCause cause, Instant now) {
  ++counts_.starts[static_cast<size_t>(cause)];
  runs_.emplace_back();
  runs_.back().pid = pid;
  runs_.back().start_cause = cause;
  runs_.back().started_at = now;
  if (runs_.size() > kMaxRuns) runs_.pop_front();
  stretch_.reset();
  line_bytes_ = 0;
}

void RunHistory::OnStatus(const GatewayStatus& status, TimePoint now) {
  Run* const run = current();
  if (run == nullptr) return;
  if (status.state == State::kRunning) {
    if (!run->ready_after) run->ready_after = now - run->started_at.steady;
    run->version = status.version;
    run->boot_id = status.boot_id;
  }
  if (stretch_ && stretch_->state == status.state &&
      stretch_->phase == status.phase) {
    return;
  }
  CloseStretch(*run, now);
  stretch_ = PhaseTime{status.state, status.phase};
  stretch_began_ = now;
}

void RunHistory::CloseStretch(Run& run, TimePoint now) {
  if (!stretch_) return;
  stretch_->took = now - stretch_began_;
  run.phases.push_back(*stretch_);
  if (run.phases.size() > kMaxPhases) run.phases.pop_front();
}

void RunHistory::OnLine(const LogLine& line) {
  Run* const run = current();
  if (run == nullptr || line.source != LogSource::kStderr) return;
  run->last_stderr.push_back(line);
  line_bytes_ += line.text.size();
  while (run->last_stderr.size() > kMaxLines || line_bytes_ > kMaxLineBytes) {
    line_bytes_ -= run->last_stderr.front().text.size();
    run->last_stderr.pop_front();
  }
}

void RunHistory::OnMemory(uint64_t peak_resident_bytes) {
  Run* const run = current();
  if (run == nullptr) return;
  run->peak_resident_bytes =
      std::max(run->peak_resident_bytes, peak_resident_bytes);
}

void RunHistory::AddEvidence(WallTime at, std::string_view text) {
  Run* const run = current();
  if (run == nullptr) return;
  run->evidence.push_back({at, ValidUtf8(text, kMaxEvidenceBytes)});
  if (run->evidence.size() > kMaxEvidence) run->evidence.pop_front();
}

void RunHistory::End(const ProcessEnd& exit, EndCause cause, TimePoint now) {
  Run* const run = current();
  if (run == nullptr) return;
  CloseStretch(*run, now);
  stretch_.reset();
  run->exit = exit;
  run->end_cause = cause;
  Counts::Ends& ends = counts_.ends[static_cast<size_t>(cause)];
  ++(exit.exit == ExitStatus::Exited(0)            ? ends.clean
     : exit.exit.how == ExitStatus::How::kExited   ? ends.code
     : exit.exit.how == ExitStatus::How::kSignaled ? ends.signal
                                                   : ends.unknown);
}

}  // namespace clawplane::core
