// What an event stream says when nothing happens; the test moves the time.

#include <gmock/gmock.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/event_stream.h"
#include "tests/core/io/manager_fixture.h"

namespace clawplane::server {
namespace {

using std::chrono::seconds;

// Takes what a stream writes. On the strand.
class Taker final : public StreamCall<grpc::ByteBuffer>::Sink {
 public:
  void Write(const grpc::ByteBuffer& response) override {
    grpc::ByteBuffer bytes = response;
    ASSERT_TRUE(
        grpc::SerializationTraits<v1::StreamEventsResponse>::Deserialize(
            &bytes, &written.emplace_back())
            .ok());
  }
  void Finish(const grpc::Status& status) override { finished = status; }

  std::vector<v1::StreamEventsResponse> written;
  std::optional<grpc::Status> finished;
};

class EventIdleTest : public core::ManagerTest {
 protected:
  // Begins a stream. Its client reads when `ReadAll` says so.
  void Open(const std::vector<std::string>& names) {
    EventQuery query;
    query.filter = core::EventFilter({}, names);
    OnStrand([&] {
      stream_ = std::make_unique<EventStream>(strand_, *manager_, query);
      stream_->Begin(&taker_);
    });
  }

  // The client reads until nothing is written any more; the number of responses
  // it has read in all.
  size_t ReadAll() {
    OnStrand([&] {
      while (read_ < taker_.written.size()) {
        ++read_;
        stream_->OnWritten(true);
      }
    });
    return read_;
  }

  void Close() {
    OnStrand([&] {
      stream_->Abandon();
      EXPECT_TRUE(taker_.finished);
      stream_.reset();
    });
  }

  Taker taker_;
  size_t read_ = 0;
  std::unique_ptr<EventStream> stream_;
};

TEST_F(EventIdleTest, SaysWhereItIsAfterTenToTwentySeconds) {
  RunAttached();
  Open({});
  EXPECT_EQ(ReadAll(), 1u) << "the first bookmark comes at once";

  Advance(seconds(10));
  EXPECT_EQ(ReadAll(), 1u);
  for (size_t i = 2; i < 4; ++i) {
    Advance(seconds(10));
    EXPECT_EQ(ReadAll(), i);
    EXPECT_EQ(taker_.written.back().bookmark().sequence(), Events().size());
  }
  Close();
}

TEST_F(EventIdleTest, BookmarksPastWhatTheFilterLeavesOut) {
  core::FakeGateway& gateway = RunAttached();
  Open({"wanted"});
  EXPECT_EQ(ReadAll(), 1u);
  const uint64_t before = Events().size();
  gateway.Emit("other", "{}");
  gateway.Emit("other", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  Advance(seconds(10));
  Advance(seconds(10));

  EXPECT_EQ(ReadAll(), 2u);
  EXPECT_EQ(taker_.written.back().bookmark().sequence(), before + 2);
  gateway.Emit("wanted", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());
  EXPECT_EQ(ReadAll(), 3u);
  EXPECT_EQ(taker_.written.back().events(0).sequence(), before + 3);
  Close();
}

TEST_F(EventIdleTest, IsNotBehindWhereNothingWantedIsGone) {
  config_.events.max_events = 3;
  core::FakeGateway& gateway = RunAttached();
  Open({"wanted"});
  EXPECT_EQ(ReadAll(), 1u);
  const uint64_t before = Events().back().sequence;
  for (int i = 0; i < 10; ++i) gateway.Emit("other", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  Advance(seconds(10));
  Advance(seconds(10));

  EXPECT_EQ(ReadAll(), 2u);
  EXPECT_FALSE(taker_.written.back().has_gap());
  EXPECT_EQ(taker_.written.back().bookmark().sequence(), before + 10);
  Close();
}

TEST_F(EventIdleTest, IsNotIdleWhileEventsCome) {
  core::FakeGateway& gateway = RunAttached();
  Open({});
  EXPECT_EQ(ReadAll(), 1u);
  for (size_t i = 2; i < 6; ++i) {
    gateway.Emit("any", "{}");
    EXPECT_TRUE(Ask("fake.echo").answered());
    EXPECT_EQ(ReadAll(), i);
    Advance(seconds(10));
    EXPECT_EQ(ReadAll(), i) << "no bookmark: an event came within 10 s";
  }
  Close();
}

TEST_F(EventIdleTest, SaysNothingToAReaderThatDoesNotRead) {
  core::FakeGateway& gateway = RunAttached();
  Open({});
  gateway.Emit("any", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());
  Advance(seconds(10));
  Advance(seconds(10));
  OnStrand([&] { EXPECT_EQ(taker_.written.size(), 1u); });

  EXPECT_EQ(ReadAll(), 2u);
  EXPECT_EQ(taker_.written.back().events_size(), 1);
  Close();
}

}  // namespace
}  // namespace clawplane::server
