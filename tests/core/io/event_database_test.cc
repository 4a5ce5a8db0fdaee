#include "core/io/event_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/server/file_size_limit.h"
#include "tests/temp_directory.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using testing::FileSizeLimit;
using ::testing::HasSubstr;
using testing::TempDirectory;

using Limits = EventLog::Limits;
constexpr auto kNow = WallTime(std::chrono::hours(500'000));

Event Numbered(uint64_t sequence, const std::string& json = "{}",
               WallTime at = kNow) {
  return {sequence,
          at,
          {EventKind::kNotification, "n", GatewayPayload{json}, sequence}};
}

std::vector<Event> Range(uint64_t first, uint64_t last,
                         const std::string& json = "{}") {
  std::vector<Event> events;
  for (uint64_t i = first; i <= last; ++i) events.push_back(Numbered(i, json));
  return events;
}

std::vector<uint64_t> Numbers(const std::vector<Event>& events) {
  std::vector<uint64_t> numbers;
  for (const Event& event : events) numbers.push_back(event.sequence);
  return numbers;
}

// That cannot be compressed away by anybody.
std::string RandomText(size_t size) {
  static std::mt19937 random(1);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

class EventDatabaseTest : public ::testing::Test {
 protected:
  EventDatabaseTest() { config_.directory = place_.path(); }

  std::unique_ptr<EventDatabase> Open() {
    auto opened = EventDatabase::Open(config_);
    EXPECT_TRUE(opened.ok()) << opened.status().message();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  // Opens it, with this as the name of a new epoch.
  std::unique_ptr<EventDatabase> Begin(const std::string& new_epoch,
                                       LogBeginning* beginning = nullptr) {
    auto database = Open();
    auto begun = database->Begin(new_epoch, memory_);
    EXPECT_TRUE(begun.ok()) << begun.status().message();
    if (beginning != nullptr) *beginning = *std::move(begun);
    return database;
  }
  static EventPage Read(EventDatabase& database, const EventPosition& after) {
    auto page = database.Read(after, EventFilter());
    EXPECT_TRUE(page.ok()) << page.status().message();
    return *std::move(page);
  }
  std::string File() const { return place_ / "events.db"; }

  const TempDirectory place_;
  EventLogConfig config_;
  Limits memory_;
};

// ---- Epochs

TEST_F(EventDatabaseTest, GoesOnWithAnEpochThatWasEndedInOrder) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 5), kNow).ok());
  ASSERT_TRUE(first->MarkCleanEnd(5).ok());
  first.reset();

  LogBeginning found;
  Begin("b", &found);
  EXPECT_EQ(found.epoch, "a");
  EXPECT_EQ(found.last, 5u);
  EXPECT_THAT(Numbers(found.newest), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(found.durable, (DurableRange{1, 5}));
  EXPECT_EQ(found.previous_epoch, "");
}

TEST_F(EventDatabaseTest, BeginsANewEpochBehindOneThatWasCutOff) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 5), kNow).ok());
  first.reset();

  LogBeginning found;
  Begin("b", &found);
  EXPECT_EQ(found.epoch, "b");
  EXPECT_EQ(found.last, 0u);
  EXPECT_TRUE(found.newest.empty());
  EXPECT_EQ(found.previous_epoch, "a");
  EXPECT_EQ(found.durable, DurableRange());
  EXPECT_EQ(found.oldest, (EventPosition{"a", 0}));
}

TEST_F(EventDatabaseTest, TakesAnEndInOrderForOneBeginningOnly) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 5), kNow).ok());
  ASSERT_TRUE(first->MarkCleanEnd(5).ok());
  first.reset();
  Begin("b");
  LogBeginning found;
  Begin("c", &found);
  EXPECT_EQ(found.epoch, "c");
}

TEST_F(EventDatabaseTest, NotesNoEndInOrderWhereEventsAreMissing) {
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 5), kNow).ok());
  EXPECT_FALSE(database->MarkCleanEnd(6).ok());
}

TEST_F(EventDatabaseTest, LoadsNoMoreThanTheMemoryHolds) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 100), kNow).ok());
  ASSERT_TRUE(first->MarkCleanEnd(100).ok());
  first.reset();
  memory_.max_events = 3;
  LogBeginning found;
  Begin("b", &found);
  EXPECT_EQ(found.last, 100u);
  EXPECT_THAT(Numbers(found.newest), ElementsAre(98, 99, 100));
}

TEST_F(EventDatabaseTest, BeginsTheEpochOfAnotherWithTheFirstBatch) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 2), kNow).ok());
  ASSERT_TRUE(first->MarkCleanEnd(2).ok());
  first.reset();
  // The beginning failed, and the log began anew in memory.
  auto second = Open();
  second->BeginWithNextAppend("b");
  ASSERT_TRUE(second->Append(Range(4, 6), kNow).ok());
  EXPECT_EQ(second->durable(), (DurableRange{4, 6}));
  second.reset();
  // The end in order was that of another epoch.
  LogBeginning found;
  Begin("c", &found);
  EXPECT_EQ(found.epoch, "c");
  EXPECT_EQ(found.previous_epoch, "b");
}

// ---- Reading

TEST_F(EventDatabaseTest, GivesTheRestOfAnEpochAndThenTheNext) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 5), kNow).ok());
  first.reset();
  auto database = Begin("b");
  ASSERT_TRUE(database->Append(Range(1, 2), kNow).ok());

  EventPage page = Read(*database, {"a", 3});
  EXPECT_FALSE(page.resumed_after);
  EXPECT_THAT(Numbers(page.events), ElementsAre(4, 5));
  EXPECT_EQ(page.end, (EventPosition{"a", 5}));

  page = Read(*database, page.end);
  EXPECT_EQ(page.resumed_after, (EventPosition{"b", 0}));
  EXPECT_THAT(Numbers(page.events), ElementsAre(1, 2));

  page = Read(*database, page.end);
  EXPECT_EQ(page.end, (EventPosition{"b", 2}));
  EXPECT_TRUE(page.events.empty());
}

TEST_F(EventDatabaseTest, SendsOneWhoSawWhatWasLostToTheNextEpoch) {
  auto first = Begin("a");
  ASSERT_TRUE(first->Append(Range(1, 5), kNow).ok());
  first.reset();
  auto database = Begin("b");
  ASSERT_TRUE(database->Append(Range(1, 2), kNow).ok());
  const EventPage page = Read(*database, {"a", 9});
  EXPECT_EQ(page.resumed_after, (EventPosition{"b", 0}));
  EXPECT_THAT(Numbers(page.events), ElementsAre(1, 2));
}

TEST_F(EventDatabaseTest, BeginsWithTheOldestForAnUnknownEpoch) {
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 2), kNow).ok());
  const EventPage page = Read(*database, {"never", 9});
  EXPECT_EQ(page.resumed_after, (EventPosition{"a", 0}));
  EXPECT_THAT(Numbers(page.events), ElementsAre(1, 2));
}

TEST_F(EventDatabaseTest, TellsOfAHole) {
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 3), kNow).ok());
  ASSERT_TRUE(database->Append(Range(7, 8), kNow).ok());
  EXPECT_EQ(database->durable(), (DurableRange{7, 8}));

  EventPage page = Read(*database, {"a", 0});
  EXPECT_THAT(Numbers(page.events), ElementsAre(1, 2, 3));
  page = Read(*database, page.end);
  EXPECT_EQ(page.resumed_after, (EventPosition{"a", 6}));
  EXPECT_THAT(Numbers(page.events), ElementsAre(7, 8));

  // It is remembered.
  ASSERT_TRUE(database->MarkCleanEnd(8).ok());
  database.reset();
  LogBeginning found;
  Begin("b", &found);
  EXPECT_EQ(found.durable, (DurableRange{7, 8}));
  EXPECT_THAT(Numbers(found.newest), ElementsAre(7, 8));
}

TEST_F(EventDatabaseTest, GivesOnlyWhatTheFilterTakes) {
  auto database = Begin("a");
  std::vector<Event> events = Range(1, 200);
  events[149].what.name = "wanted";
  ASSERT_TRUE(database->Append(events, kNow).ok());
  const auto page = database->Read({"a", 10}, EventFilter({}, {"wanted"}));
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(Numbers(page->events), ElementsAre(150));
  EXPECT_EQ(page->end, (EventPosition{"a", 200}));
}

TEST_F(EventDatabaseTest, FillsAPageByNumberAndByBytes) {
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 100), kNow).ok());
  EXPECT_EQ(Read(*database, {"a", 0}).events.size(), EventPage::kMaxEvents);
  ASSERT_TRUE(
      database->Append(Range(101, 110, std::string(100'000, 'x')), kNow).ok());
  EXPECT_EQ(Read(*database, {"a", 100}).events.size(), 2u);
}

// ---- Retention

TEST_F(EventDatabaseTest, RemovesWhatIsTooOld) {
  config_.max_age = std::chrono::hours(1);
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 300), kNow).ok());
  const WallTime later = kNow + std::chrono::minutes(61);
  ASSERT_TRUE(database->Append({Numbered(301, "{}", later)}, later).ok());
  EXPECT_EQ(database->oldest(), (EventPosition{"a", 300}));
  EXPECT_EQ(database->durable(), (DurableRange{301, 301}));
}

TEST_F(EventDatabaseTest, StaysWithinItsSizeAndReusesTheFile) {
  config_.max_bytes = 4 << 20;
  auto database = Begin("a");
  uint64_t next = 1;
  uint64_t largest = 0;
  for (int i = 0; i < 200; ++i) {  // 20 MB
    ASSERT_TRUE(
        database->Append(Range(next, next + 99, RandomText(1000)), kNow).ok());
    next += 100;
    largest = std::max(largest, database->bytes());
  }
  EXPECT_LE(largest, config_.max_bytes);
  EXPECT_GE(largest, config_.max_bytes / 2);
  EXPECT_LE(std::filesystem::file_size(File()), config_.max_bytes);
  // And the log beside it.
  EXPECT_LE(std::filesystem::file_size(File() + "-wal"), 9u << 20);
  EXPECT_EQ(database->durable().last, next - 1);
  EXPECT_GT(database->durable().first, 15'000u);
}

TEST_F(EventDatabaseTest, GivesSpaceBackWhenItMayHoldLess) {
  auto large = Begin("a");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        large->Append(Range(100 * i + 1, 100 * i + 100, RandomText(1000)), kNow)
            .ok());
  }
  large.reset();
  EXPECT_GT(std::filesystem::file_size(File()), 10u << 20);
  config_.max_bytes = 1 << 20;
  auto small = Begin("b");
  for (int i = 1; i < 20; ++i) {
    ASSERT_TRUE(small->Append({Numbered(i)}, kNow).ok());
  }
  small.reset();
  EXPECT_LT(std::filesystem::file_size(File()), 2u << 20);
}

TEST_F(EventDatabaseTest, KeepsTheNewestEventHoweverLarge) {
  config_.max_bytes = 1 << 20;
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 10), kNow).ok());
  ASSERT_TRUE(database->Append({Numbered(11, RandomText(3 << 20))}, kNow).ok());
  EXPECT_EQ(database->durable(), (DurableRange{11, 11}));
}

// ---- Files

TEST_F(EventDatabaseTest, IsForItsOwnerAlone) {
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 2), kNow).ok());
  for (const auto& entry : std::filesystem::directory_iterator(place_.path())) {
    struct stat found {};
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(EventDatabaseTest, RefusesADamagedFile) {
  place_.Write("events.db", std::string(8192, 'x'));
  const auto opened = EventDatabase::Open(config_);
  EXPECT_TRUE(absl::IsDataLoss(opened.status())) << opened.status().message();
}

TEST_F(EventDatabaseTest, RefusesTheTablesOfAnotherVersion) {
  Begin("a").reset();
  ASSERT_TRUE((*Sqlite::Open(File()))->Run("PRAGMA user_version=2").ok());
  const auto opened = EventDatabase::Open(config_);
  EXPECT_TRUE(absl::IsDataLoss(opened.status()));
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("version 2"));
}

TEST_F(EventDatabaseTest, SetsEachDamagedFileAsideUnderANameOfItsOwn) {
  for (const std::string name :
       {"events.db.damaged", "events.db.damaged.1", "events.db.damaged.2"}) {
    place_.Write("events.db", name);
    const auto aside = EventDatabase::SetAside(place_.path());
    ASSERT_TRUE(aside.ok());
    EXPECT_EQ(*aside, place_ / name);
    std::ifstream file(*aside);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), name);
  }
}

// ---- A full disk

TEST_F(EventDatabaseTest, StoresNothingOfABatchThatDoesNotFitAndGoesOn) {
  FileSizeLimit::IgnoreSignal();
  auto database = Begin("a");
  ASSERT_TRUE(database->Append(Range(1, 10), kNow).ok());
  {
    const FileSizeLimit full(200'000);
    uint64_t next = 11;
    absl::Status status;
    while (status.ok() && next < 10'000) {
      status = database->Append(Range(next, next + 9, RandomText(1000)), kNow);
      if (status.ok()) next += 10;
    }
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(database->durable().last, next - 1);
    // What is there can be read.
    EXPECT_EQ(Read(*database, {"a", next - 3}).end,
              (EventPosition{"a", next - 1}));
  }
  const uint64_t last = database->durable().last;
  ASSERT_TRUE(database->Append(Range(last + 1, last + 5), kNow).ok());
  EXPECT_EQ(database->durable(), (DurableRange{1, last + 5}));
}

TEST_F(EventDatabaseTest, LivesOnADiskThatFillsUp) {
  const std::string disk = place_ / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m,mode=700") != 0) {
    GTEST_SKIP() << "a file system of one's own takes root";
  }
  config_.directory = disk;
  {
    auto database = Begin("a");
    uint64_t next = 1;
    absl::Status status;
    while (status.ok() && next < 10'000) {
      status = database->Append(Range(next, next + 9, RandomText(1000)), kNow);
      if (status.ok()) next += 10;
    }
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status.message();
    const DurableRange durable = database->durable();
    EXPECT_EQ(durable, (DurableRange{1, next - 1}));
    // There is room again.
    EXPECT_EQ(::mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=4m"),
              0);
    EXPECT_TRUE(database->Append(Range(next, next + 9), kNow).ok());
    EXPECT_TRUE(database->MarkCleanEnd(next + 9).ok());
    database.reset();
    LogBeginning found;
    Begin("b", &found);
    EXPECT_EQ(found.durable, (DurableRange{1, next + 9}));
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace clawplane::core
