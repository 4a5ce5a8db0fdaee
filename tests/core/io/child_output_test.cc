// The output of real processes, and its order with their exit.

#include <atomic>
#include <future>

#include "tests/core/io/process_fixture.h"

namespace clawplane::core {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ChildOutputTest : public ProcessTest {};

TEST_F(ChildOutputTest, ArrivesAsLines) {
  auto child = Start(Shell(R"(printf 'a\nb c\r\n\nlast')"));

  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(0));
  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre("a", "b c", "", "last"));
  EXPECT_THAT(child->record.Lines(LogSource::kStderr), IsEmpty());
}

TEST_F(ChildOutputTest, ArrivesWhileTheProcessRuns) {
  const std::string gate = MakeFifo("gate");
  auto child = Start(Shell("echo first; read x <$1; echo $x", {gate}));

  child->record.AwaitLine("first");
  WriteFile("gate", "second\n", 0600);
  child->record.AwaitExit();

  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre("first", "second"));
}

TEST_F(ChildOutputTest, CutsALongLine) {
  auto child =
      Start(Shell("head -c 100000 /dev/zero | tr '\\0' x; echo; echo next"));

  child->record.AwaitExit();
  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              ElementsAre(std::string(LogBuffer::kMaxLineBytes, 'x'), "next"));
  EXPECT_EQ(child->record.cut(), 100000 - LogBuffer::kMaxLineBytes);
}

TEST_F(ChildOutputTest, TellsTheStreamsApartAndKeepsTheOrderOfEach) {
  auto child = Start(Shell(
      "i=0; while [ $i -lt 500 ]; do echo $i; echo $i >&2; i=$((i+1)); done"));
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) expected.push_back(std::to_string(i));

  child->record.AwaitExit();
  EXPECT_EQ(child->record.Lines(LogSource::kStdout), expected);
  EXPECT_EQ(child->record.Lines(LogSource::kStderr), expected);
}

TEST_F(ChildOutputTest, SurvivesAFlood) {
  const std::string line(49, 'f');
  auto child = Start(Shell("yes $1 | head -n 100000", {line}));

  child->record.AwaitExit();
  EXPECT_THAT(child->record.Lines(LogSource::kStdout),
              testing::AllOf(SizeIs(100000), Each(line)));
}

TEST_F(ChildOutputTest, ComesWholeBeforeTheExit) {
  // Less than a pipe holds, so the process is gone before most of it is read.
  for (int i = 0; i < 20; ++i) {
    auto child = Start({.executable = "/usr/bin/seq",
                        .arguments = {"10000"},
                        .directory = "/",
                        .environment = {}});

    child->record.AwaitExit();
    EXPECT_EQ(child->record.reports(), 10001u);
    const auto lines = child->record.Lines(LogSource::kStdout);
    ASSERT_THAT(lines, SizeIs(10000));
    for (size_t n = 0; n < lines.size(); ++n) {
      ASSERT_EQ(lines[n], std::to_string(n + 1));
    }
  }
}

TEST_F(ChildOutputTest, OfAnEscapedDescendantDoesNotHoldUpTheExit) {
  LifeLine life(MakeFifo("life"));
  // `yes` leaves the group, fills the pipe without end, and dies of nothing but
  // the pipe's closing.
  auto child =
      Start(Shell("setsid sh -c 'exec 9>$1; echo >$2; exec yes' sh $1 $2 & "
                  "read x <$2; exit 5",
                  {life.path(), MakeFifo("gate")}));

  EXPECT_EQ(child->record.AwaitExit(), ExitStatus::Exited(5));
  EXPECT_EQ(life.AwaitEnd(), "");
}

TEST_F(ChildOutputTest, IsNeverReportedFromInsideLaunch) {
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> launching = true;
    std::promise<void> ended;
    std::unique_ptr<Process> process;
    auto launcher = std::make_unique<ChildProcessLauncher>(
        strand(), ChildProcessLauncher::Options{});

    OnStrand([&] {
      auto launched = launcher->Launch(
          Shell("echo x; echo y >&2"),
          {.on_line = [&](auto, auto, auto) { EXPECT_FALSE(launching); },
           .on_stopped = {},
           .on_gone =
               [&](auto) {
                 EXPECT_FALSE(launching);
                 ended.set_value();
               }});
      process = std::move(std::get<0>(launched));
      launching = false;
    });
    ended.get_future().wait();

    OnStrand([&] { process.reset(); });
  }
}

}  // namespace
}  // namespace clawplane::core
