// Runs of the gateway as messages.

#include <string>

#include "server/convert.h"

namespace clawplane::server {
namespace {

v1::Run::StartCause CauseToProto(core::StartCause cause) {
  switch (cause) {
    case core::StartCause::kStart:
      return v1::Run::START_CAUSE_START;
    case core::StartCause::kRestart:
      return v1::Run::START_CAUSE_RESTART;
    case core::StartCause::kServerStart:
      return v1::Run::START_CAUSE_SERVER_START;
    case core::StartCause::kExit:
      return v1::Run::START_CAUSE_EXIT;
    case core::StartCause::kRepair:
      return v1::Run::START_CAUSE_REPAIR;
    case core::StartCause::kDecision:
      return v1::Run::START_CAUSE_DECISION;
    case core::StartCause::kAdoption:
      return v1::Run::START_CAUSE_ADOPTION;
  }
  return v1::Run::START_CAUSE_UNSPECIFIED;
}

v1::Run::EndCause CauseToProto(core::EndCause cause) {
  switch (cause) {
    case core::EndCause::kItself:
      return v1::Run::END_CAUSE_ITSELF;
    case core::EndCause::kStop:
      return v1::Run::END_CAUSE_STOP;
    case core::EndCause::kRestart:
      return v1::Run::END_CAUSE_RESTART;
    case core::EndCause::kStartFailed:
      return v1::Run::END_CAUSE_START_FAILED;
    case core::EndCause::kUnresponsive:
      return v1::Run::END_CAUSE_UNRESPONSIVE;
    case core::EndCause::kMemory:
      return v1::Run::END_CAUSE_MEMORY;
    case core::EndCause::kOtherPort:
      return v1::Run::END_CAUSE_OTHER_PORT;
  }
  return v1::Run::END_CAUSE_UNSPECIFIED;
}

}  // namespace

v1::Run ToProto(const core::Run& run) {
  v1::Run proto;
  proto.set_pid(run.pid);
  *proto.mutable_started_at() = ToProto(run.started_at.wall);
  proto.set_started_because(std::string(core::Describe(run.start_cause)));
  proto.set_start_cause(CauseToProto(run.start_cause));
  if (run.exit) {
    *proto.mutable_exit() = ToProto(*run.exit);
    proto.set_end_cause(CauseToProto(run.end_cause));
  }
  if (run.ready_after) *proto.mutable_ready_after() = ToProto(*run.ready_after);
  for (const core::PhaseTime& stretch : run.phases) {
    v1::PhaseTime& phase = *proto.add_phases();
    phase.set_state(ToProto(stretch.state));
    phase.set_phase(ToProto(stretch.phase));
    *phase.mutable_took() = ToProto(stretch.took);
  }
  for (const core::Evidence& found : run.evidence) {
    v1::Evidence& evidence = *proto.add_evidence();
    *evidence.mutable_at() = ToProto(found.at);
    evidence.set_text(found.text);
  }
  proto.set_peak_resident_bytes(run.peak_resident_bytes);
  proto.set_version(run.version);
  proto.set_boot_id(run.boot_id);
  for (const core::LogLine& line : run.last_stderr) {
    *proto.add_last_stderr() = ToProto(line);
  }
  return proto;
}

v1::ListRunsResponse ToProto(const core::RunHistory& history, size_t limit) {
  v1::ListRunsResponse proto;
  const auto& runs = history.runs();
  for (auto run = runs.rbegin(); run != runs.rend() && limit > 0; ++run) {
    *proto.add_runs() = ToProto(*run);
    --limit;
  }
  return proto;
}

}  // namespace clawplane::server
