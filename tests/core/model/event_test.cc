#include "core/model/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/model/event_filter.h"

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;

TEST(RouteEventTest, TakesChatForAMessage) {
  const auto draft = RouteEvent({"chat", R"({"a":1})", 9});

  EXPECT_EQ(draft.kind, EventKind::kChatMessage);
  EXPECT_EQ(draft.name, "chat");
  EXPECT_EQ(std::get<GatewayPayload>(draft.detail).json, R"({"a":1})");
  EXPECT_EQ(draft.gateway_seq, 9u);
}

TEST(RouteEventTest, ReadsTheChannelHoweverItIsNamed) {
  for (const char* member : {"channelId", "channel_id", "channel"}) {
    const std::string json =
        std::string("{\"") + member + R"(":"tg","status":"up"})";

    const auto draft = RouteEvent({"channel.status", json, 4});

    EXPECT_EQ(draft.kind, EventKind::kChannelStatus);
    EXPECT_EQ(draft.name, "channel.status");
    EXPECT_EQ(draft.gateway_seq, 4u);
    const auto& detail = std::get<ChannelStatusDetail>(draft.detail);
    EXPECT_EQ(detail.channel_id, "tg");
    EXPECT_EQ(detail.status, "up");
    EXPECT_EQ(detail.json, json);
  }
}

TEST(RouteEventTest, KeepsAChannelStatusThatIsNotUnderstood) {
  for (const auto& payload :
       {std::optional<JsonView>(), std::optional<JsonView>("[1]"),
        std::optional<JsonView>(R"({"channelId":5,"status":null})")}) {
    const auto draft = RouteEvent({"channel.status", payload, {}});

    const auto& detail = std::get<ChannelStatusDetail>(draft.detail);
    EXPECT_EQ(detail.channel_id, "");
    EXPECT_EQ(detail.status, "");
    EXPECT_EQ(detail.json,
              payload ? SharedJson(std::string(*payload)) : SharedJson());
  }
}

TEST(RouteEventTest, TakesAllElseForNotifications) {
  for (const char* name : {"tick", "error", "message.received", "chat.metadata",
                           "channel.status_changed", "state_changed"}) {
    const auto draft = RouteEvent({name, std::nullopt, {}});

    EXPECT_EQ(draft.kind, EventKind::kNotification) << name;
    EXPECT_EQ(draft.name, name);
    EXPECT_EQ(std::get<GatewayPayload>(draft.detail).json, SharedJson());
  }
}

TEST(RouteNotificationTest, FollowsTheTable) {
  const auto kind = [](const char* method) {
    return RouteNotification({method, "{}"}).kind;
  };
  EXPECT_EQ(kind("message.received"), EventKind::kChatMessage);
  EXPECT_EQ(kind("channel.status_changed"), EventKind::kChannelStatus);
  EXPECT_EQ(kind("error"), EventKind::kError);
  EXPECT_EQ(kind("chat"), EventKind::kNotification);
  EXPECT_EQ(kind("anything"), EventKind::kNotification);
}

TEST(RouteNotificationTest, KeepsWhatAnErrorSays) {
  const auto draft = RouteNotification({"error", R"({"message":"no disk"})"});
  EXPECT_EQ(draft.name, "error");
  EXPECT_EQ(std::get<ErrorDetail>(draft.detail).message, "no disk");
  EXPECT_EQ(std::get<ErrorDetail>(draft.detail).json,
            R"({"message":"no disk"})");

  const auto silent = RouteNotification({"error", std::nullopt});
  EXPECT_EQ(std::get<ErrorDetail>(silent.detail).message,
            "the gateway reports an error");
}

TEST(OwnEventTest, IsNamedForItsKind) {
  const auto draft = OwnEvent(EventKind::kGap, UpstreamGap{});

  EXPECT_EQ(draft.name, "gap");
  EXPECT_EQ(draft.gateway_seq, std::nullopt);
  EXPECT_EQ(Name(EventKind::kStateChanged), "state_changed");
  EXPECT_EQ(Name(EventKind::kUnrecognizedMessage), "unrecognized_message");
}

TEST(UnrecognizedMessageTest, KeepsTheBeginningAsText) {
  const std::string message = "\xFF" + std::string(2000, 'x');

  const auto draft = UnrecognizedMessage("why \xC3", message, 5'000'000);

  EXPECT_EQ(draft.name, "unrecognized_message");
  const auto& detail = std::get<UnrecognizedDetail>(draft.detail);
  EXPECT_EQ(detail.why, "why \xEF\xBF\xBD") << "a cut name may end anywhere";
  EXPECT_EQ(detail.excerpt, "\xEF\xBF\xBD" + std::string(1021, 'x'));
  EXPECT_EQ(detail.size, 5'000'000u);
}

// ---- UTF-8

// The code point that `bytes` encode as a whole, by the definition: decoded by
// the lead byte's promise, then encoded again as short as can be.
bool IsOneCharacter(const std::string& bytes) {
  const auto at = [&](size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  };
  const size_t size = bytes.size();
  if (size == 1) return at(0) < 0x80;
  const unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  const unsigned masks[] = {0, 0, 0xE0, 0xF0, 0xF8};
  if (size > 4 || (at(0) & masks[size]) != leads[size]) return false;
  uint32_t code = at(0) & ~masks[size];
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return false;
    code = code << 6 | (at(i) & 0x3F);
  }
  const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return code >= least[size] && code <= 0x10FFFF &&
         (code < 0xD800 || code > 0xDFFF);
}

std::string SimpleValidUtf8(const std::string& text) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    size_t size = 1;
    while (size <= 4 && !(at + size <= text.size() &&
                          IsOneCharacter(text.substr(at, size)))) {
      ++size;
    }
    valid += size <= 4 ? text.substr(at, size) : "\xEF\xBF\xBD";
    at += size <= 4 ? size : 1;
  }
  return valid;
}

TEST(ValidUtf8Test, DoesAsTheDefinitionForAllShortTexts) {
  for (int a = 0; a < 256; ++a) {
    const std::string one(1, static_cast<char>(a));
    ASSERT_EQ(ValidUtf8(one), SimpleValidUtf8(one)) << a;
    for (int b = 0; b < 256; ++b) {
      const std::string two = one + static_cast<char>(b);
      ASSERT_EQ(ValidUtf8(two), SimpleValidUtf8(two)) << a << ' ' << b;
    }
  }
}

// Of three bytes, those that behave differently from their neighbours.
TEST(ValidUtf8Test, DoesAsTheDefinitionForLongerTexts) {
  const std::vector<unsigned char> leads = {0x41, 0x80, 0xBF, 0xC1, 0xC2, 0xDF,
                                            0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
                                            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
  const std::vector<unsigned char> others = {0x00, 0x41, 0x7F, 0x80, 0x8F,
                                             0x90, 0x9F, 0xA0, 0xBF, 0xC0,
                                             0xC2, 0xE0, 0xF0, 0xFF};
  std::string text(4, ' ');
  for (const auto a : leads) {
    for (const auto b : others) {
      for (const auto c : others) {
        for (const auto d : others) {
          text = {static_cast<char>(a), static_cast<char>(b),
                  static_cast<char>(c), static_cast<char>(d)};
          ASSERT_EQ(ValidUtf8(text), SimpleValidUtf8(text)) << a << b << c << d;
        }
        ASSERT_EQ(ValidUtf8(text.substr(0, 3)),
                  SimpleValidUtf8(text.substr(0, 3)));
      }
    }
  }
}

TEST(ValidUtf8Test, LeavesGoodTextAlone) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\n";

  EXPECT_EQ(ValidUtf8(text), text);
  EXPECT_EQ(ValidUtf8(""), "");
}

// ---- The filter

EventDraft Named(EventKind kind, std::string name) {
  return {kind, std::move(name), GatewayPayload{}, {}};
}

TEST(EventFilterTest, MatchesAllButTicksWhenNothingIsAsked) {
  const EventFilter all({}, {});

  EXPECT_TRUE(all.Matches(Named(EventKind::kNotification, "health")));
  EXPECT_TRUE(all.Matches(Named(EventKind::kProcessExit, "process_exit")));
  EXPECT_FALSE(all.Matches(Named(EventKind::kNotification, "tick")));
}

TEST(EventFilterTest, MatchesTicksOnlyByTheirName) {
  const auto tick = Named(EventKind::kNotification, "tick");

  EXPECT_TRUE(EventFilter({}, {"tick"}).Matches(tick));
  EXPECT_TRUE(EventFilter({}, {"*", "tick"}).Matches(tick));
  EXPECT_FALSE(EventFilter({}, {"*"}).Matches(tick));
  EXPECT_FALSE(EventFilter({}, {"ti*"}).Matches(tick));
  EXPECT_FALSE(EventFilter({EventKind::kNotification}, {}).Matches(tick));
  EXPECT_FALSE(EventFilter({EventKind::kError}, {"tick"}).Matches(tick));
}

TEST(EventFilterTest, WantsKindAndNameToMatch) {
  const EventFilter filter({EventKind::kNotification, EventKind::kChatMessage},
                           {"session*", "chat"});

  EXPECT_TRUE(filter.Matches(Named(EventKind::kNotification, "session.x")));
  EXPECT_TRUE(filter.Matches(Named(EventKind::kNotification, "session")));
  EXPECT_TRUE(filter.Matches(Named(EventKind::kChatMessage, "chat")));
  EXPECT_FALSE(filter.Matches(Named(EventKind::kNotification, "chat.side")));
  EXPECT_FALSE(filter.Matches(Named(EventKind::kError, "chat")));
  EXPECT_FALSE(filter.Matches(Named(EventKind::kNotification, "sessio")));
}

TEST(EventFilterTest, AlwaysMatchesGaps) {
  const EventFilter filter({EventKind::kError}, {"x"});

  EXPECT_TRUE(filter.Matches(OwnEvent(EventKind::kGap, UpstreamGap{})));
}

TEST(EventFilterTest, SaysWhatIsWrongWithNames) {
  const std::string longest(256, 'n');
  EXPECT_EQ(EventFilter::FaultIn({}), std::nullopt);
  EXPECT_EQ(EventFilter::FaultIn({"a", "a*", "*", longest}), std::nullopt);
  EXPECT_EQ(EventFilter::FaultIn(std::vector<std::string>(64, "a")),
            std::nullopt);

  EXPECT_THAT(*EventFilter::FaultIn(std::vector<std::string>(65, "a")),
              HasSubstr("65"));
  EXPECT_THAT(*EventFilter::FaultIn({"a", ""}), HasSubstr("empty"));
  EXPECT_THAT(*EventFilter::FaultIn({longest + "n"}), HasSubstr("257"));
  for (const char* name : {"*a", "a*b", "**"}) {
    EXPECT_THAT(*EventFilter::FaultIn({name}), HasSubstr(name));
  }
}

}  // namespace
}  // namespace clawplane::core
