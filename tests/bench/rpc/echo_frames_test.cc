#include "tests/bench/rpc/echo_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

TEST(EchoFramesTest, FindsTheMembersOfARequestInAnyOrder) {
  const std::string params = R"({"id":"not this","a":["}",{"method":"nor"}]})";
  for (const std::string& text :
       {R"({"type":"req","id":"7","method":"m","params":)" + params + "}",
        R"({"type":"req","method":"m","params":)" + params + R"(,"id":"7"})",
        R"({"params":)" + params + R"(,"type":"req","method":"m","id":"7"})"}) {
    const EchoRequest request = ReadRequest(text);

    EXPECT_EQ(request.id, "\"7\"") << text;
    EXPECT_EQ(request.method, "\"m\"") << text;
    EXPECT_EQ(request.params, params) << text;
  }
}

TEST(EchoFramesTest, ReadsARequestWithoutParams) {
  const EchoRequest request =
      ReadRequest(R"({"type":"req","id":"8","method":"health"})");

  EXPECT_EQ(request.id, "\"8\"");
  EXPECT_EQ(request.method, "\"health\"");
  EXPECT_EQ(request.params, "");
}

TEST(EchoFramesTest, TakesMaskedFramesAsSoonAsTheyAreWhole) {
  for (const size_t size : {5, 200, 70'000}) {
    const std::string payload(size, 'x');
    std::string frame = FrameHeader(Opcode::kText, size);
    frame[1] = static_cast<char>(frame[1] | 0x80);
    frame += "mask";
    for (size_t i = 0; i < size; ++i) frame += payload[i] ^ "mask"[i % 4];
    size_t needed = 0;

    EXPECT_FALSE(TakeFrame(frame.data(), frame.size() - 1, needed));
    EXPECT_EQ(needed, frame.size());
    const auto taken = TakeFrame(frame.data(), frame.size(), needed);

    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->payload, payload);
    EXPECT_EQ(taken->bytes, frame.size());
  }
}

TEST(EchoFramesTest, AnswersTheKeyOfTheSpecification) {
  EXPECT_EQ(AcceptKey("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(ParamsTest, HaveExactlyTheSizeAskedFor) {
  for (const size_t size : {200, 201, 317, 10'000, 1'000'000}) {
    EXPECT_EQ(GatewayLikeParams(size).size(), size);
  }
}

}  // namespace
}  // namespace clawplane::testing
