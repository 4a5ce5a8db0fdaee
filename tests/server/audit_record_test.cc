#include "server/audit_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "core/model/json_scanner.h"

namespace clawplane::server {
namespace {

using std::chrono::milliseconds;
using std::string_literals::operator""s;

const core::WallTime kTime{milliseconds(1'795'424'580'120)};

// The line of a record whose reason is `text`, but for what every one has.
std::string Reason(std::string_view text) {
  const std::string line =
      ToJsonLine({.time = kTime, .reason = std::string(text)});
  const std::string before =
      R"({"time":"2026-11-23T09:03:00.120Z","phase":"before","reason":")";
  EXPECT_EQ(line.substr(0, before.size()), before);
  EXPECT_EQ(line.substr(line.size() - 2), "\"}");
  return line.substr(before.size(), line.size() - before.size() - 2);
}

TEST(AuditRecord, IsOneObjectOnALine) {
  EXPECT_EQ(ToJsonLine({.time = kTime,
                        .phase = AuditRecord::Phase::kAfter,
                        .id = "7f-12",
                        .client = "deploy",
                        .role = core::Role::kOperator,
                        .peer = "ipv4:10.0.0.7:40112",
                        .method = "Rpc",
                        .gateway_method = "chat.send",
                        .outcome = "UNAVAILABLE",
                        .reason = "NOT_CONNECTED",
                        .duration = milliseconds(1'234),
                        .trace_id = "0af7651916cd43dd8448eb211c80319c"}),
            R"({"time":"2026-11-23T09:03:00.120Z","phase":"after",)"
            R"("id":"7f-12","client":"deploy","role":"operator",)"
            R"("peer":"ipv4:10.0.0.7:40112","method":"Rpc",)"
            R"("gateway_method":"chat.send","outcome":"UNAVAILABLE",)"
            R"("reason":"NOT_CONNECTED","duration_ms":1234,)"
            R"("trace_id":"0af7651916cd43dd8448eb211c80319c"})");
}

TEST(AuditRecord, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(ToJsonLine({.time = kTime, .phase = AuditRecord::Phase::kDenied}),
            R"({"time":"2026-11-23T09:03:00.120Z","phase":"denied"})");
}

TEST(AuditRecord, TellsMillisecondsOfAnyTime) {
  const auto time = [](int64_t count) {
    return ToJsonLine({.time = core::WallTime(milliseconds(count))})
        .substr(9, 24);
  };

  EXPECT_EQ(time(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(time(1'795'424'580'007), "2026-11-23T09:03:00.007Z");
}

TEST(AuditRecord, EscapesWhatEndsALineOrMovesACursor) {
  EXPECT_EQ(Reason("a\nb\r\t\"\\\x1b[2J"), R"(a\nb\r\t\"\\\u001B[2J)");
  EXPECT_EQ(Reason("a\0b"s), R"(a\u0000b)");
  EXPECT_EQ(Reason("\x7f"), R"(\uFFFD)");
  EXPECT_EQ(Reason("\xC2\x9B"), R"(\u009B)");
  EXPECT_EQ(Reason("\xE2\x80\xAE"), R"(\u202E)");
  EXPECT_EQ(Reason("\xF0\x9F\x98\x80"), R"(\uD83D\uDE00)");
}

TEST(AuditRecord, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(Reason("a\xff z"), R"(a\uFFFD z)");
  EXPECT_EQ(Reason("\xC3"), R"(\uFFFD)");
  EXPECT_EQ(Reason("\xED\xA0\x80"), R"(\uFFFD\uFFFD\uFFFD)");
  EXPECT_EQ(Reason("\xC0\xAF"), R"(\uFFFD\uFFFD)");
}

TEST(AuditRecord, CutsATextBehind256BytesAndMarksIt) {
  EXPECT_EQ(Reason(std::string(256, 'a')), std::string(256, 'a'));
  EXPECT_EQ(Reason(std::string(257, 'a')), std::string(253, 'a') + R"(\u2026)");
  EXPECT_EQ(Reason(std::string(100'000, 'a')),
            std::string(253, 'a') + R"(\u2026)");
}

TEST(AuditRecord, CutsBetweenCharacters) {
  // 252 bytes, and the next character would leave no room for the mark.
  std::string smileys;
  for (int i = 0; i < 65; ++i) smileys += "\xF0\x9F\x98\x80";

  const std::string reason = Reason(smileys);

  EXPECT_EQ(reason.size(), 63u * 12 + 6);
  EXPECT_EQ(reason.substr(reason.size() - 6), R"(\u2026)");
}

TEST(AuditRecord, IsJsonAndAsciiWhateverItHolds) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  for (size_t from = 0; from < bytes.size(); ++from) {
    const std::string text = bytes.substr(from);
    const std::string line = ToJsonLine({.time = kTime,
                                         .id = text,
                                         .client = text,
                                         .peer = text,
                                         .method = text,
                                         .gateway_method = text,
                                         .outcome = text,
                                         .reason = text,
                                         .trace_id = text});

    EXPECT_TRUE(std::all_of(line.begin(), line.end(),
                            [](char c) { return c >= ' ' && c < 0x7f; }));
    core::JsonScanner scanner(line);
    core::JsonValue value;
    EXPECT_TRUE(scanner.Pass(value) && scanner.AtEnd()) << line;
  }
}

}  // namespace
}  // namespace clawplane::server
