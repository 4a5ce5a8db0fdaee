// What the tests of real processes share.

#ifndef CLAWPLANE_TESTS_CORE_IO_PROCESS_FIXTURE_H_
#define CLAWPLANE_TESTS_CORE_IO_PROCESS_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "core/io/core_strand.h"
#include "core/io/ports.h"
#include "core/io/process_launcher.h"
#include "core/io/unique_fd.h"

namespace clawplane::core {

// What a child has reported. Thread-safe.
class Record {
 public:
  void AddLine(LogSource source, std::string_view line, size_t cut);
  void AddStop(bool stopped);
  void AddEnd(const ProcessGone& gone);

  // The lines of one stream so far.
  std::vector<std::string> Lines(LogSource source) const;
  // How many bytes of lines were left out so far.
  size_t cut() const;
  // How many lines and ends were reported.
  size_t reports() const;

  void AwaitLine(std::string_view line) const;
  // Waits until these are all reports of a stop (true) or its end.
  void AwaitStops(const std::vector<bool>& stops) const;
  ExitStatus AwaitExit() const;
  // The same, with the number of descendants that were killed.
  ProcessGone AwaitEnd() const;

 private:
  void Await(std::function<bool()> condition) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::pair<LogSource, std::string>> lines_;
  std::vector<bool> stops_;
  std::vector<ProcessGone> ends_;
  size_t cut_ = 0;
  size_t reports_ = 0;
};

class ProcessTest;

// A child of the test. `process` is touched on the strand only; destroying this
// destroys it there.
struct Child {
  explicit Child(ProcessTest& test) : test(test) {}
  ~Child();

  ProcessTest& test;
  std::unique_ptr<Process> process;
  Record record;
};

// A FIFO that children write to, read by the test. Its end shows that every
// process that had it open is gone.
class LifeLine {
 public:
  explicit LifeLine(std::string path);

  const std::string& path() const { return path_; }

  // All that was written, once nobody has it open. Somebody must have had.
  std::string AwaitEnd();

 private:
  const std::string path_;
  UniqueFd fd_;
};

// Runs the strand on two threads, and checks at the end that no child, dead or
// alive, is left.
class ProcessTest : public testing::Test {
 public:
  // Runs `task` on the strand, and waits for it. After `Settle` there is only
  // the test's own thread, and it runs there.
  void OnStrand(std::function<void()> task);

 protected:
  explicit ProcessTest(bool leaves_children = false);
  ~ProcessTest() override;

  static LaunchSpec Shell(std::string script,
                          std::vector<std::string> arguments = {});

  std::string Path(std::string_view name) const;
  std::string MakeFifo(std::string_view name) const;
  void WriteFile(std::string_view name, std::string_view text, int mode) const;

  // Launches on the strand. `on_report` is called there after each report.
  std::unique_ptr<Child> Start(const LaunchSpec& spec,
                               std::function<void()> on_report = {});
  std::variant<std::unique_ptr<Process>, Fault> Launch(const LaunchSpec& spec,
                                                       ProcessReports reports);
  // Takes one over, which has to succeed, or has to fail with this fault.
  std::unique_ptr<Child> Adopt(const ProcessIdentity& identity);
  Fault AdoptionFault(const ProcessIdentity& identity);
  void Signal(Child& child, int signal);

  // Waits until Asio has nothing left to do. Nothing can be started after it.
  void Settle();

  ChildProcessLauncher& launcher() { return launcher_; }

 private:
  using Launched = std::variant<std::unique_ptr<Process>, Fault>;
  // Records what becomes of the process that `launch` gives.
  std::unique_ptr<Child> Watch(std::function<Launched(ProcessReports)> launch,
                               std::function<void()> on_report);

  const std::string directory_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_{io_.get_executor()};
  CoreStrand strand_{io_};
  ChildProcessLauncher launcher_;
  std::vector<std::thread> threads_;
};

// Whether this process has children, dead ones included.
bool HasChildren();

size_t OpenDescriptors();

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_PROCESS_FIXTURE_H_
