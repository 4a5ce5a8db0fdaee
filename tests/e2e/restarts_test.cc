// Readers of events that run through restarts of the server and the gateway.

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clawplane/client/call.h"
#include "tests/e2e/daemon_test.h"
#include "tests/e2e/event_ledger.h"
#include "tests/e2e/numbered_events.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::testing::IsEmpty;

constexpr int kRounds = 20;

// So many numbers come between two blows.
constexpr int kBetween = 5;

v1::RpcRequest Emit(int64_t number) {
  v1::RpcRequest request;
  request.set_method("fake.emit");
  request.set_params_json(absl::StrCat(
      R"({"event":"numbered","payload":{"number":)", number, "}}"));
  return request;
}

class RestartsTest : public DaemonTest {
 protected:
  std::string address() const { return "unix:" + socket(); }

  // Ends it in order, or in every third round not.
  void RestartDaemon(int round, Publisher& publisher) {
    if (round % 3 == 2) {
      CollectSecrets();
      daemon_->Signal(SIGKILL);
      daemon_->Wait();
      daemon_.reset();
    } else {
      EXPECT_EQ(StopDaemon(), 0);
    }
    publisher.HasServer(false);
    StartDaemon();
    publisher.HasServer(true);
    StartGateway();
  }

  void KillGateway() {
    const pid_t gateway = Status().pid();
    ASSERT_GT(gateway, 0);
    ::kill(gateway, SIGKILL);
    ASSERT_TRUE(WaitFor([&] { return Status().pid() != gateway; }));
    StartGateway();
  }

  // Now, and not after the pause that follows a crash. A start that the old
  // connection took along is repeated: twice is as good as once.
  void StartGateway() {
    client::Connection connection(To(address()));
    std::optional<client::CallError> error;
    ASSERT_TRUE(WaitFor([&] {
      v1::StartResponse started;
      error = client::Call(connection, &v1::GatewayService::Stub::Start,
                           v1::StartRequest(), started);
      return !error || error->retry() == client::Retry::kNever;
    }));
    ASSERT_FALSE(error.has_value()) << client::Describe(*error);
  }

  v1::GatewayStatus Status() {
    client::Connection connection(To(address()));
    v1::GetStatusResponse response;
    client::Call(connection, &v1::GatewayService::Stub::GetStatus,
                 v1::GetStatusRequest(), response);
    return response.status();
  }

  void TearDown() override {
    follower_.reset();
    DaemonTest::TearDown();
  }

  // A clawctl that keeps its place in a file.
  void StartFollower() {
    follower_ = RunClawctl({"events", "--resume-file", place_ / "place",
                            "--json", "--from-oldest", "--name", "*", "--name",
                            "tick", "--quiet"});
  }

  bool FollowerHas(int64_t number) {
    return follower_->WaitForOutput(
        absl::StrCat("\\\"number\\\":", number, "}"));
  }

  void StopFollower() {
    follower_->Signal(SIGINT);
    EXPECT_EQ(follower_->Wait(), 130) << follower_->errors();
    followed_ += follower_->output();
  }

  EventLedger Followed() const {
    EventLedger ledger(EventLedger::Repeats::kAreFaults);
    std::istringstream lines(followed_);
    for (std::string line; std::getline(lines, line);) {
      v1::StreamEventsResponse response;
      EXPECT_TRUE(
          google::protobuf::util::JsonStringToMessage(line, &response).ok())
          << line;
      if (response.has_bookmark()) ledger.Take(response.bookmark());
      if (response.has_gap()) ledger.Take(response.gap());
      for (const v1::Event& event : response.events()) ledger.Take(event);
    }
    return ledger;
  }

  std::unique_ptr<Child> follower_;
  std::string followed_;
};

void ExpectWhole(const EventLedger& ledger, int64_t last) {
  EXPECT_THAT(ledger.faults(), IsEmpty());
  EXPECT_EQ(ledger.last_number(), last);
  // The server and the gateway were really there in between, and really went.
  EXPECT_GE(ledger.numbers(), 2 * kRounds * kBetween);
  EXPECT_GE(ledger.stream_gaps(), kRounds);
  EXPECT_GE(ledger.gateway_gaps(), kRounds);
}

TEST_F(RestartsTest, ReadersMissAndRepeatNoEventThroughRestarts) {
  WriteConfig(LaunchFake());
  StartDaemon();
  StartGateway();
  LogReader reader(address(), EventLedger::Repeats::kAreFaults);
  Publisher publisher(address(), &Emit, reader);
  StartFollower();
  // Both are there before the first log is gone.
  ASSERT_TRUE(follower_->WaitForOutput("bookmark"));
  ASSERT_TRUE(reader.AwaitMore(kBetween));

  for (int round = 1; round <= kRounds; ++round) {
    RestartDaemon(round, publisher);
    ASSERT_TRUE(reader.AwaitMore(kBetween));
    KillGateway();
    ASSERT_TRUE(reader.AwaitMore(kBetween));
    // Who is still waiting for the server would see none of this round.
    ASSERT_TRUE(FollowerHas(reader.last_number())) << follower_->errors();
    if (round % 7 == 0) {
      StopFollower();
      StartFollower();
    }
    ASSERT_FALSE(HasFatalFailure());
  }
  const std::optional<int64_t> last = publisher.Finish();
  ASSERT_TRUE(last.has_value());
  ASSERT_TRUE(reader.AwaitNumber(*last, absl::Seconds(20))) << *last;
  ASSERT_TRUE(FollowerHas(*last)) << follower_->errors();
  StopFollower();

  ExpectWhole(reader.Finish(), *last);
  EXPECT_GE(reader.interruptions(), kRounds);
  EXPECT_THAT(reader.end(), ::testing::HasSubstr("cancelled"));
  ExpectWhole(Followed(), *last);
}

}  // namespace
}  // namespace clawplane::testing
