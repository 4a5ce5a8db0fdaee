#include "core/io/process_launcher.h"

#include <signal.h>
#include <unistd.h>

#include <boost/system/error_code.hpp>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/io/adopted_process.h"
#include "core/io/child_process.h"

namespace clawplane::core {
namespace {

// The owner's side of a process: letting go of it ends the process.
template <typename Shared>
class OwnedProcess final : public Process {
 public:
  explicit OwnedProcess(std::shared_ptr<Shared> child)
      : child_(std::move(child)) {}
  ~OwnedProcess() override {
    if (!left_) child_->Abandon();
  }

  pid_t pid() const override { return child_->pid(); }
  void SignalGroup(int signal) override { child_->SignalGroup(signal); }
  void Kill() override { child_->Kill(); }
  std::optional<ProcessVitals> Vitals() const override {
    return child_->Vitals();
  }
  std::optional<ProcessIdentity> Identity() const override {
    return child_->Identity();
  }
  void Leave() override {
    left_ = true;
    child_->Leave();
  }

 private:
  const std::shared_ptr<Shared> child_;
  bool left_ = false;
};

// What went wrong, as it follows "cannot start /x/y".
std::string Describe(const LaunchFailure& failure, const LaunchSpec& spec) {
  const std::string error =
      boost::system::error_code(failure.error, boost::system::system_category())
          .message();
  switch (failure.step) {
    case LaunchStep::kPipes:
      return absl::StrCat(": cannot make its pipes: ", error);
    case LaunchStep::kFork:
      return absl::StrCat(": cannot make a process: ", error);
    case LaunchStep::kSession:
      return absl::StrCat(": cannot make its session: ", error);
    case LaunchStep::kStandardStreams:
      return absl::StrCat(": cannot connect its output: ", error);
    case LaunchStep::kDirectory:
      return absl::StrCat(" in ", spec.directory, ": ", error);
    case LaunchStep::kDescriptors:
      return absl::StrCat(": cannot keep descriptors from it: ", error);
    case LaunchStep::kExecute:
      return absl::StrCat(": ", error);
    case LaunchStep::kWatch:
      return absl::StrCat(": cannot watch it: ", error);
  }
  return absl::StrCat(": ", error);
}

Fault ToFault(const LaunchFailure& failure, const LaunchSpec& spec) {
  Fault fault{
      Reason::kLaunchFailed,
      absl::StrCat("cannot start ", spec.executable, Describe(failure, spec)),
      "raise the limits on processes, memory and open files"};
  if (failure.step == LaunchStep::kDirectory) {
    fault.next_step = "create the directory, or configure another";
  } else if (failure.step == LaunchStep::kExecute) {
    const bool exists = ::access(spec.executable.c_str(), F_OK) == 0;
    if (failure.error == ENOENT && !exists) {
      fault.reason = Reason::kGatewayNotInstalled;
      fault.next_step = "install it, or correct its configured path";
    } else if (failure.error == ENOENT) {
      // The kernel says the same of a script whose interpreter is missing.
      absl::StrAppend(&fault.message, " (its interpreter)");
      fault.next_step = "install the interpreter that its first line names";
    } else if (failure.error == EACCES) {
      fault.next_step = "let the user of this server execute the file";
    } else {
      fault.next_step = "configure a program that this machine can run";
    }
  }
  return fault;
}

}  // namespace

ChildProcessLauncher::ChildProcessLauncher(CoreStrand& strand, Options options)
    : strand_(strand),
      options_(options),
      orphans_(std::make_shared<OrphanReaper>(strand)),
      name_(absl::StrCat(
          ::getpid(), "-",
          std::chrono::steady_clock::now().time_since_epoch().count())) {
  strand.Post([orphans = orphans_] { orphans->Begin(); });
}

void ChildProcessLauncher::Close() { orphans_->Close(); }

std::variant<std::unique_ptr<Process>, Fault> ChildProcessLauncher::Launch(
    const LaunchSpec& spec, ProcessReports reports) {
  strand_.AssertHeld();
  auto child =
      std::make_shared<ChildProcess>(strand_, orphans_, std::move(reports));
  const VforkLauncher::Terms terms = {
      .parent_death_signal = options_.end_with_parent ? SIGTERM : 0,
      .soft_file_limit = options_.soft_file_limit};
  const std::string run = absl::StrCat(name_, "-", ++launches_);
  if (const auto failure = child->Launch(
          spec, run, terms,
          options_.leaves_children ? options_.output_directory : "")) {
    return ToFault(*failure, spec);
  }
  return std::make_unique<OwnedProcess<ChildProcess>>(std::move(child));
}

std::variant<std::unique_ptr<Process>, Fault> ChildProcessLauncher::Adopt(
    const ProcessIdentity& identity, ProcessReports reports) {
  strand_.AssertHeld();
  auto taken = AdoptedProcess::Take(
      strand_, identity, options_.output_directory, std::move(reports));
  if (auto* fault = std::get_if<Fault>(&taken)) return std::move(*fault);
  return std::make_unique<OwnedProcess<AdoptedProcess>>(
      std::get<std::shared_ptr<AdoptedProcess>>(std::move(taken)));
}

}  // namespace clawplane::core
