#include "clawplane/client/status_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/client/fake_server.h"
#include "tests/client/tcp_relay.h"

namespace clawplane::client {
namespace {

using ::testing::ElementsAre;

struct Shown {
  std::string operator()(const v1::GatewayStatus& status) const {
    return absl::StrCat(status.revision());
  }
  std::string operator()(const Interruption& broken) const {
    return absl::StrCat("broken ", CodeName(broken.error.code));
  }
  std::string operator()(DeadlinePassed) const { return "nothing yet"; }
  std::string operator()(const CallError& error) const {
    return absl::StrCat("end ", CodeName(error.code));
  }
};

std::vector<std::string> ShowNext(StatusStream& stream, int count) {
  std::vector<std::string> items;
  for (int i = 0; i < count; ++i) {
    items.push_back(std::visit(Shown(), stream.Next(absl::Seconds(30))));
  }
  return items;
}

// A server whose attempts send statuses with these revisions, and break; the
// last one stays open.
class StatusStreamTest : public ::testing::Test {
 protected:
  StatusStreamTest() : connection_(To(server_.unix_target())) {
    options_.first_pause = absl::Milliseconds(1);
    server_.statuses = [this](auto& context, const auto&, auto& writer) {
      const size_t number = calls_++;
      for (const uint64_t revision :
           attempts_[std::min(number, attempts_.size() - 1)]) {
        v1::StreamStatusResponse response;
        *response.mutable_status() = StatusOf(v1::GatewayStatus::STATE_RUNNING);
        response.mutable_status()->set_revision(revision);
        writer.Write(response);
      }
      if (breaks_ && number + 1 < attempts_.size()) {
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
      }
      FakeServer::WaitUntilCancelled(context);
      return grpc::Status::CANCELLED;
    };
  }

  static Target To(const std::string& address) {
    Target target;
    target.address = address;
    return target;
  }

  std::vector<std::vector<uint64_t>> attempts_;
  bool breaks_ = true;
  std::atomic<size_t> calls_ = 0;
  StreamOptions options_;
  FakeServer server_;
  Connection connection_;
};

TEST_F(StatusStreamTest, HandsOutTheFirstStatusAfterABreakEvenIfItIsTheSame) {
  attempts_ = {{1, 2}, {2, 3}};
  StatusStream stream(connection_, options_);

  EXPECT_THAT(ShowNext(stream, 5),
              ElementsAre("1", "2", "broken UNAVAILABLE", "2", "3"));
}

TEST_F(StatusStreamTest, HandsOutNoOlderStatusAfterANewerOne) {
  attempts_ = {{5, 4, 6}};
  StatusStream stream(connection_, options_);

  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("5", "6"));
}

TEST_F(StatusStreamTest, TakesALowerRevisionOfANewStreamForANewServer) {
  attempts_ = {{7}, {1, 2}};
  StatusStream stream(connection_, options_);

  EXPECT_THAT(ShowNext(stream, 4),
              ElementsAre("7", "broken UNAVAILABLE", "1", "2"));
}

TEST_F(StatusStreamTest, IsOpenedAnewForItsSilenceWithoutAWord) {
  attempts_ = {{1}, {1}, {2}};
  breaks_ = false;
  options_.silence_limit = absl::Seconds(2);
  TcpRelay relay(server_.unix_target());
  const Connection connection(To(relay.target()));
  StatusStream stream(connection, options_);

  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("1", "2"));
  EXPECT_EQ(calls_, 3u);
  EXPECT_EQ(relay.connections(), 1);
}

TEST_F(StatusStreamTest, TakesANewConnectionWhereTheSilentOneIsDead) {
  attempts_ = {{1}, {2}};
  breaks_ = false;
  options_.silence_limit = absl::Seconds(2);
  TcpRelay relay(server_.unix_target());
  const Connection connection(To(relay.target()));
  StatusStream stream(connection, options_);
  ASSERT_THAT(ShowNext(stream, 1), ElementsAre("1"));

  relay.GoDumb();

  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("broken UNAVAILABLE", "2"));
  EXPECT_EQ(relay.connections(), 2);
}

TEST_F(StatusStreamTest, TellsOfAServerThatNeverAnswers) {
  attempts_ = {{}, {1}};
  breaks_ = false;
  options_.silence_limit = absl::Seconds(2);
  StatusStream stream(connection_, options_);

  EXPECT_THAT(ShowNext(stream, 2), ElementsAre("broken UNAVAILABLE", "1"));
}

TEST_F(StatusStreamTest, EndsWhereItIsRefused) {
  server_.statuses = [](auto&, const auto&, auto&) {
    return Refusal(grpc::StatusCode::UNAUTHENTICATED, "no", "TOKEN_REQUIRED");
  };
  StatusStream stream(connection_, options_);

  EXPECT_THAT(ShowNext(stream, 2),
              ElementsAre("end UNAUTHENTICATED", "end UNAUTHENTICATED"));
}

TEST_F(StatusStreamTest, WakesWhenAnotherThreadCancels) {
  attempts_ = {{1}};
  StatusStream stream(connection_, options_);
  ASSERT_THAT(ShowNext(stream, 1), ElementsAre("1"));
  std::thread other([&stream] { stream.Cancel(); });

  EXPECT_THAT(ShowNext(stream, 1), ElementsAre("end CANCELLED"));
  other.join();
}

}  // namespace
}  // namespace clawplane::client
