#include "core/model/audience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// Keeps how it was woken: by which number, 0 less for idle.
class Reader final : public Subscriber {
 public:
  void Wake(uint64_t from) override {
    wakes.push_back(from);
    if (on_wake) on_wake();
  }
  void OnIdle(uint64_t from) override { idle.push_back(from); }
  void Close(const Fault&) override {}
  uint64_t next() const override { return at; }

  uint64_t at = 1;
  std::function<void()> on_wake;
  std::vector<uint64_t> wakes;
  std::vector<uint64_t> idle;
};

EventDraft Named(std::string name) {
  return {EventKind::kNotification, std::move(name), GatewayPayload{}, {}};
}

// So many members that wait for anything.
std::vector<Reader> WaitingReaders(Audience& audience, size_t count) {
  std::vector<Reader> readers(count);
  for (Reader& reader : readers) {
    audience.Join(reader);
    audience.Await(reader);
  }
  return readers;
}

TEST(AudienceTest, WakesOnlyThoseWhoWait) {
  Audience audience;
  Reader waiting;
  Reader busy;
  audience.Join(waiting);
  audience.Join(busy);
  audience.Await(waiting);
  EXPECT_EQ(audience.size(), 2u);

  audience.Call(Named("a"), 7);
  EXPECT_TRUE(audience.has_called());
  EXPECT_THAT(waiting.wakes, IsEmpty()) << "it is called, and not yet woken";
  audience.WakeCalled();

  EXPECT_THAT(waiting.wakes, ElementsAre(7));
  EXPECT_THAT(busy.wakes, IsEmpty());
  EXPECT_FALSE(audience.has_called());
}

TEST(AudienceTest, WakesOnceForMuchNews) {
  Audience audience;
  Reader reader;
  audience.Join(reader);
  audience.Await(reader);
  audience.Await(reader);
  for (uint64_t sequence : {3, 4, 5}) audience.Call(Named("a"), sequence);
  audience.CallAll();
  audience.WakeCalled();
  audience.CallAll();
  audience.WakeCalled();
  EXPECT_THAT(reader.wakes, ElementsAre(3)) << "it did not wait again";
}

TEST(AudienceTest, LeavesThoseAloneWhomAnEventDoesNotConcern) {
  Audience audience;
  Reader a;
  Reader also_a;
  Reader b;
  audience.Join(a, EventFilter({}, {"a", "x"}));
  audience.Join(also_a, EventFilter({}, {"x", "a"}));
  audience.Join(b, EventFilter({}, {"b"}));
  for (Reader* reader : {&a, &also_a, &b}) audience.Await(*reader);

  audience.Call(Named("a"), 1);
  audience.Call(Named("c"), 2);
  audience.WakeCalled();

  EXPECT_THAT(a.wakes, ElementsAre(1));
  EXPECT_THAT(also_a.wakes, ElementsAre(1));
  EXPECT_THAT(b.wakes, IsEmpty());

  audience.CallAll();
  audience.WakeCalled();
  EXPECT_THAT(b.wakes, ElementsAre(0));
}

TEST(AudienceTest, WakesAFewAtATimeInTurn) {
  Audience audience;
  std::vector<Reader> readers = WaitingReaders(audience, 5);
  audience.CallAll();
  const auto woken = [&] {
    std::vector<bool> all;
    for (const Reader& reader : readers) all.push_back(!reader.wakes.empty());
    return all;
  };

  audience.WakeCalled(2);
  EXPECT_THAT(woken(), ElementsAre(true, true, false, false, false));
  audience.Leave(readers[2]);
  audience.WakeCalled(3);
  EXPECT_THAT(woken(), ElementsAre(true, true, false, true, true));
}

TEST(AudienceTest, ForgetsWhoLeft) {
  Audience audience;
  Reader waiting;
  Reader called;
  Reader busy;
  for (Reader* reader : {&waiting, &called, &busy}) audience.Join(*reader);
  audience.Await(called);
  audience.CallAll();
  audience.Await(waiting);

  for (Reader* reader : {&waiting, &called, &busy}) audience.Leave(*reader);
  audience.Leave(busy);  // who is no member is no matter
  audience.CallAll();
  audience.WakeCalled();

  EXPECT_EQ(audience.size(), 0u);
  EXPECT_THAT(waiting.wakes, IsEmpty());
  EXPECT_THAT(called.wakes, IsEmpty());
}

TEST(AudienceTest, KnowsWhoStillWaitsWhenOthersLeave) {
  Audience audience;
  std::vector<Reader> readers = WaitingReaders(audience, 6);
  for (const int leaving : {1, 5, 4, 0}) audience.Leave(readers[leaving]);

  audience.CallAll();
  audience.WakeCalled();

  std::vector<size_t> wakes;
  for (const Reader& reader : readers) wakes.push_back(reader.wakes.size());
  EXPECT_THAT(wakes, ElementsAre(0, 0, 1, 1, 0, 0));
  EXPECT_THAT(audience.Disband(),
              UnorderedElementsAre(&readers[2], &readers[3]));
}

TEST(AudienceTest, LetsAnyoneLeaveWhileItWakes) {
  Audience audience;
  std::vector<Reader> readers = WaitingReaders(audience, 3);
  readers[0].on_wake = [&] {
    audience.Leave(readers[0]);
    audience.Leave(readers[1]);
  };
  readers[2].on_wake = [&] { audience.Await(readers[2]); };

  audience.CallAll();
  audience.WakeCalled();

  EXPECT_THAT(readers[1].wakes, IsEmpty());
  EXPECT_EQ(readers[2].wakes.size(), 1u) << "once, though it waits again";
  EXPECT_EQ(audience.size(), 1u);
}

TEST(AudienceTest, WakesOneThatYieldedAfterThoseCalledBefore) {
  Audience audience;
  Reader yielding;
  Reader called;
  std::vector<Reader*> order;
  for (Reader* reader : {&yielding, &called}) {
    audience.Join(*reader);
    reader->on_wake = [&order, reader] { order.push_back(reader); };
  }
  audience.Await(called);
  audience.CallAll();

  audience.Yield(yielding);
  audience.Yield(called);  // it has been called already

  EXPECT_TRUE(audience.has_called());
  audience.WakeCalled();
  EXPECT_THAT(order, ElementsAre(&called, &yielding));
  EXPECT_THAT(yielding.wakes, ElementsAre(0));
  audience.Yield(yielding);
  audience.Leave(yielding);
  audience.WakeCalled();
  EXPECT_EQ(yielding.wakes.size(), 1u);
}

TEST(AudienceTest, TellsTheIdleFromTheWoken) {
  Audience audience;
  Reader idle;
  Reader called;
  Reader busy;
  for (Reader* reader : {&idle, &called, &busy}) audience.Join(*reader);
  audience.Await(called);
  audience.Call(Named("a"), 9);
  audience.Await(idle);

  audience.CallIdle(10);
  audience.WakeCalled();

  EXPECT_THAT(idle.idle, ElementsAre(10));
  EXPECT_THAT(idle.wakes, IsEmpty());
  EXPECT_THAT(called.idle, IsEmpty());
  EXPECT_THAT(called.wakes, ElementsAre(9));
  EXPECT_THAT(busy.idle, IsEmpty());
}

TEST(AudienceTest, KnowsHowFarTheLastOfThemIs) {
  Audience audience;
  EXPECT_EQ(audience.Furthest(), UINT64_MAX);
  Reader waiting, busy, called;
  for (Reader* const reader : {&waiting, &busy, &called}) {
    audience.Join(*reader);
  }
  waiting.at = 2;
  busy.at = 9;
  audience.Await(waiting);
  audience.Await(called);
  called.at = 3;
  EXPECT_EQ(audience.Furthest(), 9u) << "those who wait have read all there is";

  audience.Await(busy);
  EXPECT_EQ(audience.Furthest(), UINT64_MAX);
  audience.Leave(waiting);
  audience.Leave(busy);
  audience.Call(Named("a"), 12);
  EXPECT_EQ(audience.Furthest(), 12u) << "nothing before it was for them";
}

TEST(AudienceTest, Disbands) {
  Audience audience;
  std::vector<Reader> readers(3);
  for (Reader& reader : readers) audience.Join(reader);
  audience.Await(readers[0]);
  audience.Await(readers[1]);
  audience.CallAll();

  EXPECT_THAT(audience.Disband(),
              UnorderedElementsAre(&readers[0], &readers[1], &readers[2]));

  EXPECT_EQ(audience.size(), 0u);
  audience.WakeCalled();
  EXPECT_THAT(readers[0].wakes, IsEmpty());
  audience.Join(readers[0]);
  EXPECT_EQ(audience.size(), 1u);
  audience.Leave(readers[0]);
}

}  // namespace
}  // namespace clawplane::core
