// The way from the log to the disk, and the readers' way back.

#include "core/io/event_trail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/io/event_keeper.h"
#include "core/io/sqlite_event_store.h"
#include "core/model/text.h"
#include "tests/core/io/running_strand.h"
#include "tests/server/file_size_limit.h"
#include "tests/temp_directory.h"
#include "tests/wait_for.h"

namespace clawplane::core {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::FileSizeLimit;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TempDirectory;
using testing::WaitFor;

// One life of a log that is kept in a directory.
class Life {
 public:
  Life(const std::string& directory, const std::string& new_epoch,
       size_t ring = 65'536) {
    EventLogConfig config;
    config.directory = directory;
    config.commit_interval = std::chrono::milliseconds(1);
    const EventLog::Limits memory{.max_events = ring};
    auto opened = SqliteEventStore::Open(
        running_.strand(), config, memory, new_epoch,
        [this](const std::string& warning) { warnings_.push_back(warning); },
        {std::chrono::milliseconds(1), std::chrono::milliseconds(2)});
    status_ = opened.status();
    if (!opened.ok()) return;
    store_ = *std::move(opened);
    beginning_ = store_->TakeBeginning();
    log_ = std::make_unique<EventLog>(beginning_.epoch, memory);
    keeper_ = std::make_unique<EventKeeper>(running_.strand(), *log_);
    running_.Do([&] {
      if (beginning_.last > 0) log_->Resume(beginning_.last, beginning_.newest);
      keeper_->Begin(*store_, beginning_, [this](const std::string& why) {
        complaints_.push_back(why);
      });
    });
  }
  ~Life() {
    running_.End();
    store_.reset();
  }

  void Add(int count, const std::string& name = "n", size_t payload = 2) {
    running_.Do([&] {
      for (int i = 0; i < count; ++i) {
        log_->Append({EventKind::kNotification,
                      name,
                      GatewayPayload{std::string(payload, ' ')},
                      {}},
                     WallTime(std::chrono::hours(500'000)));
        keeper_->OnAppend();
      }
    });
  }
  template <typename Get>
  auto Of(Get get) {
    decltype(get(*keeper_)) value;
    running_.Do([&] { value = get(*keeper_); });
    return value;
  }
  DurableRange durable() {
    return Of([](EventKeeper& keeper) { return keeper.stored().durable; });
  }
  bool AwaitDurable(uint64_t last) {
    return WaitFor([&] { return durable().last == last; });
  }
  // An end in order.
  void Finish() {
    running_.Do([&] { keeper_->Finish(); });
  }

  // All that a reader is told now: "a:1" for an event, "a:1>b:0" for a loss.
  std::vector<std::string> Read(std::function<bool(EventTrail&)> begin,
                                EventFilter filter = {}) {
    std::vector<std::string> told;
    std::promise<void> over;
    std::unique_ptr<EventTrail> trail;
    const auto name = [](const EventPosition& position) {
      return Concat(position.epoch, ":", position.sequence);
    };
    const auto read = [&] {
      while (!trail->Fetch()) {
        if (const auto loss = trail->TakeLoss()) {
          told.push_back(
              Concat(name(loss->lost_after), ">", name(loss->resumed_after)));
        } else if (const Event* const event = trail->Peek(UINT64_MAX)) {
          told.push_back(name({trail->epoch(), event->sequence}));
          trail->Pop();
        } else if (trail->is_in_memory()) {
          return over.set_value();
        }
      }
    };
    running_.Do([&] {
      trail = std::make_unique<EventTrail>(*log_, *keeper_, filter, read);
      if (begin(*trail)) return read();
      told.push_back("refused");
      over.set_value();
    });
    over.get_future().wait();
    running_.Do([&] { trail.reset(); });
    return told;
  }
  std::vector<std::string> ReadAfter(const EventPosition& point) {
    return Read([&](EventTrail& trail) { return trail.BeginAfter(point); });
  }
  std::vector<std::string> ReadAll(EventFilter filter = {}) {
    return Read(
        [](EventTrail& trail) {
          trail.BeginFromOldest();
          return true;
        },
        std::move(filter));
  }

  const absl::Status& status() const { return status_; }
  const LogBeginning& beginning() const { return beginning_; }
  std::vector<std::string> complaints() {
    return Of([this](EventKeeper&) { return complaints_; });
  }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  RunningStrand running_;
  absl::Status status_;
  std::vector<std::string> warnings_;
  std::vector<std::string> complaints_;
  std::unique_ptr<SqliteEventStore> store_;
  LogBeginning beginning_;
  std::unique_ptr<EventLog> log_;
  std::unique_ptr<EventKeeper> keeper_;
};

std::vector<std::string> Range(const std::string& epoch, int first, int last) {
  std::vector<std::string> all;
  for (int i = first; i <= last; ++i) all.push_back(Concat(epoch, ":", i));
  return all;
}

std::vector<std::string> Join(std::vector<std::string> a,
                              const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class EventTrailTest : public ::testing::Test {
 protected:
  std::string Directory() const { return place_ / "log"; }
  const TempDirectory place_;
};

TEST_F(EventTrailTest, GivesFromTheDiskWhatTheMemoryDroppedAndThenTheMemory) {
  Life life(Directory(), "a", /*ring=*/10);
  life.Add(5);
  ASSERT_TRUE(life.AwaitDurable(5));
  for (int i = 1; i < 60; ++i) {
    life.Add(5);
    ASSERT_TRUE(life.AwaitDurable(5 + 5 * i));
  }
  EXPECT_EQ(life.ReadAll(), Range("a", 1, 300));
  EXPECT_EQ(life.ReadAfter({"a", 7}), Range("a", 8, 300));
  EXPECT_EQ(life.ReadAfter({"a", 290}), Range("a", 291, 300));
  EXPECT_EQ(life.ReadAfter({"a", 295}), Range("a", 296, 300));
  EXPECT_THAT(life.ReadAfter({"a", 300}), IsEmpty());
  EXPECT_THAT(life.ReadAfter({"a", 301}), ElementsAre("refused"));
}

TEST_F(EventTrailTest, GoesOnWithTheEpochAfterAnEndInOrder) {
  {
    Life life(Directory(), "a");
    life.Add(20);
    life.Finish();
  }
  Life life(Directory(), "b", /*ring=*/10);
  EXPECT_EQ(life.beginning().epoch, "a");
  life.Add(5);
  EXPECT_EQ(life.ReadAll(), Range("a", 1, 25));
  EXPECT_EQ(life.ReadAfter({"a", 20}), Range("a", 21, 25));
}

TEST_F(EventTrailTest, LeadsFromAnEpochThatWasCutOffIntoTheNext) {
  {
    Life life(Directory(), "a");
    life.Add(20);
    ASSERT_TRUE(life.AwaitDurable(20));
  }
  {
    Life life(Directory(), "b");
    life.Add(3);
    ASSERT_TRUE(life.AwaitDurable(3));
  }
  Life life(Directory(), "c");
  EXPECT_EQ(life.beginning().previous_epoch, "b");
  life.Add(2);
  const auto rest =
      Join(Join({"a:20>b:0"}, Range("b", 1, 3)), {"b:3>c:0", "c:1", "c:2"});
  EXPECT_EQ(life.ReadAll(), Join(Range("a", 1, 20), rest));
  EXPECT_EQ(life.ReadAfter({"a", 18}), Join({"a:19", "a:20"}, rest));
  // It had seen what did not survive.
  EXPECT_EQ(life.ReadAfter({"a", 25}).front(), "a:25>b:0");
  EXPECT_THAT(life.ReadAfter({"b", 9}), ElementsAre("b:9>c:0", "c:1", "c:2"));
  EXPECT_EQ(life.ReadAfter({"other", 1}).front(), "other:1>a:0");
}

TEST_F(EventTrailTest, LeavesOutWhatTheFilterDoesNotTake) {
  Life life(Directory(), "a", /*ring=*/10);
  for (int i = 0; i < 100; ++i) {
    life.Add(9);
    life.Add(1, "wanted");
    ASSERT_TRUE(life.AwaitDurable(10 + 10 * i));
  }
  const auto told = life.ReadAll(EventFilter({}, {"wanted"}));
  ASSERT_EQ(told.size(), 100u);
  EXPECT_EQ(told.front(), "a:10");
  EXPECT_EQ(told.back(), "a:1000");
}

// ---- A disk that fails

TEST_F(EventTrailTest, TellsOnceThatTheDiskIsFullAndCatchesUpFromMemory) {
  FileSizeLimit::IgnoreSignal();
  Life life(Directory(), "a");
  life.Add(10);
  ASSERT_TRUE(life.AwaitDurable(10));
  {
    const FileSizeLimit full(60'000);
    life.Add(20, "n", 5'000);
    const auto failures = [](EventKeeper& k) { return k.counts().failures; };
    ASSERT_TRUE(WaitFor([&] { return life.Of(failures) >= 3; }));
    EXPECT_EQ(life.durable().last, 10u);
    EXPECT_TRUE(life.Of([](EventKeeper& k) { return k.is_degraded(); }));
    EXPECT_EQ(life.complaints().size(), 1u);
    // Nobody who reads has to do without.
    EXPECT_EQ(life.ReadAll(), Range("a", 1, 30));
  }
  ASSERT_TRUE(life.AwaitDurable(30));
  EXPECT_FALSE(life.Of([](EventKeeper& k) { return k.is_degraded(); }));
  EXPECT_EQ(life.durable(), (DurableRange{1, 30}));
}

TEST_F(EventTrailTest, NeverClaimsWhatTheMemoryDroppedWhileTheDiskFailed) {
  FileSizeLimit::IgnoreSignal();
  {
    Life life(Directory(), "a", /*ring=*/10);
    life.Add(10);
    ASSERT_TRUE(life.AwaitDurable(10));
    {
      const FileSizeLimit full(60'000);
      life.Add(10, "n", 20'000);
      const auto failures = [](EventKeeper& k) { return k.counts().failures; };
      ASSERT_TRUE(WaitFor([&] { return life.Of(failures) >= 1; }));
      life.Add(20, "n", 20'000);
      // What was under way has come back, and what follows fails too.
      const uint64_t before = life.Of(failures);
      ASSERT_TRUE(WaitFor([&] { return life.Of(failures) >= before + 2; }));
    }
    life.Add(1);
    ASSERT_TRUE(life.AwaitDurable(41));
    const uint64_t first = life.durable().first;
    EXPECT_GT(first, 11u);
    EXPECT_EQ(life.Of([](EventKeeper& k) { return k.counts().left_out; }),
              first - 11);
    EXPECT_EQ(life.ReadAll(),
              Join(Join(Range("a", 1, 10), {Concat("a:10>a:", first - 1)}),
                   Range("a", first, 41)));
    life.Finish();
  }
  Life life(Directory(), "b");
  EXPECT_EQ(life.beginning().epoch, "a");
  EXPECT_GT(life.durable().first, 11u);
  EXPECT_EQ(life.ReadAll().at(10).substr(0, 7), "a:10>a:");
}

TEST_F(EventTrailTest, BeginsANewFileInPlaceOfADamagedOne) {
  ASSERT_EQ(::mkdir(Directory().c_str(), 0700), 0);
  place_.Write("log/events.db", std::string(20'000, 'x'));
  Life life(Directory(), "a");
  ASSERT_THAT(life.warnings(), ElementsAre(HasSubstr(".damaged")));
  life.Add(3);
  EXPECT_TRUE(life.AwaitDurable(3));
  EXPECT_THAT(life.complaints(), IsEmpty());
}

TEST_F(EventTrailTest, IsNotSharedWithASecondDaemon) {
  Life life(Directory(), "a");
  Life second(Directory(), "b");
  EXPECT_FALSE(second.status().ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
}

TEST_F(EventTrailTest, BeginsInMemoryWhereTheFileCannotBeOpened) {
  ASSERT_EQ(::mkdir(Directory().c_str(), 0700), 0);
  const std::string file = Directory() + "/events.db";
  ASSERT_EQ(::mkdir(file.c_str(), 0700), 0);
  Life life(Directory(), "a");
  life.Add(3);
  EXPECT_EQ(life.ReadAll(), Range("a", 1, 3));
  EXPECT_EQ(life.complaints().size(), 1u);
  ASSERT_EQ(::rmdir(file.c_str()), 0);
  EXPECT_TRUE(life.AwaitDurable(3));
}

}  // namespace
}  // namespace clawplane::core
