#include "tests/core/io/process_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <utility>

namespace clawplane::core {
namespace {

constexpr std::chrono::seconds kPatience(30);

}  // namespace

// ---- Record

void Record::AddLine(LogSource source, std::string_view line, size_t cut) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(source, line);
  cut_ += cut;
  ++reports_;
  changed_.notify_all();
}

void Record::AddStop(bool stopped) {
  const std::lock_guard lock(mutex_);
  stops_.push_back(stopped);
  changed_.notify_all();
}

void Record::AddEnd(const ProcessGone& gone) {
  const std::lock_guard lock(mutex_);
  ends_.push_back(gone);
  ++reports_;
  changed_.notify_all();
}

std::vector<std::string> Record::Lines(LogSource source) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [from, line] : lines_) {
    if (from == source) lines.push_back(line);
  }
  return lines;
}

size_t Record::cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

size_t Record::reports() const {
  const std::lock_guard lock(mutex_);
  return reports_;
}

void Record::AwaitLine(std::string_view wanted) const {
  Await([&] {
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const auto& line) { return line.second == wanted; });
  });
}

void Record::AwaitStops(const std::vector<bool>& wanted) const {
  Await([&] { return stops_ == wanted; });
}

ExitStatus Record::AwaitExit() const { return AwaitEnd().exit; }

ProcessGone Record::AwaitEnd() const {
  Await([&] { return !ends_.empty(); });
  const std::lock_guard lock(mutex_);
  EXPECT_EQ(ends_.size(), 1u);
  if (ends_.empty()) return {.exit = ExitStatus::Exited(-2)};
  return ends_.front();
}

void Record::Await(std::function<bool()> condition) const {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kPatience, condition))
      << "not reported in time; reported: " << testing::PrintToString(lines_);
}

Child::~Child() {
  test.OnStrand([this] { process.reset(); });
}

// ---- LifeLine

LifeLine::LifeLine(std::string path)
    : path_(std::move(path)),
      fd_(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}

std::string LifeLine::AwaitEnd() {
  std::string text;
  for (;;) {
    pollfd wait{fd_.get(), POLLIN, 0};
    const int ready =
        ::poll(&wait, 1, std::chrono::milliseconds(kPatience).count());
    if (ready == 0) {
      ADD_FAILURE() << "somebody still has " << path_ << " open";
      return text;
    }
    char buffer[512];
    const ssize_t size = ::read(fd_.get(), buffer, sizeof(buffer));
    if (size == 0) return text;
    if (size > 0) text.append(buffer, size);
  }
}

// ---- ProcessTest

ProcessTest::ProcessTest(bool leaves_children)
    : directory_([] {
        std::string pattern = testing::TempDir() + "/process_test.XXXXXX";
        return std::string(::mkdtemp(pattern.data()));
      }()),
      launcher_(strand_, {.output_directory = directory_,
                          .leaves_children = leaves_children}) {
  for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
}

ProcessTest::~ProcessTest() {
  Settle();
  EXPECT_FALSE(HasChildren());
  std::filesystem::remove_all(directory_);
}

LaunchSpec ProcessTest::Shell(std::string script,
                              std::vector<std::string> arguments) {
  LaunchSpec spec{.executable = "/bin/sh",
                  .arguments = {"-c", std::move(script), "sh"},
                  .directory = "/",
                  .environment = {"PATH=/usr/bin:/bin"}};
  for (auto& argument : arguments) {
    spec.arguments.push_back(std::move(argument));
  }
  return spec;
}

std::string ProcessTest::Path(std::string_view name) const {
  return directory_ + "/" + std::string(name);
}

std::string ProcessTest::MakeFifo(std::string_view name) const {
  EXPECT_EQ(::mkfifo(Path(name).c_str(), 0600), 0);
  return Path(name);
}

void ProcessTest::WriteFile(std::string_view name, std::string_view text,
                            int mode) const {
  std::ofstream(Path(name)) << text;
  EXPECT_EQ(::chmod(Path(name).c_str(), mode), 0);
}

void ProcessTest::OnStrand(std::function<void()> task) {
  if (io_.stopped()) return task();
  std::promise<void> done;
  strand_.Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

std::unique_ptr<Child> ProcessTest::Start(const LaunchSpec& spec,
                                          std::function<void()> on_report) {
  return Watch(
      [&](ProcessReports reports) { return Launch(spec, std::move(reports)); },
      std::move(on_report));
}

std::unique_ptr<Child> ProcessTest::Adopt(const ProcessIdentity& identity) {
  return Watch(
      [&](ProcessReports reports) {
        Launched taken;
        OnStrand(
            [&] { taken = launcher_.Adopt(identity, std::move(reports)); });
        return taken;
      },
      {});
}

Fault ProcessTest::AdoptionFault(const ProcessIdentity& identity) {
  Launched taken;
  OnStrand([&] {
    taken = launcher_.Adopt(identity, {});
    if (auto* process = std::get_if<std::unique_ptr<Process>>(&taken)) {
      ADD_FAILURE() << identity.pid << " was taken over";
      (*process)->Leave();
      taken = Fault{};
    }
  });
  return std::get<Fault>(taken);
}

std::unique_ptr<Child> ProcessTest::Watch(
    std::function<Launched(ProcessReports)> launch,
    std::function<void()> on_report) {
  auto child = std::make_unique<Child>(*this);
  Record& record = child->record;
  auto launched = launch(
      {.on_line =
           [&record, on_report](LogSource source, std::string_view line,
                                size_t cut) {
             record.AddLine(source, line, cut);
             if (on_report) on_report();
           },
       .on_stopped = [&record](bool stopped) { record.AddStop(stopped); },
       .on_gone =
           [&record, on_report](const ProcessGone& gone) {
             record.AddEnd(gone);
             if (on_report) on_report();
           }});
  if (const auto* fault = std::get_if<Fault>(&launched)) {
    ADD_FAILURE() << fault->message;
    return nullptr;
  }
  child->process = std::move(std::get<0>(launched));
  return child;
}

std::variant<std::unique_ptr<Process>, Fault> ProcessTest::Launch(
    const LaunchSpec& spec, ProcessReports reports) {
  std::variant<std::unique_ptr<Process>, Fault> launched;
  OnStrand([&] { launched = launcher_.Launch(spec, std::move(reports)); });
  return launched;
}

void ProcessTest::Signal(Child& child, int signal) {
  OnStrand([&] { child.process->SignalGroup(signal); });
}

void ProcessTest::Settle() {
  if (!io_.stopped()) OnStrand([this] { launcher_.Close(); });
  work_.reset();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

bool HasChildren() {
  siginfo_t info;
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
         errno != ECHILD;
}

size_t OpenDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

}  // namespace clawplane::core
