#include "clawplane/client/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/client/fake_server.h"
#include "tests/client/responses.h"
#include "tests/client/tcp_relay.h"

namespace clawplane::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const grpc::Status kGone(grpc::StatusCode::UNAVAILABLE, "gone");

std::string Show(const v1::EventPosition& position) {
  return absl::StrCat(position.epoch(), ":", position.sequence());
}

// An item in a few words.
struct Shown {
  std::string operator()(const v1::Event& event) const {
    return absl::StrCat(event.epoch(), ":", event.sequence());
  }
  std::string operator()(const v1::EventGap& gap) const {
    return absl::StrCat("gap ", Show(gap.lost_after()), " ",
                        Show(gap.resumed_after()));
  }
  std::string operator()(const v1::EventPosition& bookmark) const {
    return absl::StrCat("at ", Show(bookmark));
  }
  std::string operator()(const Interruption& broken) const {
    return absl::StrCat("broken ", CodeName(broken.error.code));
  }
  std::string operator()(DeadlinePassed) const { return "nothing yet"; }
  std::string operator()(const CallError& error) const {
    return absl::StrCat("end ", CodeName(error.code));
  }
};

std::string ShowNext(EventStream& stream,
                     absl::Duration patience = absl::Seconds(30)) {
  return std::visit(Shown(), stream.Next(patience));
}

std::vector<std::string> ShowNext(EventStream& stream, int count) {
  std::vector<std::string> items;
  for (int i = 0; i < count; ++i) items.push_back(ShowNext(stream));
  return items;
}

// A server that plays one attempt after another, and the last one for ever.
class EventStreamTest : public ::testing::Test {
 protected:
  struct Attempt {
    std::vector<v1::StreamEventsResponse> responses = {};
    // Nothing: it stays open.
    std::optional<grpc::Status> end = std::nullopt;
  };

  EventStreamTest() : connection_(TargetOf(server_.unix_target())) {
    options_.first_pause = absl::Milliseconds(1);
    options_.longest_pause = absl::Milliseconds(2);
    server_.events = [this](auto& context, const auto& request, auto& writer) {
      const Attempt attempt = Next(request);
      for (const auto& response : attempt.responses) writer.Write(response);
      if (attempt.end) return *attempt.end;
      FakeServer::WaitUntilCancelled(context);
      return grpc::Status::CANCELLED;
    };
  }

  static Target TargetOf(const std::string& address) {
    Target target;
    target.address = address;
    return target;
  }

  Attempt Next(const v1::StreamEventsRequest& request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(request);
    return attempts_[std::min(requests_.size(), attempts_.size()) - 1];
  }

  v1::StreamEventsRequest Request(size_t number) {
    absl::MutexLock lock(&mutex_);
    return requests_.at(number);
  }

  absl::Mutex mutex_;
  std::vector<v1::StreamEventsRequest> requests_ ABSL_GUARDED_BY(mutex_);
  // Set before the first call.
  std::vector<Attempt> attempts_;
  StreamOptions options_;
  v1::StreamEventsRequest request_;
  FakeServer server_;
  Connection connection_;
};

TEST_F(EventStreamTest, HandsOutOneItemAtATime) {
  attempts_ = {{{Bookmark("e1", 0), Events("e1", {1, 2}), Events("e1", {5})}}};
  EventStream stream(connection_, request_, options_);

  EXPECT_EQ(stream.position(), std::nullopt);
  EXPECT_EQ(ShowNext(stream), "at e1:0");
  EXPECT_EQ(ShowNext(stream), "e1:1");
  EXPECT_EQ(Show(*stream.position()), "e1:1");
  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("e1:2", "e1:5"));
}

TEST_F(EventStreamTest, GoesOnAfterTheLastEventWhenItBreaks) {
  attempts_ = {{{Bookmark("e1", 0), Events("e1", {1, 2})}, kGone},
               {{}, kGone},
               {{Bookmark("e1", 2), Events("e1", {3})}, kGone},
               {{Bookmark("e1", 3), Events("e1", {4})}}};
  request_.set_from_oldest(true);
  request_.add_names("presence");
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 10),
              ElementsAre("at e1:0", "e1:1", "e1:2", "broken UNAVAILABLE",
                          "broken UNAVAILABLE", "at e1:2", "e1:3",
                          "broken UNAVAILABLE", "at e1:3", "e1:4"));
  EXPECT_TRUE(Request(0).from_oldest());
  EXPECT_EQ(Show(Request(1).after()), "e1:2");
  EXPECT_EQ(Show(Request(2).after()), "e1:2");
  EXPECT_EQ(Show(Request(3).after()), "e1:3");
  EXPECT_THAT(Request(3).names(), ElementsAre("presence"));
}

TEST_F(EventStreamTest, HandsOutTheRestOfAResponseBeforeItTellsOfTheBreak) {
  attempts_ = {{{Events("e1", {1, 2, 3})}, kGone}, {{Events("e1", {4})}}};
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 5), ElementsAre("e1:1", "e1:2", "e1:3",
                                               "broken UNAVAILABLE", "e1:4"));
}

TEST_F(EventStreamTest, HandsOutNoEventTwice) {
  attempts_ = {{{Bookmark("e1", 0), Events("e1", {1, 2})}, kGone},
               {{Bookmark("e1", 0), Events("e1", {1, 2, 3})}}};
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 5), ElementsAre("at e1:0", "e1:1", "e1:2",
                                               "broken UNAVAILABLE", "e1:3"));
}

TEST_F(EventStreamTest, BeginsAsAskedWhereTheServerNeverToldAPosition) {
  attempts_ = {{{}, kGone}, {{Bookmark("e1", 7)}}};
  request_.set_from_now(true);
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 2),
              ElementsAre("broken UNAVAILABLE", "at e1:7"));
  EXPECT_TRUE(Request(1).from_now());
}

TEST_F(EventStreamTest, BeginsAfterThePositionOfTheRequest) {
  attempts_ = {{{Bookmark("e1", 4), Events("e1", {5})}, kGone},
               {{Events("e1", {6})}}};
  *request_.mutable_after() = At("e1", 4);
  EventStream stream(connection_, request_, options_);

  EXPECT_EQ(Show(*stream.position()), "e1:4");
  EXPECT_THAT(ShowNext(stream, 4),
              ElementsAre("at e1:4", "e1:5", "broken UNAVAILABLE", "e1:6"));
  EXPECT_EQ(Show(Request(1).after()), "e1:5");
}

TEST_F(EventStreamTest, TellsTheGapOfANewLog) {
  attempts_ = {
      {{Bookmark("e1", 0), Events("e1", {1})}, kGone},
      {{Bookmark("e1", 1), Gap(At("e1", 1), At("e2", 0)), Events("e2", {1})}}};
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 6),
              ElementsAre("at e1:0", "e1:1", "broken UNAVAILABLE", "at e1:1",
                          "gap e1:1 e2:0", "e2:1"));
}

TEST_F(EventStreamTest, TakesAServersEndForABreak) {
  attempts_ = {{{Events("e1", {1})}, grpc::Status::OK}, {{Events("e1", {2})}}};
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 3),
              ElementsAre("e1:1", "broken UNAVAILABLE", "e1:2"));
}

TEST_F(EventStreamTest, EndsWhereAPersonHasToMendSomething) {
  for (const auto code :
       {grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::PERMISSION_DENIED,
        grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::OUT_OF_RANGE,
        grpc::StatusCode::UNIMPLEMENTED,
        grpc::StatusCode::FAILED_PRECONDITION}) {
    attempts_ = {{{}, Refusal(code, "no", "EVENTS_LOST")}};
    EventStream stream(connection_, request_, options_);

    EventStream::Item item = stream.Next();

    const auto* error = std::get_if<CallError>(&item);
    ASSERT_NE(error, nullptr) << CodeName(code);
    EXPECT_EQ(error->code, code);
    EXPECT_TRUE(error->Is(v1::REASON_EVENTS_LOST));
    EXPECT_EQ(ShowNext(stream), "end " + CodeName(code));
  }
}

TEST_F(EventStreamTest, KeepsThePauseThatTheServerAsksFor) {
  google::rpc::Status details;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3600);
  details.add_details()->PackFrom(retry);
  attempts_ = {{{},
                grpc::Status(grpc::StatusCode::UNAVAILABLE, "busy",
                             details.SerializeAsString())}};
  EventStream stream(connection_, request_, options_);

  EventStream::Item item = stream.Next();

  const auto* broken = std::get_if<Interruption>(&item);
  ASSERT_NE(broken, nullptr);
  EXPECT_EQ(broken->retry_in, absl::Hours(1));
  EXPECT_EQ(broken->failures, 1);
  EXPECT_EQ(ShowNext(stream, absl::Milliseconds(20)), "nothing yet");
}

TEST_F(EventStreamTest, GivesUpAtItsLimitOfFailures) {
  const TempDir directory;
  const Connection nobody(TargetOf("unix:" + directory.path() + "/none"));
  options_.max_failures = 2;
  EventStream stream(nobody, request_, options_);

  EXPECT_THAT(ShowNext(stream, 2),
              ElementsAre("broken UNAVAILABLE", "end UNAVAILABLE"));
}

TEST_F(EventStreamTest, GivesUpWhereEachAttemptBreaksAfterItsFirstResponse) {
  attempts_ = {{{Bookmark("e1", 0)}, kGone}};
  options_.longest_pause = absl::Hours(1);
  options_.max_failures = 3;
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 6),
              ElementsAre("at e1:0", "broken UNAVAILABLE", "at e1:0",
                          "broken UNAVAILABLE", "at e1:0", "end UNAVAILABLE"));
}

TEST_F(EventStreamTest, CountsFailuresAnewOnceAnAttemptGaveMoreThanABookmark) {
  attempts_ = {{{Bookmark("e1", 0)}, kGone},
               {{Bookmark("e1", 0), Events("e1", {1})}, kGone},
               {{Bookmark("e1", 1)}, kGone}};
  options_.longest_pause = absl::Hours(1);
  options_.max_failures = 2;
  EventStream stream(connection_, request_, options_);

  EXPECT_THAT(ShowNext(stream, 7),
              ElementsAre("at e1:0", "broken UNAVAILABLE", "at e1:0", "e1:1",
                          "broken UNAVAILABLE", "at e1:1", "end UNAVAILABLE"));
}

TEST_F(EventStreamTest, WaitsForEverWithoutASilenceLimit) {
  for (const absl::Duration none :
       {absl::ZeroDuration(), absl::Seconds(-1), absl::InfiniteDuration()}) {
    attempts_ = {{{Bookmark("e1", 0)}}};
    options_.silence_limit = none;
    EventStream stream(connection_, request_, options_);

    EXPECT_EQ(ShowNext(stream), "at e1:0") << none;
    EXPECT_EQ(ShowNext(stream, absl::Milliseconds(20)), "nothing yet") << none;
  }
}

TEST_F(EventStreamTest, ReturnsWhenThePatienceIsOverAndLosesNothing) {
  absl::Notification go;
  server_.events = [&go](auto& context, const auto&, auto& writer) {
    go.WaitForNotification();
    writer.Write(Events("e1", {1}));
    FakeServer::WaitUntilCancelled(context);
    return grpc::Status::CANCELLED;
  };
  EventStream stream(connection_, request_, options_);

  EXPECT_EQ(ShowNext(stream, absl::ZeroDuration()), "nothing yet");
  EXPECT_EQ(ShowNext(stream, absl::Milliseconds(20)), "nothing yet");
  go.Notify();
  EXPECT_EQ(ShowNext(stream), "e1:1");
}

TEST_F(EventStreamTest, WakesWhenAnotherThreadCancels) {
  attempts_ = {{{Bookmark("e1", 0)}}};
  EventStream stream(connection_, request_, options_);
  ASSERT_EQ(ShowNext(stream), "at e1:0");
  std::thread other([&stream] { stream.Cancel(); });

  EXPECT_EQ(std::visit(Shown(), stream.Next()), "end CANCELLED");

  EXPECT_EQ(ShowNext(stream), "end CANCELLED");
  other.join();
  stream.Cancel();
}

TEST_F(EventStreamTest, WakesFromItsPauseWhenCancelled) {
  attempts_ = {{{}, kGone}};
  options_.first_pause = absl::Hours(1);
  options_.longest_pause = absl::Hours(1);
  EventStream stream(connection_, request_, options_);
  ASSERT_EQ(ShowNext(stream), "broken UNAVAILABLE");
  std::thread other([&stream] { stream.Cancel(); });

  EXPECT_EQ(std::visit(Shown(), stream.Next()), "end CANCELLED");
  other.join();
}

TEST_F(EventStreamTest, CallsNobodyOnceCancelled) {
  attempts_ = {{}};
  EventStream stream(connection_, request_, options_);

  stream.Cancel();

  EXPECT_EQ(ShowNext(stream), "end CANCELLED");
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(EventStreamTest, CanBeDestroyedWhileItReads) {
  attempts_ = {{{Bookmark("e1", 0)}}};
  EventStream stream(connection_, request_, options_);
  ASSERT_EQ(ShowNext(stream), "at e1:0");

  EXPECT_EQ(ShowNext(stream, absl::ZeroDuration()), "nothing yet");
}

TEST_F(EventStreamTest, GoesOnWhenTheConnectionIsClosed) {
  attempts_ = {{{Bookmark("e1", 0), Events("e1", {1})}},
               {{Bookmark("e1", 1), Events("e1", {2})}}};
  TcpRelay relay(server_.unix_target());
  const Connection connection(TargetOf(relay.target()));
  EventStream stream(connection, request_, options_);
  ASSERT_THAT(ShowNext(stream, 2), ElementsAre("at e1:0", "e1:1"));

  relay.Break();

  EXPECT_THAT(ShowNext(stream, 3),
              ElementsAre("broken UNAVAILABLE", "at e1:1", "e1:2"));
}

TEST_F(EventStreamTest, TakesANewConnectionWhenNothingComesAnyMore) {
  attempts_ = {{{Bookmark("e1", 0), Events("e1", {1})}},
               {{Bookmark("e1", 1), Events("e1", {2})}}};
  TcpRelay relay(server_.unix_target());
  const Connection connection(TargetOf(relay.target()));
  options_.silence_limit = absl::Seconds(3);
  EventStream stream(connection, request_, options_);
  ASSERT_THAT(ShowNext(stream, 2), ElementsAre("at e1:0", "e1:1"));

  relay.GoDumb();
  EventStream::Item item = stream.Next();

  const auto* broken = std::get_if<Interruption>(&item);
  ASSERT_NE(broken, nullptr);
  EXPECT_THAT(broken->error.message, HasSubstr("nothing came for 3s"));
  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("at e1:1", "e1:2"));
  EXPECT_EQ(relay.connections(), 2);
}

}  // namespace
}  // namespace clawplane::client
