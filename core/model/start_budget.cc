#include "core/model/start_budget.h"

#include <algorithm>

namespace clawplane::core {
namespace {

// How far a start has come by what answers on the port.
int Height(ProbeReport::Answer answer) {
  switch (answer) {
    case ProbeReport::Answer::kNothing:
      return 0;
    case ProbeReport::Answer::kUnintelligible:
      return 1;
    case ProbeReport::Answer::kNotReady:
      return 2;
    case ProbeReport::Answer::kAnswers:
      return 3;
  }
  return 0;
}

}  // namespace

void StartBudget::Begin(TimePoint now) {
  began_ = progress_at_ = now;
  signs_ = {};
  layer_ = ProbeReport::Answer::kNothing;
}

void StartBudget::OnLook(const ProbeReport& report, const ProcessSigns& signs,
                         TimePoint now) {
  if (!began_) return;
  if (signs.lines > signs_.lines) {
    signs_.lines = signs.lines;
    progress_at_ = now;
  }
  if (signs.cpu_time >= signs_.cpu_time + kCpuSign) {
    signs_.cpu_time = signs.cpu_time;
    progress_at_ = now;
  }
  if (Height(report.answer) > Height(layer_)) {
    layer_ = report.answer;
    progress_at_ = now;
  }
}

std::optional<TimePoint> StartBudget::deadline() const {
  if (!began_) return std::nullopt;
  return std::min(progress_at_ + patience_, *began_ + limit_);
}

}  // namespace clawplane::core
