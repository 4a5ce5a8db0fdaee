#include "core/model/ws_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using std::string_literals::operator""s;

std::string Header(WsOpcode opcode, uint64_t size) {
  return std::string(MakeWsClientHeader(opcode, size).bytes());
}

// ---- What we write

TEST(WsFrameTest, WritesASizeInAsFewBytesAsItTakes) {
  EXPECT_EQ(Header(WsOpcode::kText, 0), "\x81\x80\0\0\0\0"s);
  EXPECT_EQ(Header(WsOpcode::kText, 125), "\x81\xfd\0\0\0\0"s);
  EXPECT_EQ(Header(WsOpcode::kText, 126), "\x81\xfe\0\x7e\0\0\0\0"s);
  EXPECT_EQ(Header(WsOpcode::kText, 65535), "\x81\xfe\xff\xff\0\0\0\0"s);
  EXPECT_EQ(Header(WsOpcode::kText, 65536),
            "\x81\xff\0\0\0\0\0\x01\0\0\0\0\0\0"s);
  EXPECT_EQ(Header(WsOpcode::kText, 0x0102030405060708),
            "\x81\xff\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\0"s);
}

TEST(WsFrameTest, WritesTheKindOfTheFrame) {
  EXPECT_EQ(Header(WsOpcode::kPing, 0)[0], '\x89');
  EXPECT_EQ(Header(WsOpcode::kPong, 0)[0], '\x8a');
  EXPECT_EQ(Header(WsOpcode::kClose, 0)[0], '\x88');
}

TEST(WsFrameTest, CutsAReasonBetweenTwoCharacters) {
  const std::string room(122, 'r');

  EXPECT_EQ(WsClosePayload(1000, ""), "\x03\xe8");
  EXPECT_EQ(WsClosePayload(1000, room + "s"), "\x03\xe8" + room + "s");
  EXPECT_EQ(WsClosePayload(1000, room + "\u00e9"), "\x03\xe8" + room);
  EXPECT_EQ(WsClosePayload(1000, std::string(200, 'r')).size(), 125u);
}

// ---- What we read

// "incomplete", "breach CODE", or what the header says.
std::string Read(std::string_view bytes) {
  const auto read = ReadWsHeader(bytes);
  if (std::holds_alternative<WsIncomplete>(read)) return "incomplete";
  if (const auto* breach = std::get_if<WsBreach>(&read)) {
    EXPECT_FALSE(breach->what.empty());
    return Concat("breach ", breach->code);
  }
  const auto& header = std::get<WsFrameHeader>(read);
  return Concat(header.last ? "last " : "", static_cast<int>(header.opcode),
                " of ", header.size, " behind ", header.header_size);
}

TEST(WsFrameTest, ReadsAHeaderAsSoonAsItIsWhole) {
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"\x81\x00"s, "last 1 of 0 behind 2"},
      {"\x02\x7d"s, "2 of 125 behind 2"},
      {"\x00\x7e\x00\x7e"s, "0 of 126 behind 4"},
      {"\x80\x7e\xff\xff"s, "last 0 of 65535 behind 4"},
      {"\x81\x7f\0\0\0\0\0\x01\0\0"s, "last 1 of 65536 behind 10"},
      {"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s,
       "last 1 of 9223372036854775807 behind 10"},
      {"\x88\x00"s, "last 8 of 0 behind 2"},
      {"\x89\x7d"s, "last 9 of 125 behind 2"},
      {"\x8a\x01"s, "last 10 of 1 behind 2"},
  };
  for (const auto& [bytes, expected] : headers) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(Read(bytes.substr(0, size)), "incomplete") << expected;
    }
    EXPECT_EQ(Read(bytes), expected);
    EXPECT_EQ(Read(bytes + "payload"), expected);
  }
}

TEST(WsFrameTest, RefusesWhatNoServerMaySend) {
  for (const std::string& bytes : {
           "\xc1\x00"s, "\xa1\x00"s, "\x91\x00"s,               // reserved bits
           "\x83\x00"s, "\x87\x00"s, "\x8b\x00"s, "\x8f\x00"s,  // and kinds
           "\x81\x80"s, "\x81\xfe"s,                            // masks
           "\x09\x00"s, "\x08\x00"s, "\x0a\x00"s,     // control in fragments
           "\x89\x7e"s, "\x88\x7f"s,                  // and too large
           "\x81\x7e\x00\x7d"s, "\x81\x7e\x00\x00"s,  // sizes in too many
           "\x81\x7f\0\0\0\0\0\0\xff\xff"s,           // bytes
           "\x81\x7f\x80\0\0\0\0\0\0\0"s,             // and of 64 bits
       }) {
    EXPECT_EQ(Read(bytes), "breach 1002");
    EXPECT_EQ(Read(bytes.substr(0, bytes.size() - 1)), "incomplete");
  }
}

// ---- Closes

std::string ReadClose(std::string_view payload) {
  const auto read = ReadWsClose(payload);
  if (const auto* breach = std::get_if<WsBreach>(&read)) {
    return Concat("breach ", breach->code);
  }
  const auto& close = std::get<WsClose>(read);
  return Concat(close.code, " ", close.reason);
}

TEST(WsFrameTest, ReadsACloseWithAndWithoutACode) {
  EXPECT_EQ(ReadClose(""), "1005 ");
  EXPECT_EQ(ReadClose("\x03\xe8"), "1000 ");
  EXPECT_EQ(ReadClose("\x03\xf4restart \u00e9"), "1012 restart \u00e9");
}

TEST(WsFrameTest, RefusesACloseWithHalfACodeOrABadReason) {
  EXPECT_EQ(ReadClose("\x03"), "breach 1002");
  EXPECT_EQ(ReadClose("\x03\xe8\xff"), "breach 1007");
  EXPECT_EQ(ReadClose("\x03\xe8\xc3"), "breach 1007");
}

TEST(WsFrameTest, TakesTheCodesThatMayBeSentAndNoOthers) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011,
                         1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    const std::string payload = WsClosePayload(static_cast<uint16_t>(code), "");
    EXPECT_EQ(ReadClose(payload), Concat(code, " "));
  }
  for (const int code :
       {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535}) {
    const std::string payload = WsClosePayload(static_cast<uint16_t>(code), "");
    EXPECT_EQ(ReadClose(payload), "breach 1002") << code;
  }
}

}  // namespace
}  // namespace clawplane::core
