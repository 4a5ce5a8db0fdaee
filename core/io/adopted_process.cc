#include "core/io/adopted_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cassert>
#include <cstring>
#include <utility>
#include <vector>

#include "core/io/process_table.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// When to look again what is left.
constexpr std::chrono::milliseconds kSweepInterval(20);

Fault NotAdopted(int pid, std::string_view why) {
  return {Reason::kNotAdopted,
          Concat("the gateway that was left running (process ", pid,
                 ") was not taken over: ", why),
          ""};
}

void KillMarked(const std::string& run) {
  for (const HeldProcess& left : FindMarked(run, nullptr)) left.Send(SIGKILL);
}

// What is missing to the proof that this is the process; none if nothing is.
std::optional<std::string> Doubt(const ProcessIdentity& identity,
                                 const HeldProcess& held) {
  const auto row = ReadProcessRow(identity.pid);
  if (!row || row->ended()) return "it has ended";
  if (row->start_ticks != identity.start_ticks) {
    return "its number belongs to another process now";
  }
  if (!BearsMark(identity.pid, identity.run)) {
    return "the process of that number is not one that was launched here";
  }
  if (!held.Send(0)) return "it has ended";
  return std::nullopt;
}

}  // namespace

std::string StdoutFile(const std::string& directory) {
  return directory + "/gateway.stdout";
}

std::string StderrFile(const std::string& directory) {
  return directory + "/gateway.stderr";
}

std::variant<std::shared_ptr<AdoptedProcess>, Fault> AdoptedProcess::Take(
    CoreStrand& strand, const ProcessIdentity& identity,
    const std::string& directory, ProcessReports reports) {
  strand.AssertHeld();
  const int pid = identity.pid;
  if (identity.system_boot_id != SystemBootId()) {
    return NotAdopted(pid, "the system was started anew since");
  }
  auto held = HeldProcess::Hold(pid);
  const auto doubt = held ? Doubt(identity, *held)
                          : std::optional<std::string>("it has ended");
  if (doubt) {
    // Those of its launch are ours, whatever became of itself.
    KillMarked(identity.run);
    return NotAdopted(pid, *doubt);
  }
  const std::shared_ptr<AdoptedProcess> taken(new AdoptedProcess(
      strand, identity, *std::move(held), std::move(reports)));
  taken->strand_.AssertHeld();
  if (!taken->Watch(directory)) {
    return NotAdopted(pid, Concat("it cannot be watched: ", strerror(errno)));
  }
  return taken;
}

AdoptedProcess::AdoptedProcess(CoreStrand& strand, ProcessIdentity identity,
                               HeldProcess process, ProcessReports reports)
    : strand_(strand),
      identity_(std::move(identity)),
      process_(std::move(process)),
      reports_(std::make_shared<const ProcessReports>(std::move(reports))),
      exited_(strand.executor()),
      next_sweep_(strand.executor()) {}

bool AdoptedProcess::Watch(const std::string& directory) {
  UniqueFd handle(::fcntl(process_.handle(), F_DUPFD_CLOEXEC, 3));
  boost::system::error_code error;
  if (handle.get() < 0) return false;
  exited_.assign(handle.get(), error);
  if (error) {
    errno = error.value();
    return false;
  }
  handle.Release();
  // Without its output it is a gateway all the same.
  outputs_ = {Follow(StdoutFile(directory), LogSource::kStdout),
              Follow(StderrFile(directory), LogSource::kStderr)};
  exited_.async_wait(
      Descriptor::wait_read,
      [self = shared_from_this()](const boost::system::error_code& failed) {
        if (!failed) self->OnExited();
      });
  return true;
}

std::shared_ptr<OutputFile> AdoptedProcess::Follow(const std::string& path,
                                                   LogSource source) {
  auto file = OutputFile::Reopen(
      strand_, path,
      [reports = reports_, source](std::string_view line, size_t cut) {
        reports->on_line(source, line, cut);
      });
  if (file) file->Begin();
  return file;
}

void AdoptedProcess::SignalGroup(int signal) {
  strand_.AssertHeld();
  for (const HeldProcess& held : FindMarked(identity_.run, &process_)) {
    const auto row = ReadProcessRow(held.pid());
    if (row && row->group == identity_.pid) held.Send(signal);
  }
}

void AdoptedProcess::Kill() {
  strand_.AssertHeld();
  const std::vector<HeldProcess> all = FindMarked(identity_.run, &process_);
  process_.Send(SIGKILL);
  for (const HeldProcess& held : all) {
    if (held.pid() != identity_.pid && held.Send(SIGKILL)) {
      killed_.insert(held.pid());
    }
  }
}

std::optional<ProcessVitals> AdoptedProcess::Vitals() const {
  strand_.AssertHeld();
  if (sweep_end_) return std::nullopt;
  auto vitals = ReadVitals(identity_.pid);
  return process_.Send(0) ? vitals : std::nullopt;
}

void AdoptedProcess::OnExited() {
  strand_.AssertHeld();
  boost::system::error_code ignored;
  exited_.close(ignored);
  if (reports_ == nullptr) return;
  sweep_end_ = std::chrono::steady_clock::now() + kSweepTime;
  Sweep();
}

void AdoptedProcess::Sweep() {
  const std::vector<HeldProcess> left = FindMarked(identity_.run, nullptr);
  for (const HeldProcess& held : left) {
    if (held.Send(SIGKILL)) killed_.insert(held.pid());
  }
  if (left.empty() || std::chrono::steady_clock::now() >= *sweep_end_) {
    return Tell();
  }
  next_sweep_.expires_after(kSweepInterval);
  next_sweep_.async_wait(
      [self = shared_from_this()](const boost::system::error_code& error) {
        self->strand_.AssertHeld();
        if (!error && self->reports_) self->Sweep();
      });
}

void AdoptedProcess::Tell() {
  for (const auto& output : std::exchange(outputs_, {})) {
    if (output) output->Drain();
  }
  if (const auto reports = std::exchange(reports_, nullptr)) {
    reports->on_gone({ExitStatus::Unknown(), static_cast<int>(killed_.size())});
  }
}

void AdoptedProcess::Leave() {
  strand_.AssertHeld();
  Forget();
}

// Not analysed, because on a stopped `io_context` there is no strand to be on.
void AdoptedProcess::Abandon() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  assert(strand_.IsHeld() || strand_.stopped());
  if (reports_ == nullptr) return;
  process_.Send(SIGKILL);
  KillMarked(identity_.run);
  Forget();
}

void AdoptedProcess::Forget() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  reports_ = nullptr;
  boost::system::error_code ignored;
  exited_.close(ignored);
  next_sweep_.cancel();
  for (const auto& output : std::exchange(outputs_, {})) {
    if (output) output->Close();
  }
}

}  // namespace clawplane::core
