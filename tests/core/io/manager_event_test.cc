// What is told: events, lines of output, and to whom.

#include "core/model/text.h"
#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ManagerEventTest : public ManagerTest {
 protected:
  // The names of all events that are not about our own state.
  std::vector<std::string> NamesTold() {
    std::vector<std::string> names;
    for (const Event& event : Events()) {
      if (event.what.kind == EventKind::kStateChanged) continue;
      names.push_back(event.what.name);
    }
    return names;
  }
};

// Follows a topic until it is to leave, and does as it is told when woken. On
// the strand.
class Follower final : public Subscriber {
 public:
  void Follow(GatewayManager& manager, Topic topic,
              const EventFilter& filter = {}) {
    await_ = [this, &manager, topic] { manager.Await(topic, *this); };
    manager.Subscribe(topic, *this, filter);
    if (!closed) await_();
  }

  void Wake(uint64_t from) override {
    wakes.push_back(from);
    if (on_wake) on_wake();
    await_();
  }
  void OnIdle(uint64_t) override {
    ++idle_ticks;
    await_();
  }
  void Close(const Fault& why) override { closed = why.reason; }

  std::function<void()> on_wake;
  // The numbers it was woken with.
  std::vector<uint64_t> wakes;
  int idle_ticks = 0;
  std::optional<Reason> closed;

 private:
  std::function<void()> await_;
};

// ---- Events of the gateway

TEST_F(ManagerEventTest, KeepsTheOrderOfTheGateway) {
  FakeGateway& gateway = RunAttached();
  std::vector<std::string> sent;
  for (int i = 0; i < 100; ++i) {
    sent.push_back(Concat("event.", i));
    gateway.Emit(sent.back(), Concat("[", i, "]"));
  }

  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_EQ(NamesTold(), sent);
  const auto events = EventsOf(EventKind::kNotification);
  ASSERT_EQ(events.size(), 100u);
  EXPECT_EQ(events[99].what.gateway_seq, 100u);
  EXPECT_EQ(std::get<GatewayPayload>(events[99].what.detail).json, "[99]");
}

TEST_F(ManagerEventTest, NumbersEventsWithoutHoles) {
  RunAttached();
  Ask("fake.emit", R"({"count":20})");

  uint64_t expected = 1;
  for (const Event& event : Events()) EXPECT_EQ(event.sequence, expected++);
}

TEST_F(ManagerEventTest, SortsEventsByTheirKind) {
  FakeGateway& gateway = RunAttached();
  gateway.Emit("chat", R"({"text":"hi"})");
  gateway.Emit("channel.status", R"({"channelId":"c1","status":"up"})");
  gateway.Emit("tick", R"({"ts":1})");
  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_EQ(EventsOf(EventKind::kChatMessage).size(), 1u);
  const auto channels = EventsOf(EventKind::kChannelStatus);
  ASSERT_EQ(channels.size(), 1u);
  const auto& detail = std::get<ChannelStatusDetail>(channels[0].what.detail);
  EXPECT_EQ(detail.channel_id, "c1");
  EXPECT_EQ(detail.status, "up");
  EXPECT_THAT(NamesTold(), ElementsAre("chat", "channel.status", "tick"));
}

TEST_F(ManagerEventTest, SortsJsonRpcNotifications) {
  RunAttached();
  for (const char* method :
       {"message.received", "channel.status_changed", "error", "other"}) {
    Ask("fake.jsonrpc",
        Concat(R"({"method":")", method,
               R"(","params":{"channel_id":"c2","message":"oh"}})"));
  }

  std::vector<EventKind> kinds;
  for (const Event& event : Events()) {
    if (event.what.kind == EventKind::kStateChanged) continue;
    kinds.push_back(event.what.kind);
  }
  EXPECT_THAT(kinds,
              ElementsAre(EventKind::kChatMessage, EventKind::kChannelStatus,
                          EventKind::kError, EventKind::kNotification));
  const auto errors = EventsOf(EventKind::kError);
  EXPECT_EQ(std::get<ErrorDetail>(errors[0].what.detail).message, "oh");
}

TEST_F(ManagerEventTest, TellsHowManyEventsTheGatewayLeftOut) {
  FakeGateway& gateway = RunAttached();
  gateway.Emit("first", "{}");
  gateway.SkipSeq(3);
  gateway.Emit("second", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_THAT(NamesTold(), ElementsAre("first", "gap", "second"));
  const auto gaps = EventsOf(EventKind::kGap);
  ASSERT_EQ(gaps.size(), 1u);
  const auto& gap = std::get<UpstreamGap>(gaps[0].what.detail);
  EXPECT_EQ(gap.cause, UpstreamGap::Cause::kSequenceJump);
  EXPECT_EQ(gap.missing, 3u);
}

TEST_F(ManagerEventTest, MakesNothingOfJumpsInGatewaysThatNumberForAll) {
  FakeGatewayOptions options = Options();
  options.protocol = 3;
  foreign_ = std::make_unique<FakeGateway>(options);
  Begin(Mode::kAttach);
  EXPECT_FALSE(Result(Start()).fault);
  foreign_->SkipSeq(3);
  foreign_->Emit("event", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_THAT(NamesTold(), ElementsAre("event"));
}

TEST_F(ManagerEventTest, TellsOfTheGapThatANewConnectionMeans) {
  FakeGateway& gateway = RunAttached();
  EXPECT_THAT(EventsOf(EventKind::kGap), IsEmpty());

  gateway.DropAll();
  AwaitState(State::kReconnecting);
  AwaitState(State::kRunning, Time::kFlies);
  gateway.Emit("event", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  EXPECT_THAT(NamesTold(), ElementsAre("gap", "event"));
  const auto gaps = EventsOf(EventKind::kGap);
  const auto& gap = std::get<UpstreamGap>(gaps[0].what.detail);
  EXPECT_EQ(gap.cause, UpstreamGap::Cause::kNewConnection);
  EXPECT_EQ(gap.missing, std::nullopt);
}

TEST_F(ManagerEventTest, MarksAnEventOverTheLimit) {
  RunAttached();

  EXPECT_TRUE(Ask("fake.huge_event", R"({"bytes":3000000})").answered());

  const auto events = EventsOf(EventKind::kUnrecognizedMessage);
  ASSERT_EQ(events.size(), 1u);
  const auto& detail = std::get<UnrecognizedDetail>(events[0].what.detail);
  EXPECT_GT(detail.size, 3'000'000u);
  EXPECT_LE(detail.excerpt.size(), UnrecognizedDetail::kMaxExcerpt);
}

TEST_F(ManagerEventTest, DescribesTheGatewayByItsLastHandshake) {
  FakeGateway& gateway = RunAttached();
  std::optional<Description> description;
  OnStrand([&] { description = manager_->description(); });

  ASSERT_TRUE(description);
  EXPECT_EQ(description->hello.boot_id, gateway.boot_id());
  EXPECT_THAT(description->hello.methods, ::testing::Contains("fake.echo"));
  EXPECT_EQ(description->hello.scopes, config_.gateway.scopes);
}

// ---- Output

TEST_F(ManagerEventTest, StrikesTheTokenOutOfTheOutput) {
  RunLaunched();
  OnStrand([this] {
    life().Print(LogSource::kStdout, "hello");
    life().Print(LogSource::kStderr,
                 Concat("token=", kToken, "&again=", kToken));
    life().Print(LogSource::kStderr, "\xff");
  });

  EXPECT_THAT(Lines(), ElementsAre("hello", "token=[redacted]&again=[redacted]",
                                   "\xEF\xBF\xBD"));
}

TEST_F(ManagerEventTest, StrikesTheTokenOutOfTheLastWords) {
  launcher_.script = [](ScriptedLife& life) {
    life.Print(LogSource::kStderr, Concat("bad token ", kToken));
    life.Exit(ExitStatus::Exited(1));
  };
  Begin(Mode::kLaunch);

  const OrderResult result = Result(Start());

  ASSERT_TRUE(result.fault);
  EXPECT_THAT(result.fault->message,
              ::testing::HasSubstr("bad token [redacted]"));
}

// ---- Subscribers

TEST_F(ManagerEventTest, LetsAFollowerLeaveWhileItIsWoken) {
  Follower leaving;
  Follower staying;
  FakeGateway& gateway = RunAttached();
  OnStrand([&] {
    leaving.on_wake = [&] { manager_->Unsubscribe(Topic::kEvents, leaving); };
    leaving.Follow(*manager_, Topic::kEvents);
    staying.Follow(*manager_, Topic::kEvents);
  });

  gateway.Emit("one", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());
  gateway.Emit("two", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  OnStrand([&] {
    EXPECT_EQ(leaving.wakes.size(), 1u);
    EXPECT_EQ(staying.wakes.size(), 2u);
    manager_->Unsubscribe(Topic::kEvents, staying);
  });
}

TEST_F(ManagerEventTest, WakesOnlyThoseWhomAnEventConcerns) {
  Follower chat;
  Follower gaps;
  FakeGateway& gateway = RunAttached();
  OnStrand([&] {
    chat.Follow(*manager_, Topic::kEvents, EventFilter({}, {"chat"}));
    gaps.Follow(*manager_, Topic::kEvents, EventFilter({}, {"nothing"}));
  });
  const uint64_t before = Events().size();

  gateway.Emit("other", "{}");
  gateway.Emit("chat", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());
  gateway.SkipSeq(3);
  gateway.Emit("other", "{}");
  EXPECT_TRUE(Ask("fake.echo").answered());

  OnStrand([&] {
    EXPECT_THAT(chat.wakes, ElementsAre(before + 2, before + 3));
    EXPECT_THAT(gaps.wakes, ElementsAre(before + 3));
    manager_->Unsubscribe(Topic::kEvents, chat);
    manager_->Unsubscribe(Topic::kEvents, gaps);
  });
}

TEST_F(ManagerEventTest, WakesManyReadersAFewAtATime) {
  std::vector<Follower> readers(200);
  FakeGateway& gateway = RunAttached();
  std::vector<size_t> seen;
  const auto woken = [&] {
    return static_cast<size_t>(
        std::count_if(readers.begin(), readers.end(),
                      [](const Follower& r) { return !r.wakes.empty(); }));
  };
  OnStrand([&] {
    for (Follower& reader : readers) {
      reader.Follow(*manager_, Topic::kEvents);
      // What anybody posts meanwhile has its turn between two lots.
      reader.on_wake = [&] {
        strand_.Post([&] {
          seen.push_back(woken());
          Changed();
        });
      };
    }
  });

  gateway.Emit("one", "{}");
  Await([&] { return seen.size() == readers.size(); });

  EXPECT_EQ(seen.front(), 63u) << "and the fixture's own reader";
  EXPECT_EQ(seen.back(), 200u);
  OnStrand([&] {
    for (Follower& reader : readers) {
      EXPECT_EQ(reader.wakes.size(), 1u);
      manager_->Unsubscribe(Topic::kEvents, reader);
    }
  });
}

TEST_F(ManagerEventTest, WakesFollowersOfTheirTopicOnly) {
  Follower status;
  Follower events;
  Follower logs;
  LaunchesServe();
  Begin(Mode::kLaunch);
  OnStrand([&] {
    status.Follow(*manager_, Topic::kStatus);
    events.Follow(*manager_, Topic::kEvents);
    logs.Follow(*manager_, Topic::kLogs);
  });

  EXPECT_FALSE(Result(Start()).fault);
  OnStrand([&] { life().Print(LogSource::kStdout, "hello"); });

  OnStrand([&] {
    EXPECT_GT(status.wakes.size(), 2u);
    EXPECT_THAT(events.wakes, ElementsAre(1, 2));
    EXPECT_EQ(logs.wakes.size(), 1u);
    manager_->CloseStreams();
    EXPECT_EQ(status.closed, Reason::kShuttingDown);
    EXPECT_EQ(events.closed, Reason::kShuttingDown);
    EXPECT_EQ(logs.closed, Reason::kShuttingDown);
  });
}

TEST_F(ManagerEventTest, TurnsFollowersAwayOnceStreamsAreClosed) {
  Begin(Mode::kAttach);
  Follower late;

  OnStrand([&] {
    manager_->CloseStreams();
    late.Follow(*manager_, Topic::kEvents);
  });

  EXPECT_EQ(late.closed, Reason::kShuttingDown);
}

TEST_F(ManagerEventTest, RemindsFollowersOfEventsEachTenSeconds) {
  Begin(Mode::kAttach);
  Follower events;
  OnStrand([&] { events.Follow(*manager_, Topic::kEvents); });

  Advance(seconds(10) - std::chrono::nanoseconds(1));
  OnStrand([&] { EXPECT_EQ(events.idle_ticks, 0); });
  Advance(std::chrono::nanoseconds(1));
  Advance(seconds(10));

  OnStrand([&] {
    EXPECT_EQ(events.idle_ticks, 2);
    manager_->Unsubscribe(Topic::kEvents, events);
  });
}

TEST_F(ManagerEventTest, RaisesTheRevisionWithEachChange) {
  Begin(Mode::kAttach);
  Follower follower;
  std::vector<uint64_t> revisions;
  OnStrand([&] {
    follower.on_wake = [&] {
      revisions.push_back(manager_->status().revision);
    };
    follower.Follow(*manager_, Topic::kStatus);
  });
  ServeForeign();

  EXPECT_FALSE(Result(Start()).fault);

  OnStrand([&] { manager_->Unsubscribe(Topic::kStatus, follower); });
  EXPECT_THAT(revisions, ElementsAre(2, 3, 4));
}

}  // namespace
}  // namespace clawplane::core
