// The event log on disk, of a daemon that ends in order and of one that is
// killed.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "tests/e2e/daemon_test.h"
#include "tests/fakes/fake_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

class DurableEventsTest : public DaemonTest {
 protected:
  DurableEventsTest() : gateway_(Options()) {
    AddSecret("fake-token");
    WriteConfig("  mode: attach\n  token_file: " +
                    place_.Write("t", "fake-token") + "\n",
                "event_log:\n  dir: " + place_.path() +
                    "/log\n  commit_interval: 1ms\n");
    Begin();
  }

  FakeGatewayOptions Options() const {
    FakeGatewayOptions options;
    options.port = port();
    options.token = "fake-token";
    return options;
  }

  void Begin() {
    StartDaemon();
    ASSERT_EQ(Clawctl({"start"}).exit_code, 0);
    stub_ = v1::GatewayService::NewStub(grpc::CreateChannel(
        "unix:" + socket(), grpc::InsecureChannelCredentials()));
  }
  // Kills the daemon without a chance to do anything more.
  void Kill() {
    daemon_->Signal(SIGKILL);
    daemon_->Wait();
    Begin();
  }

  v1::GetServerInfoResponse Info() {
    grpc::ClientContext context;
    v1::GetServerInfoResponse info;
    stub_->GetServerInfo(&context, {}, &info);
    return info;
  }
  v1::EventPosition End() {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    stub_->GetStatus(&context, {}, &response);
    return response.status().log_position();
  }
  // The responses of a stream up to the end of the log.
  std::vector<v1::StreamEventsResponse> Read(const std::string& epoch,
                                             uint64_t after) {
    const v1::EventPosition end = End();
    v1::StreamEventsRequest request;
    request.mutable_after()->set_epoch(epoch);
    request.mutable_after()->set_sequence(after);
    request.add_names("*");
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    const auto reader = stub_->StreamEvents(&context, request);
    std::vector<v1::StreamEventsResponse> all;
    bool at_end = false;
    while (!at_end && reader->Read(&all.emplace_back())) {
      for (const v1::Event& event : all.back().events()) {
        at_end =
            event.epoch() == end.epoch() && event.sequence() >= end.sequence();
      }
    }
    context.TryCancel();
    EXPECT_TRUE(at_end);
    return all;
  }
  // Whether all that was told is on disk by now.
  bool AwaitDurable() {
    return WaitFor([&] {
      grpc::ClientContext context;
      const auto reader = stub_->StreamEvents(&context, {});
      v1::StreamEventsResponse bookmark;
      reader->Read(&bookmark);
      context.TryCancel();
      return bookmark.durable_sequence() == End().sequence();
    });
  }

  FakeGateway gateway_;
  std::unique_ptr<v1::GatewayService::Stub> stub_;
};

TEST_F(DurableEventsTest, LeadFromAKilledDaemonIntoTheNext) {
  for (int i = 0; i < 5; ++i) gateway_.Emit("fake.event", "{}");
  ASSERT_TRUE(AwaitDurable());
  const v1::EventPosition seen = End();
  Kill();

  EXPECT_NE(Info().epoch(), seen.epoch());
  EXPECT_EQ(Info().previous_epoch(), seen.epoch());
  uint64_t next = 2;
  int gaps = 0;
  for (const auto& response : Read(seen.epoch(), 1)) {
    if (response.has_gap()) {
      ++gaps;
      EXPECT_EQ(response.gap().lost_after().epoch(), seen.epoch());
      // All that was durable came before.
      EXPECT_GE(next, seen.sequence() + 1);
      EXPECT_EQ(response.gap().lost_after().sequence() + 1, next);
      EXPECT_EQ(response.gap().resumed_after().epoch(), Info().epoch());
      EXPECT_EQ(response.gap().resumed_after().sequence(), 0u);
      next = 1;
    }
    for (const v1::Event& event : response.events()) {
      ASSERT_EQ(event.sequence(), next++);
      ASSERT_EQ(event.epoch(), gaps == 0 ? seen.epoch() : Info().epoch());
    }
  }
  EXPECT_EQ(gaps, 1);
}

TEST_F(DurableEventsTest, GoOnWhereADaemonEndedInOrder) {
  gateway_.Emit("fake.event", "{}");
  const v1::EventPosition seen = End();
  EXPECT_EQ(StopDaemon(), 0);
  Begin();
  EXPECT_EQ(Info().epoch(), seen.epoch());
  uint64_t next = 1;
  for (const auto& response : Read(seen.epoch(), 0)) {
    EXPECT_FALSE(response.has_gap());
    for (const v1::Event& event : response.events()) {
      ASSERT_EQ(event.sequence(), next++);
    }
  }
  EXPECT_GT(next, seen.sequence());
}

TEST_F(DurableEventsTest, AreNotSharedByTwoDaemons) {
  const auto second = RunDaemon({"--state-dir", place_ / "other", "--socket",
                                 place_ / "s2", "--ops-listen", "none"});
  EXPECT_EQ(second->Wait(), 1);
  EXPECT_THAT(second->errors(),
              ::testing::HasSubstr("is in use by another clawplaned"));
}

}  // namespace
}  // namespace clawplane::testing
