#include "core/model/event_codec.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

std::vector<EventDraft> OneOfEach() {
  ProcessEnd end;
  end.pid = 4711;
  end.exit = ExitStatus::Signaled(9);
  end.killed = true;
  end.at = WallTime(std::chrono::seconds(1'790'000'000));
  end.lived = std::chrono::milliseconds(1234);
  end.stragglers = 3;
  EventDraft numbered{EventKind::kChatMessage, "chat",
                      GatewayPayload{R"({"text":"häuser \u0000"})"},
                      UINT64_MAX};
  return {
      numbered,
      {EventKind::kNotification, "presence", GatewayPayload{}, {}},
      {EventKind::kNotification, "empty", GatewayPayload{""}, {}},
      {EventKind::kChannelStatus, "channel.status",
       ChannelStatusDetail{"c1", "up", "{}"}, 0},
      OwnEvent(EventKind::kStateChanged,
               StateChange{State::kRunning, State::kError,
                           Fault{Reason::kCrashLoop, "too often", "mend it"},
                           -1, 7}),
      OwnEvent(EventKind::kStateChanged,
               StateChange{State::kStopped, State::kStarting, {}, {}, 0}),
      OwnEvent(EventKind::kProcessExit, end),
      OwnEvent(EventKind::kError,
               ErrorDetail{"no", "[1]", Reason::kEventLogFailed}),
      OwnEvent(EventKind::kError, ErrorDetail{"", {}, {}}),
      OwnEvent(EventKind::kUnrecognizedMessage,
               UnrecognizedDetail{"not JSON", "\xFF\0{", 1'000'000'000'000}),
      OwnEvent(EventKind::kGap,
               UpstreamGap{UpstreamGap::Cause::kSequenceJump, 12}),
      OwnEvent(EventKind::kGap,
               UpstreamGap{UpstreamGap::Cause::kNewConnection, {}}),
      OwnEvent(EventKind::kRepair, RepairDetail{end, "words"})};
}

TEST(EventCodecTest, GivesBackWhatItWasGiven) {
  for (const EventDraft& draft : OneOfEach()) {
    const std::string bytes = EncodeDraft(draft);
    const auto back = DecodeDraft(bytes);
    ASSERT_TRUE(back) << draft.name;
    EXPECT_EQ(back->kind, draft.kind);
    EXPECT_EQ(back->name, draft.name);
    EXPECT_EQ(back->gateway_seq, draft.gateway_seq);
    EXPECT_EQ(back->detail.index(), draft.detail.index());
    // The form has one way to write each thing.
    EXPECT_EQ(EncodeDraft(*back), bytes) << draft.name;
  }
}

TEST(EventCodecTest, KeepsEachMember) {
  const auto all = OneOfEach();
  const auto back = [&](size_t i) { return *DecodeDraft(EncodeDraft(all[i])); };

  EXPECT_EQ(std::get<GatewayPayload>(back(0).detail).json,
            std::get<GatewayPayload>(all[0].detail).json);
  EXPECT_FALSE(std::get<GatewayPayload>(back(1).detail).json);
  EXPECT_TRUE(std::get<GatewayPayload>(back(2).detail).json);
  const auto change = std::get<StateChange>(back(4).detail);
  EXPECT_EQ(change.from, State::kRunning);
  EXPECT_EQ(change.to, State::kError);
  EXPECT_EQ(change.error, std::get<StateChange>(all[4].detail).error);
  EXPECT_EQ(change.pid, -1);
  EXPECT_EQ(change.revision, 7u);
  EXPECT_EQ(std::get<ProcessEnd>(back(6).detail),
            std::get<ProcessEnd>(all[6].detail));
  EXPECT_EQ(std::get<ErrorDetail>(back(7).detail).reason,
            Reason::kEventLogFailed);
  EXPECT_EQ(std::get<UnrecognizedDetail>(back(9).detail).size,
            1'000'000'000'000u);
  EXPECT_EQ(std::get<UpstreamGap>(back(10).detail).missing, 12u);
  EXPECT_EQ(std::get<RepairDetail>(back(12).detail).last_words, "words");
}

TEST(EventCodecTest, RefusesWhatIsCutOrTooLong) {
  for (const EventDraft& draft : OneOfEach()) {
    const std::string bytes = EncodeDraft(draft);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeDraft(std::string_view(bytes).substr(0, size)));
    }
    EXPECT_FALSE(DecodeDraft(bytes + "x"));
  }
}

TEST(EventCodecTest, RefusesWhatAnotherVersionWrote) {
  std::string bytes = EncodeDraft(OneOfEach().front());
  bytes[0] = 2;
  EXPECT_FALSE(DecodeDraft(bytes));
  std::string unknown_kind = EncodeDraft(OneOfEach().front());
  unknown_kind.replace(unknown_kind.find("chat_message"), 4, "talk");
  EXPECT_FALSE(DecodeDraft(unknown_kind));
}

}  // namespace
}  // namespace clawplane::core
