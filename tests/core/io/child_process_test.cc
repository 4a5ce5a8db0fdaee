// The life of real processes: start, signals, exit, and what they leave.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/core/io/process_fixture.h"

namespace clawplane::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ChildProcessTest : public ProcessTest {
 protected:
  // The fault of a launch that has to fail.
  Fault FaultOf(const LaunchSpec& spec) {
    auto launched = Launch(spec, {});
    EXPECT_TRUE(std::holds_alternative<Fault>(launched));
    EXPECT_FALSE(HasChildren());
    return std::get<Fault>(launched);
  }

  // Another launcher's children come to us, and are not ours to kill.
  static void AwaitNoChildren() {
    while (HasChildren()) std::this_thread::yield();
  }

  // The standard output of a program that has to end well.
  std::vector<std::string> OutputOf(const LaunchSpec& spec) {
    auto child = Start(spec);
    EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(0));
    return child->record.Lines(LogSource::kStdout);
  }
};

// ---- How it starts

TEST_F(ChildProcessTest, TellsThatTheExecutableIsMissing) {
  const Fault fault = FaultOf({.executable = "/no/such/program",
                               .arguments = {},
                               .directory = "/",
                               .environment = {}});

  EXPECT_EQ(fault.reason, Reason::kGatewayNotInstalled);
  EXPECT_EQ(fault.message,
            "cannot start /no/such/program: No such file or directory");
  EXPECT_EQ(fault.next_step, "install it, or correct its configured path");
}

TEST_F(ChildProcessTest, TellsWhyItCannotStart) {
  WriteFile("text", "#!/bin/sh\n", 0600);
  WriteFile("junk", "\177junk", 0700);
  WriteFile("orphan", "#!/no/interpreter\n", 0700);
  const auto fault_of = [&](std::string_view program) {
    return FaultOf({.executable = Path(program),
                    .arguments = {},
                    .directory = "/",
                    .environment = {}});
  };

  EXPECT_THAT(fault_of("text").message, HasSubstr(": Permission denied"));
  EXPECT_THAT(fault_of("junk").message, HasSubstr(": Exec format error"));
  const Fault orphan = fault_of("orphan");
  EXPECT_EQ(orphan.reason, Reason::kLaunchFailed);
  EXPECT_THAT(orphan.message, HasSubstr("(its interpreter)"));
}

TEST_F(ChildProcessTest, TellsThatItsDirectoryIsMissing) {
  LaunchSpec spec = Shell("exit 0");
  spec.directory = "/no/dir";

  const Fault fault = FaultOf(spec);

  EXPECT_EQ(fault.reason, Reason::kLaunchFailed);
  EXPECT_EQ(fault.message,
            "cannot start /bin/sh in /no/dir: No such file or directory");
}

TEST_F(ChildProcessTest, LeavesNothingWhenDescriptorsRunOut) {
  OutputOf(Shell("exit 0"));
  const size_t before = OpenDescriptors();
  rlimit usual;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);

  // One more descriptor each time, until it starts.
  size_t room = 0;
  for (bool started = false; !started; ++room) {
    std::promise<void> ended;
    const rlimit limit{before + room, usual.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    auto launched = Launch(
        Shell("exit 0"),
        {.on_line = {}, .on_stopped = {}, .on_gone = [&](const ProcessGone&) {
           ended.set_value();
         }});
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
    if (const auto* fault = std::get_if<Fault>(&launched)) {
      EXPECT_EQ(fault->reason, Reason::kLaunchFailed);
      EXPECT_THAT(fault->message, HasSubstr("Too many open files"));
      EXPECT_FALSE(HasChildren());
      EXPECT_EQ(OpenDescriptors(), before);
    } else {
      started = true;
      ended.get_future().wait();
      OnStrand([&] { std::get<0>(launched).reset(); });
    }
  }

  EXPECT_THAT(room, testing::AllOf(testing::Ge(6u), testing::Le(10u)));
}

// ---- What it is given

TEST_F(ChildProcessTest, GetsItsArgumentsAndDirectory) {
  LaunchSpec spec =
      Shell("pwd; printf '%s\\n' \"$@\"", {"a b", "", "$HOME", "\xc3\xa4"});
  spec.directory = "/usr";

  EXPECT_THAT(OutputOf(spec),
              ElementsAre("/usr", "a b", "", "$HOME", "\xc3\xa4"));
}

TEST_F(ChildProcessTest, GetsTheEnvironmentGivenAndAMark) {
  LaunchSpec spec{.executable = "/usr/bin/env",
                  .arguments = {},
                  .directory = "/",
                  .environment = {"B=2 3", "A="}};

  // And the mark of the launch.
  EXPECT_THAT(OutputOf(spec),
              ElementsAre("B=2 3", "A=", StartsWith("CLAWPLANE_RUN=")));
  spec.environment.clear();
  EXPECT_THAT(OutputOf(spec), ElementsAre(StartsWith("CLAWPLANE_RUN=")));
}

TEST_F(ChildProcessTest, InheritsNoDescriptor) {
  const UniqueFd low(::open("/dev/null", O_RDONLY));
  const UniqueFd high(::fcntl(low.get(), F_DUPFD, 200));

  // The fourth is the directory that `ls` reads.
  EXPECT_THAT(OutputOf({.executable = "/bin/ls",
                        .arguments = {"/proc/self/fd"},
                        .directory = "/",
                        .environment = {}}),
              ElementsAre("0", "1", "2", "3"));
}

TEST_F(ChildProcessTest, ReadsNothing) {
  EXPECT_THAT(OutputOf(Shell("readlink /proc/self/fd/0; cat")),
              ElementsAre("/dev/null"));
}

TEST_F(ChildProcessTest, HasAllSignalsAtTheirDefaults) {
  const auto usual = ::signal(SIGPIPE, SIG_IGN);

  const auto lines =
      OutputOf({.executable = "/bin/grep",
                .arguments = {"-E", "^Sig(Blk|Ign)", "/proc/self/status"},
                .directory = "/",
                .environment = {}});

  EXPECT_THAT(lines, ElementsAre("SigBlk:\t0000000000000000",
                                 "SigIgn:\t0000000000000000"));
  ::signal(SIGPIPE, usual);
}

TEST_F(ChildProcessTest, LeadsItsOwnSessionAndGroup) {
  auto child =
      Start({.executable = "/usr/bin/cut",
             .arguments = {"-d", " ", "-f", "1,5,6", "/proc/self/stat"},
             .directory = "/",
             .environment = {}});
  int pid = 0;
  OnStrand([&] { pid = child->process->pid(); });

  child->record.AwaitExit();
  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre(absl::StrCat(pid, " ", pid, " ", pid)));
}

// ---- How it ends

TEST_F(ChildProcessTest, TellsAnExitCodeFromASignal) {
  const auto exit_of = [&](std::string script) {
    auto child = Start(Shell(std::move(script)));
    return child->record.AwaitExit();
  };

  EXPECT_EQ(exit_of("exit 0"), ExitStatus::Exited(0));
  EXPECT_EQ(exit_of("exit 15"), ExitStatus::Exited(15));
  EXPECT_EQ(exit_of("exit 127"), ExitStatus::Exited(127));
  EXPECT_EQ(exit_of("kill -TERM $$"), ExitStatus::Signaled(SIGTERM));
  EXPECT_EQ(exit_of("kill -KILL $$"), ExitStatus::Signaled(SIGKILL));
}

TEST_F(ChildProcessTest, IsSignalledWithItsWholeGroup) {
  LifeLine life(MakeFifo("life"));
  // The leader does not mind SIGTERM, and exits when its child has gone.
  auto child = Start(Shell(
      "(exec 9>$1; echo ready; read x <$2) & trap '' TERM; echo armed; wait; "
      "exit 7",
      {life.path(), MakeFifo("never")}));
  child->record.AwaitLine("ready");
  child->record.AwaitLine("armed");

  Signal(*child, SIGTERM);

  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(7));
  EXPECT_EQ(life.AwaitEnd(), "");
}

TEST_F(ChildProcessTest, TakesItsStragglersWithIt) {
  LifeLine life(MakeFifo("life"));

  auto child = Start(Shell("exec 9>$1; trap '' TERM HUP; (read x <$2) & exit 4",
                           {life.path(), MakeFifo("never")}));

  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(4));
  EXPECT_EQ(life.AwaitEnd(), "");
}

TEST_F(ChildProcessTest, LeavesNoDescriptorsBehind) {
  OutputOf(Shell("exit 0"));
  const size_t before = OpenDescriptors();

  for (int i = 0; i < 200; ++i) {
    auto child = Start(Shell("exit $1", {std::to_string(i % 100)}));
    EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(i % 100));
  }

  EXPECT_EQ(OpenDescriptors(), before);
}

// ---- How it is let go

TEST_F(ChildProcessTest, DiesWithItsGroupWhenDestroyed) {
  LifeLine life(MakeFifo("life"));
  auto child = Start(
      Shell("exec 9>$1; trap '' TERM HUP; (read x <$2) & echo ready; wait",
            {life.path(), MakeFifo("never")}));
  child->record.AwaitLine("ready");

  OnStrand([&] { child->process.reset(); });
  Settle();

  EXPECT_FALSE(HasChildren());
  EXPECT_EQ(life.AwaitEnd(), "");
  EXPECT_EQ(child->record.reports(), 1u);
}

// Lets the child destroy itself at one of its reports, and waits until nothing
// more can come.
class SelfDestroyTest : public ProcessTest {
 protected:
  std::unique_ptr<Child> RunUntilReport(size_t which, const std::string& life,
                                        std::string script) {
    std::unique_ptr<Child> child;
    child = Start(Shell("exec 9>$1; read x <$2; " + script,
                        {life, MakeFifo("gate"), MakeFifo("never")}),
                  [&child, which] {
                    if (child->record.reports() == which) {
                      child->process.reset();
                    }
                  });
    // From here on the strand sees `child` too.
    OnStrand([] {});
    WriteFile("gate", "\n", 0600);
    Settle();
    return child;
  }

  LifeLine life_{MakeFifo("life")};
};

TEST_F(SelfDestroyTest, WorksInALineReport) {
  auto child =
      RunUntilReport(1, life_.path(), "echo a; echo b; echo c; read x <$3");

  EXPECT_EQ(life_.AwaitEnd(), "");
  EXPECT_EQ(child->record.reports(), 1u);
  EXPECT_THAT(child->record.Lines(LogSource::kStdout), ElementsAre("a"));
}

TEST_F(SelfDestroyTest, WorksInTheReportOfTheLastLine) {
  auto child = RunUntilReport(1, life_.path(), "printf last");

  EXPECT_EQ(child->record.reports(), 1u);
  EXPECT_THAT(child->record.Lines(LogSource::kStdout), ElementsAre("last"));
}

TEST_F(SelfDestroyTest, WorksInTheReportOfTheExit) {
  auto child = RunUntilReport(2, life_.path(), "printf last; exit 3");

  EXPECT_EQ(child->record.reports(), 2u);
  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(3));
}

TEST_F(ChildProcessTest, IsKilledWithItsIoContext) {
  // There is to be one launcher at a time.
  Settle();
  pid_t pid = 0;
  {
    std::optional<boost::asio::io_context> io(std::in_place);
    CoreStrand strand(*io);
    {
      ChildProcessLauncher launcher(strand, {});
      const LaunchSpec spec = Shell("read x <$1", {MakeFifo("never")});
      std::unique_ptr<Process> process;
      strand.Post([&] {
        auto launched = launcher.Launch(spec, {});
        process = std::move(std::get<0>(launched));
        pid = process->pid();
        io->stop();
      });
      io->run();
    }
    // With what waits in it, which the strand must outlive.
    io.reset();
  }

  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(ChildProcessTest, IsToldWhenItsParentDies) {
  LifeLine life(MakeFifo("life"));
  auto parent = Start(
      {.executable = LAUNCHING_PARENT,
       .arguments = {"end", "/bin/sh", "-c",
                     "exec 9>$1; trap 'echo told >&9; kill $!; exit' TERM; "
                     "(echo ready; read x <$2) & wait",
                     "sh", life.path(), MakeFifo("never")},
       .directory = "/",
       .environment = {}});
  parent->record.AwaitLine("ready");

  Signal(*parent, SIGKILL);

  EXPECT_EQ(life.AwaitEnd(), "told\n");
  AwaitNoChildren();
}

TEST_F(ChildProcessTest, OutlivesItsParentIfSoConfigured) {
  LifeLine life(MakeFifo("life"));
  auto parent =
      Start({.executable = LAUNCHING_PARENT,
             .arguments = {"leave", "/bin/sh", "-c",
                           "exec 9>$1; echo ready; read x <$2; echo $x >&9",
                           "sh", life.path(), MakeFifo("gate")},
             .directory = "/",
             .environment = {}});
  parent->record.AwaitLine("ready");

  Signal(*parent, SIGKILL);
  EXPECT_EQ(parent->record.AwaitExit(), ExitStatus::Signaled(SIGKILL));
  WriteFile("gate", "alive\n", 0600);

  EXPECT_EQ(life.AwaitEnd(), "alive\n");
  AwaitNoChildren();
}

}  // namespace
}  // namespace clawplane::core
