// Statuses and log lines as streams, and the end of all streams.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/fake_gateway.h"
#include "tests/server/event_reader.h"
#include "tests/server/served_gateway.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using ::grpc::StatusCode;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = v1::GatewayService::Stub;

// ---- Statuses

TEST(StatusStreamTest, GivesTheStatusAtOnceAndThenEachChange) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  grpc::ClientContext context;
  context.set_deadline(Soon());
  const auto reader = served.stub().StreamStatus(&context, {});
  v1::StreamStatusResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.status().state(), v1::GatewayStatus::STATE_STOPPED);
  uint64_t revision = response.status().revision();
  EXPECT_GE(revision, 1u);

  ASSERT_TRUE(Start(served.stub()).ok());

  while (response.status().state() != v1::GatewayStatus::STATE_RUNNING) {
    ASSERT_TRUE(reader->Read(&response));
    EXPECT_GT(response.status().revision(), revision);
    revision = response.status().revision();
  }
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::CANCELLED);
}

// Nobody reads while the status changes hundreds of times: what comes later is
// less than there was, in order, and ends with the latest.
TEST(StatusStreamTest, LeavesOutWhatASlowReaderMissed) {
  ServedGateway served(LaunchFake(
      {"--exit-code", "3", "--exit-message", std::string(1000, 'w')}));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 5);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto slow_stub =
      v1::GatewayService::NewStub(served.NewChannel(arguments));
  grpc::ClientContext context;
  context.set_deadline(Soon());
  const auto reader = slow_stub->StreamStatus(&context, {});
  v1::StreamStatusResponse response;
  ASSERT_TRUE(reader->Read(&response));
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(Start(served.stub()).ok());
  const uint64_t latest = GetStatus(served.stub()).revision();

  uint64_t received = 0;
  uint64_t revision = response.status().revision();
  while (revision < latest) {
    ASSERT_TRUE(reader->Read(&response));
    ASSERT_GT(response.status().revision(), revision);
    revision = response.status().revision();
    ++received;
  }

  EXPECT_EQ(revision, latest);
  EXPECT_LT(received, latest / 2);
}

// ---- Log lines

v1::StreamLogsRequest Logs(std::optional<uint32_t> tail, bool follow) {
  v1::StreamLogsRequest request;
  if (tail) request.set_tail_lines(*tail);
  request.set_follow(follow);
  return request;
}

// All that a stream gives until it ends.
std::vector<std::string> ReadLogs(Stub& stub,
                                  const v1::StreamLogsRequest& request,
                                  uint64_t* dropped = nullptr) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  const auto reader = stub.StreamLogs(&context, request);
  std::vector<std::string> lines;
  v1::StreamLogsResponse response;
  while (reader->Read(&response)) {
    for (const auto& line : response.lines()) lines.push_back(line.text());
    if (dropped != nullptr) *dropped += response.dropped();
  }
  const grpc::Status status = reader->Finish();
  if (!status.ok()) lines = {"failed: " + status.error_message()};
  return lines;
}

void Print(Stub& stub, const std::string& text,
           const std::string& stream = "stdout") {
  const grpc::Status status =
      Call(stub, "fake.print",
           R"({"text":")" + text + R"(","stream":")" + stream + R"("})");
  ASSERT_TRUE(status.ok()) << status.error_message();
}

class LogStreamTest : public ::testing::Test {
 protected:
  explicit LogStreamTest(size_t max_lines = 10'000)
      : served_(Launched(max_lines)) {}

  static core::Config Launched(size_t max_lines) {
    core::Config config = LaunchFake();
    config.logs.max_lines = max_lines;
    return config;
  }

  void SetUp() override {
    ASSERT_TRUE(Start(stub()).ok());
    for (const char* text : {"one", "two", "three"}) Print(stub(), text);
    ASSERT_TRUE(WaitFor([&] {
      return ReadLogs(stub(), Logs(1, false)) ==
             std::vector<std::string>{"three"};
    }));
  }

  Stub& stub() { return served_.stub(); }

  ServedGateway served_;
};

TEST_F(LogStreamTest, GivesTheTailAndEnds) {
  EXPECT_THAT(ReadLogs(stub(), Logs(2, false)), ElementsAre("two", "three"));
  EXPECT_THAT(ReadLogs(stub(), Logs(0, false)), ElementsAre());
  EXPECT_THAT(ReadLogs(stub(), Logs(std::nullopt, false)),
              ElementsAre(HasSubstr("listening"), "one", "two", "three"));
  EXPECT_THAT(ReadLogs(stub(), Logs(100'000, false)).size(), 4u);
}

TEST_F(LogStreamTest, RefusesATailOutOfRange) {
  EXPECT_THAT(ReadLogs(stub(), Logs(100'001, false)),
              ElementsAre(HasSubstr("tail_lines is 100001")));
}

TEST_F(LogStreamTest, FollowsNewLines) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  const auto reader = stub().StreamLogs(&context, Logs(1, true));
  v1::StreamLogsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.lines(0).text(), "three");
  EXPECT_EQ(response.lines(0).source(), v1::LogLine::SOURCE_STDOUT);
  EXPECT_EQ(response.lines(0).pid(), GetStatus(stub()).pid());

  Print(stub(), "four", "stderr");

  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.lines(0).text(), "four");
  EXPECT_EQ(response.lines(0).source(), v1::LogLine::SOURCE_STDERR);
  context.TryCancel();
}

TEST_F(LogStreamTest, StrikesOutTheToken) {
  ASSERT_TRUE(Call(stub(), "fake.print_token").ok());
  ASSERT_TRUE(WaitFor([&] {
    return ReadLogs(stub(), Logs(1, false)) ==
           std::vector<std::string>{"the token is [redacted] indeed"};
  }));
}

class SmallLogTest : public LogStreamTest {
 protected:
  SmallLogTest() : LogStreamTest(10) {}
};

TEST_F(SmallLogTest, TellsASlowReaderHowMuchItLost) {
  grpc::ClientContext context;
  context.set_deadline(Soon());
  const auto reader = stub().StreamLogs(&context, Logs(0, true));
  const std::string text(15'000, 'x');
  constexpr int kLines = 300;
  for (int i = 0; i < kLines; ++i) Print(stub(), text);
  Print(stub(), "last");
  uint64_t lines = 0;
  uint64_t dropped = 0;
  v1::StreamLogsResponse response;
  do {
    ASSERT_TRUE(reader->Read(&response));
    lines += response.lines_size();
    dropped += response.dropped();
  } while (response.lines_size() == 0 ||
           response.lines(response.lines_size() - 1).text() != "last");
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(lines + dropped, kLines + 1u);
  context.TryCancel();
}

// ---- The end

TEST(ShutdownTest, EndsStreamsWithAReason) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  EventReader reader(served.stub(), {});
  reader.Read();

  served.End();

  const grpc::Status status = reader.Finish();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "SHUTTING_DOWN");
}

TEST(ShutdownTest, IsNotHeldUpByReadersThatStall) {
  FakeGateway gateway;
  ServedGateway served(AttachTo(gateway));
  ASSERT_TRUE(Start(served.stub()).ok());
  v1::StreamEventsRequest request;
  request.set_from_oldest(true);
  std::vector<std::unique_ptr<EventReader>> readers;
  for (int i = 0; i < 10; ++i) {
    readers.push_back(std::make_unique<EventReader>(served.stub(), request));
    readers.back()->Read();
  }
  for (int i = 0; i < 50; ++i) {
    gateway.Emit("fake.event", '"' + std::string(500'000, 'x') + '"');
  }
  ASSERT_TRUE(WaitFor(
      [&] { return GetStatus(served.stub()).log_position().sequence() > 50; }));

  const auto began = steady_clock::now();
  served.End();

  EXPECT_LT(steady_clock::now() - began, std::chrono::seconds(6));
}

TEST(ShutdownTest, FailsCallsInProgress) {
  FakeGateway gateway;
  auto served = std::make_unique<ServedGateway>(AttachTo(gateway));
  ASSERT_TRUE(Start(served->stub()).ok());
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(Soon());
  v1::RpcRequest request;
  request.set_method("fake.ignore");
  v1::RpcResponse response;
  grpc::Status status;
  const auto call = served->stub().AsyncRpc(&context, request, &queue);
  call->Finish(&response, &status, nullptr);
  ASSERT_TRUE(gateway.WaitForMethod("fake.ignore"));

  served->End();

  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), StatusCode::ABORTED);
  EXPECT_EQ(ReasonOf(status), "CONNECTION_LOST");
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST(SubscriptionTest, CanBeTakenAndCancelled200Times) {
  ServedGateway served(LaunchFake());
  ASSERT_TRUE(Start(served.stub()).ok());
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext events;
    grpc::ClientContext statuses;
    grpc::ClientContext logs;
    for (auto* context : {&events, &statuses, &logs}) {
      context->set_deadline(Soon());
    }
    const auto event_reader = served.stub().StreamEvents(&events, {});
    const auto status_reader = served.stub().StreamStatus(&statuses, {});
    const auto log_reader = served.stub().StreamLogs(&logs, Logs(1, true));
    v1::StreamEventsResponse event;
    if (i % 2 == 0) {
      ASSERT_TRUE(event_reader->Read(&event));
    }
    for (auto* context : {&events, &statuses, &logs}) context->TryCancel();
    EXPECT_EQ(event_reader->Finish().error_code(), StatusCode::CANCELLED);
    EXPECT_EQ(status_reader->Finish().error_code(), StatusCode::CANCELLED);
    EXPECT_EQ(log_reader->Finish().error_code(), StatusCode::CANCELLED);
  }
  EXPECT_TRUE(Call(served.stub(), "health").ok());
}

}  // namespace
}  // namespace clawplane::testing
