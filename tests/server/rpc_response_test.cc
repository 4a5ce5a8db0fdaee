// Responses that are written by hand, read by the generated class.

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/json_value.h"
#include "server/rpc_message.h"

namespace clawplane::server {
namespace {

using google::protobuf::Value;
using ::testing::HasSubstr;

v1::RpcResponse Written(std::optional<core::JsonView> payload,
                        v1::PayloadForm form) {
  auto written = WriteRpcResponse(payload, form);
  v1::RpcResponse response;
  auto* const bytes = std::get_if<grpc::ByteBuffer>(&written);
  if (bytes == nullptr) {
    ADD_FAILURE() << std::get<std::string>(written);
    return response;
  }
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes->Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  EXPECT_TRUE(response.ParseFromString(text));
  EXPECT_EQ(response.ByteSizeLong(), text.size());
  return response;
}

TEST(RpcResponseTest, HasNoResultWhereThereIsNoPayload) {
  for (const auto form : {v1::PAYLOAD_FORM_JSON, v1::PAYLOAD_FORM_VALUE}) {
    EXPECT_EQ(Written(std::nullopt, form).result_form_case(),
              v1::RpcResponse::RESULT_FORM_NOT_SET);
  }
}

TEST(RpcResponseTest, HasJsonOfAnySizeByteForByte) {
  for (const size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 16'383u, 16'384u,
                            2'097'151u, 2'097'152u, 8'000'000u}) {
    std::string payload(size, ' ');
    if (size > 0) payload.back() = '7';
    const auto response = Written(payload, v1::PAYLOAD_FORM_JSON);
    ASSERT_TRUE(response.has_result_json()) << size;
    EXPECT_TRUE(response.result_json() == payload) << size;
  }
}

TEST(RpcResponseTest, HasTheValueOfThePayload) {
  for (const std::string& payload :
       {std::string("null"), std::string("7"), std::string("[]"),
        std::string(R"({"a":[1,{"b":"\u00e9"},true,null]})"),
        "[\"" + std::string(3'000'000, 'x') + "\"]"}) {
    Value expected;
    ASSERT_FALSE(JsonToValue(payload, expected));
    const auto response = Written(payload, v1::PAYLOAD_FORM_VALUE);
    ASSERT_TRUE(response.has_result());
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(
        response.result(), expected));
  }
}

TEST(RpcResponseTest, CannotHaveAValueThatIsTooDeep) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const auto written = WriteRpcResponse(deep, v1::PAYLOAD_FORM_VALUE);
  ASSERT_TRUE(std::holds_alternative<std::string>(written));
  EXPECT_THAT(std::get<std::string>(written),
              HasSubstr("cannot be given as a value"));
  EXPECT_EQ(Written(deep, v1::PAYLOAD_FORM_JSON).result_json(), deep);
}

}  // namespace
}  // namespace clawplane::server
