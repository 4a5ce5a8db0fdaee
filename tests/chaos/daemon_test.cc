// Faults around the gateway: the daemon's disk, its clock, the daemon itself,
// and what it launches.

#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/chaos/chaos_test.h"
#include "tests/chaos/faults.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;
using grpc::StatusCode;
using std::chrono::seconds;

bool NeverDown(const Seen& since) {
  return !since.Entered(State::STATE_RECONNECTING) &&
         !since.Entered(State::STATE_STOPPING);
}

// One that the gateway does not notice.
Case Unnoticed(const char* fault, Fault inject) {
  return {.name = "",
          .fault = fault,
          .point = Point::kRunning,
          .inject = std::move(inject),
          .state = State::STATE_RUNNING,
          .process = Process::kSame,
          .also = NeverDown,
          .method = "fake.delay",
          .params = R"({"ms":500})"};
}

// ---- The disk

class DiskTest : public ChaosTest {
 protected:
  // The state directory is a file system of its own, and small.
  void SetUp() override {
    ASSERT_EQ(::mkdir(state_directory().c_str(), 0700), 0);
    if (::mount("tmpfs", state_directory().c_str(), "tmpfs", 0,
                "size=64k,mode=0700") != 0) {
      GTEST_SKIP() << "a tmpfs cannot be mounted here: " << strerror(errno);
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (daemon_ != nullptr) ChaosTest::TearDown();
    if (mounted_) ::umount2(state_directory().c_str(), MNT_DETACH);
  }

  std::string filler() const { return state_directory() + "/filler"; }
  void FillDisk() const {
    std::ofstream file(filler(), std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), block.size()).flush()) continue;
  }

 private:
  bool mounted_ = false;
};

TEST_F(DiskTest, AFullDiskIsToldAndKeepsNothingFromHappening) {
  Open({}, "");
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "disk full, then a Stop",
       .point = Point::kRunning,
       .inject =
           [this](ChaosTest& test) {
             FillDisk();
             test.GiveStop();
           },
       .state = State::STATE_STOPPED,
       .process = Process::kNone,
       .reason = v1::REASON_WISH_NOT_STORED,
       .call = StatusCode::ABORTED});
  EXPECT_EQ(ReadFile(state_directory() + "/state.json"),
            "{\"version\":1,\"wanted\":\"up\"}\n");
  EXPECT_FALSE(fs::exists(state_directory() + "/state.json.new"));

  // The next order is stored once there is room again.
  fs::remove(filler());
  EXPECT_EQ(Clawctl({"start"}).exit_code, 0);
  EXPECT_EQ(Clawctl({"stop"}).exit_code, 0);
  EXPECT_EQ(ReadFile(state_directory() + "/state.json"),
            "{\"version\":1,\"wanted\":\"down\"}\n");
}

// ---- The clock

class ClockTest : public ChaosTest {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer's library must be the first to be loaded";
#endif
    Shift(seconds(0));
  }

  void OpenShifted() {
    Open({}, "",
         {std::string("LD_PRELOAD=") + CLOCK_SHIFT_LIBRARY,
          "CLOCK_SHIFT_FILE=" + file()});
  }

  std::string file() const { return place_ / "shift"; }
  void Shift(seconds by) const {
    const int64_t count = by.count();
    std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
    if (!out) out.open(file(), std::ios::out | std::ios::binary);
    out.write(reinterpret_cast<const char*>(&count), sizeof count);
  }

  // Jumps, and waits until the daemon's health check has seen it.
  void JumpAndCheck(seconds by) {
    Shift(by);
    EXPECT_TRUE(WaitFor([&] {
      const auto shift =
          Status().health().checked_at().seconds() - ::time(nullptr);
      return std::abs(shift - by.count()) < 3600;
    })) << Status().health().ShortDebugString();
    EXPECT_TRUE(Status().health().ok());
    EXPECT_LT(Status().uptime().seconds(), 3600);
  }
};

TEST_F(ClockTest, AJumpForwardIsNoSilence) {
  OpenShifted();
  if (HasFatalFailure()) return;
  Run(Unnoticed("wall clock +1 day",
                [this](ChaosTest&) { JumpAndCheck(std::chrono::hours(24)); }));
}

TEST_F(ClockTest, AJumpBackStopsNothing) {
  OpenShifted();
  if (HasFatalFailure()) return;
  Run(Unnoticed("wall clock -1 day",
                [this](ChaosTest&) { JumpAndCheck(-std::chrono::hours(24)); }));
}

TEST_F(ClockTest, AJumpBackPutsNoAttemptOff) {
  OpenShifted();
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "wall clock -1 day",
       .point = Point::kRelaunching,
       .inject = [this](ChaosTest&) { Shift(-std::chrono::hours(24)); },
       .state = State::STATE_RUNNING,
       .process = Process::kOther});
  EXPECT_LT(took_, seconds(10));
}

// ---- The daemon

using DaemonFaultTest = ChaosTest;

TEST_F(DaemonFaultTest, TimeInWhichItWasStoppedIsNoSilence) {
  Open({}, "");
  if (HasFatalFailure()) return;
  Run(Unnoticed("clawplaned stopped for 6 s", [](ChaosTest& test) {
    test.SignalDaemon(SIGSTOP);
    // Nothing can happen meanwhile: time itself is what is waited for.
    WaitFor([] { return false; }, seconds(6));
    test.SignalDaemon(SIGCONT);
    EXPECT_TRUE(test.IsFoundHealthy());
  }));
}

// ---- The program

class ProgramTest : public ChaosTest {
 protected:
  std::string link() const { return place_ / "gateway"; }
  void LinkTo(const std::string& program) const {
    fs::remove(link());
    fs::create_symlink(program, link());
  }
  void OpenLinked() {
    LinkTo(FAKE_GATEWAY_PROGRAM);
    OpenWith(absl::StrReplaceAll(
        LaunchFake({"--tick-interval-ms", "1000"}),
        {{std::string("- ") + FAKE_GATEWAY_PROGRAM, "- " + link()}}));
  }
};

TEST_F(ProgramTest, ThatIsGoneIsNotLaunchedForEver) {
  OpenLinked();
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "gateway uninstalled, put back",
       .point = Point::kRelaunching,
       .inject = [this](ChaosTest&) { fs::remove(link()); },
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_GATEWAY_NOT_INSTALLED,
       .call = StatusCode::FAILED_PRECONDITION,
       .mend = [this] { LinkTo(FAKE_GATEWAY_PROGRAM); }});
}

TEST_F(ProgramTest, ThatEndsAgainAndAgainIsGivenUp) {
  patience_ = seconds(55);  // after waits of 2, 4, 8 and 16 s
  OpenLinked();
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "each launch exits at once, mended",
       .point = Point::kRelaunching,
       .inject = [this](ChaosTest&) { LinkTo("/bin/false"); },
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_CRASH_LOOP,
       .call = StatusCode::FAILED_PRECONDITION,
       .call_timeout = seconds(55),
       .mend = [this] { LinkTo(FAKE_GATEWAY_PROGRAM); }});
}

// ---- The repair

// A package whose Node is a script around the fake.
class RepairTest : public ChaosTest {
 protected:
  // `arguments` are for the gateway and its repair alike.
  void OpenPackage(const std::string& arguments) {
    for (const char* name :
         {"openclaw", "openclaw/dist", "openclaw/node_modules"}) {
      ASSERT_EQ(::mkdir((place_ / name).c_str(), 0700), 0);
    }
    place_.Write("openclaw/openclaw.mjs", "");
    place_.Write("openclaw/dist/entry.js", "");
    place_.Write("openclaw/package.json", R"({"name":"openclaw"})");
    const std::string node = place_.Write(
        "node",
        absl::StrCat("#!/bin/sh\nshift\nexec ", FAKE_GATEWAY_PROGRAM,
                     " \"$@\" --tick-interval-ms 1000 ", arguments, "\n"));
    ASSERT_EQ(::chmod(node.c_str(), 0700), 0);
    OpenWith("  mode: launch\n  dir: " + place_ / "openclaw" +
             "\n  node: " + node + "\n");
  }
};

TEST_F(RepairTest, LetsARefusedStartSucceed) {
  OpenPackage(
      "--exit-at before-listen --exit-code 78 --exit-times 9 "
      "--state-file " +
      place_ / "starts");
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "exit 78, a repair that mends",
       .point = Point::kStopped,
       .inject = [](ChaosTest& test) { test.BeginStart(); },
       .state = State::STATE_RUNNING,
       .process = Process::kOther,
       .also = Event(v1::EVENT_KIND_REPAIR)});
}

TEST_F(RepairTest, IsTriedOnce) {
  // Here a repair lets the next start be a bad one, too.
  OpenPackage(
      "--exit-at before-listen --exit-code 78 --bad-starts 1 "
      "--state-file " +
      place_ / "starts");
  if (HasFatalFailure()) return;
  Run({.name = "",
       .fault = "exit 78, a repair in vain",
       .point = Point::kStopped,
       .inject = [](ChaosTest& test) { test.BeginStart(); },
       .state = State::STATE_ERROR,
       .process = Process::kNone,
       .reason = v1::REASON_CONFIGURATION_REFUSED,
       .also = Event(v1::EVENT_KIND_REPAIR)});
}

}  // namespace
}  // namespace clawplane::testing
