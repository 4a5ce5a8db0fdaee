// Requests that are read by hand, against the generated class: both must
// understand the same bytes in the same way.

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "core/model/utf8.h"
#include "server/json_value.h"
#include "server/rpc_message.h"

namespace clawplane::server {
namespace {

using google::protobuf::Value;
using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;

enum WireType { kVarint = 0, kFixed64, kBytes, kGroup, kGroupEnd, kFixed32 };

// ---- The wire by hand, for what no serialiser writes

std::string Varint(uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) {
    bytes += static_cast<char>(0x80 | (number & 0x7f));
  }
  return bytes + static_cast<char>(number);
}

std::string Tag(int field, WireType type) {
  return Varint(static_cast<uint64_t>(field) << 3 | type);
}

std::string Member(int field, const std::string& content) {
  return Tag(field, kBytes) + Varint(content.size()) + content;
}

std::string Number(int field, uint64_t number) {
  return Tag(field, kVarint) + Varint(number);
}

constexpr int kMethod = v1::RpcRequest::kMethodFieldNumber;
constexpr int kParamsJson = v1::RpcRequest::kParamsJsonFieldNumber;
constexpr int kParams = v1::RpcRequest::kParamsFieldNumber;
constexpr int kResultForm = v1::RpcRequest::kResultFormFieldNumber;
constexpr int kAwaitFinal = v1::RpcRequest::kAwaitFinalFieldNumber;
constexpr int kWait = v1::RpcRequest::kWaitUntilRunningFieldNumber;

class RpcRequestTest : public ::testing::Test {
 protected:
  int Random(int below) { return static_cast<int>(random_() % below); }

  // The bytes as gRPC may bring them: in slices, of which some are empty.
  grpc::ByteBuffer Cut(const std::string& bytes) {
    std::vector<grpc::Slice> slices;
    const int most = Random(2) == 0 ? 8 : 1 + static_cast<int>(bytes.size());
    size_t at = 0;
    while (at < bytes.size() && slices.size() < 5'000) {
      const size_t size = std::min<size_t>(Random(most + 1), bytes.size() - at);
      slices.emplace_back(bytes.substr(at, size));
      at += size;
    }
    slices.emplace_back(bytes.substr(at));
    return grpc::ByteBuffer(slices.data(), slices.size());
  }

  std::variant<RpcInput, std::string> Read(const std::string& bytes) {
    grpc::ByteBuffer buffer = Cut(bytes);
    return ReadRpcRequest(buffer);
  }
  RpcInput ReadGood(const std::string& bytes) {
    auto read = Read(bytes);
    if (auto* fault = std::get_if<std::string>(&read)) {
      ADD_FAILURE() << *fault;
      return {};
    }
    return std::get<RpcInput>(std::move(read));
  }

  // Reads these bytes in both ways.
  void ExpectSame(const std::string& bytes) {
    v1::RpcRequest request;
    const bool is_request = request.ParseFromString(bytes);
    const auto read = Read(bytes);
    const auto* const fault = std::get_if<std::string>(&read);
    // We do not look at a text that is overruled by a later one.
    if (!is_request && !fault && !core::IsUtf8(bytes)) return;
    std::optional<std::string> params;
    if (!is_request || !IsInOrder(request, params)) {
      ASSERT_NE(fault, nullptr) << ::testing::PrintToString(bytes);
      EXPECT_FALSE(fault->empty());
      return;
    }
    ASSERT_EQ(fault, nullptr) << *fault;
    const auto& input = std::get<RpcInput>(read);
    EXPECT_EQ(input.call.method, request.method());
    EXPECT_EQ(input.call.await_final, request.await_final());
    EXPECT_EQ(input.call.wait_until_running, request.wait_until_running());
    if (request.has_params()) {
      // Not the text: the members of an object may come in any order.
      Value ours, expected;
      ASSERT_FALSE(JsonToValue(input.call.text.params().value(), ours));
      ASSERT_FALSE(JsonToValue(*params, expected));
      EXPECT_TRUE(MessageDifferencer::Equals(ours, expected));
    } else {
      EXPECT_EQ(input.call.text.params(), params);
    }
    v1::PayloadForm form = request.result_form();
    if (form == v1::PAYLOAD_FORM_UNSPECIFIED) {
      form =
          request.has_params() ? v1::PAYLOAD_FORM_VALUE : v1::PAYLOAD_FORM_JSON;
    }
    EXPECT_EQ(input.result_form, form);
  }

  // Whether a request may be made; then `params` are what it has.
  static bool IsInOrder(const v1::RpcRequest& request,
                        std::optional<std::string>& params) {
    if (request.method().empty() || request.method().size() > 256) return false;
    if (!v1::PayloadForm_IsValid(request.result_form())) return false;
    if (request.has_params_json()) {
      params = request.params_json();
    } else if (request.has_params()) {
      if (ValueToJson(request.params(), params.emplace())) return false;
    }
    return !params || !core::FaultInParams(*params);
  }

  void AddValue(Value& value, int depth) {
    switch (Random(depth == 0 ? 4 : 6)) {
      case 0:
        value.set_null_value(google::protobuf::NULL_VALUE);
        break;
      case 1:
        value.set_bool_value(Random(2) == 0);
        break;
      case 2:
        value.set_number_value(Random(1'000'000) / 8.0);
        break;
      case 3:
        value.set_string_value(std::string(Random(200), 's') + "\xC3\xA9\"");
        break;
      case 4:
        value.mutable_list_value();
        for (int i = Random(5); i > 0; --i) {
          AddValue(*value.mutable_list_value()->add_values(), depth - 1);
        }
        break;
      default:
        value.mutable_struct_value();
        for (int i = Random(5); i > 0; --i) {
          AddValue((*value.mutable_struct_value()
                         ->mutable_fields())["k" + std::to_string(i)],
                   depth - 1);
        }
    }
  }
  std::string RandomValue() {
    Value value;
    AddValue(value, 4);
    return value.SerializeAsString();
  }
  std::string RandomJson() {
    static const char* const kTexts[] = {
        "{}", "[1, 2]", "null", R"({ "a":1e999 })", "7", "", "{", "\"s\""};
    if (Random(3) != 0) return kTexts[Random(8)];
    return R"({"x":")" + std::string(Random(5'000), 'x') + "\"}";
  }

  // Any member, known or not; now and then with another type than its own.
  std::string RandomMember() {
    const int field = Random(4) == 0 ? 1 + Random(20'000) : 1 + Random(8);
    switch (Random(12)) {
      case 0:
        return Number(field, random_());
      case 1:
        return Tag(field, kFixed32) + std::string(4, '\1');
      case 2:
        return Tag(field, kFixed64) + std::string(8, '\1');
      case 3:
        return Tag(field, kGroup) + Number(1, 5) + Member(kMethod, "inner") +
               Tag(field, kGroupEnd);
      case 4:
        return Member(field, std::string(Random(300), 'u'));
      case 5:
        return Member(kMethod, std::string(Random(300), 'm'));
      case 6:
      case 7:
        return Member(kParamsJson, RandomJson());
      case 8:
      case 9:
        return Member(kParams, RandomValue());
      case 10:
        return Number(kResultForm, Random(4));
      default:
        return Number(Random(2) ? kAwaitFinal : kWait, Random(3));
    }
  }

  std::mt19937 random_{7};
};

TEST_F(RpcRequestTest, IsReadAsTheGeneratedClassReadsIt) {
  int in_order = 0;
  for (int i = 0; i < 4'000; ++i) {
    v1::RpcRequest request;
    request.set_method("m" + std::string(Random(254), 'x'));
    if (Random(3) == 0) {
      request.set_params_json(RandomJson());
    } else if (Random(2) == 0) {
      AddValue(*request.mutable_params(), 4);
    }
    request.set_result_form(static_cast<v1::PayloadForm>(Random(4)));
    request.set_await_final(Random(2) == 0);
    request.set_wait_until_running(Random(2) == 0);
    std::optional<std::string> params;
    if (IsInOrder(request, params)) ++in_order;
    ExpectSame(request.SerializeAsString());
    if (HasFailure()) FAIL() << request.ShortDebugString();
  }
  EXPECT_GT(in_order, 1'000);
}

TEST_F(RpcRequestTest, IsReadInAnyOrderWithMembersRepeatedAndUnknown) {
  for (int i = 0; i < 6'000; ++i) {
    std::string bytes;
    for (int members = Random(9); members > 0; --members) {
      bytes += RandomMember();
    }
    if (Random(3) != 0) bytes += Member(kMethod, "last");
    ExpectSame(bytes);
    if (HasFailure()) FAIL() << "in request " << i;
  }
}

TEST_F(RpcRequestTest, IsReadOrRefusedIfItIsSpoilt) {
  for (int i = 0; i < 6'000; ++i) {
    std::string bytes = Member(kMethod, "m");
    for (int members = Random(4); members > 0; --members) {
      bytes += RandomMember();
    }
    for (int spoilt = 1 + Random(3); spoilt > 0; --spoilt) {
      bytes[Random(static_cast<int>(bytes.size()))] =
          static_cast<char>(random_());
    }
    ExpectSame(bytes);
    if (HasFailure()) FAIL() << "in request " << i;
  }
}

TEST_F(RpcRequestTest, MayBeginWithItsParams) {
  const RpcInput json =
      ReadGood(Member(kParamsJson, "[ 1 ]") + Member(kMethod, "m"));
  EXPECT_EQ(json.call.text.params(), "[ 1 ]");
  EXPECT_EQ(json.call.method, "m");

  Value list;
  list.mutable_list_value()->add_values()->set_number_value(1);
  const RpcInput value = ReadGood(Member(kParams, list.SerializeAsString()) +
                                  Member(kMethod, "m"));
  EXPECT_EQ(value.call.text.params(), "[1]");
}

TEST_F(RpcRequestTest, CountsTheLastOfAMemberThatIsRepeated) {
  EXPECT_EQ(
      ReadGood(Member(kMethod, "longer") + Member(kMethod, "m")).call.method,
      "m");
  EXPECT_FALSE(
      ReadGood(Member(kMethod, "m") + Number(kWait, 1) + Number(kWait, 0))
          .call.wait_until_running);
}

TEST_F(RpcRequestTest, CountsTheLastFormOfTheParams) {
  Value map;
  map.mutable_struct_value();
  const std::string method = Member(kMethod, "m");
  const std::string value = Member(kParams, map.SerializeAsString());
  const std::string json = Member(kParamsJson, "[1]");

  const RpcInput as_value = ReadGood(method + json + value);
  EXPECT_EQ(as_value.call.text.params(), "{}");
  EXPECT_EQ(as_value.result_form, v1::PAYLOAD_FORM_VALUE);

  const RpcInput as_json = ReadGood(method + value + json);
  EXPECT_EQ(as_json.call.text.params(), "[1]");
  EXPECT_EQ(as_json.result_form, v1::PAYLOAD_FORM_JSON);

  // What is overruled need not make sense.
  EXPECT_EQ(ReadGood(method + Member(kParams, "") + json).call.text.params(),
            "[1]");
}

TEST_F(RpcRequestTest, MergesParamsThatAreRepeated) {
  Value one;
  one.mutable_list_value()->add_values()->set_number_value(1);
  const std::string member = Member(kParams, one.SerializeAsString());
  const std::string method = Member(kMethod, "m");

  EXPECT_EQ(ReadGood(method + member + member).call.text.params(), "[1,1]");
  EXPECT_EQ(ReadGood(method + member + Member(kParamsJson, "{}") + member)
                .call.text.params(),
            "[1]");
}

TEST_F(RpcRequestTest, SkipsAKnownMemberOfAnotherType) {
  for (const int field :
       {kMethod, kParamsJson, kParams, kResultForm, kAwaitFinal, kWait}) {
    const bool is_number = field >= kResultForm;
    const RpcInput input =
        ReadGood(Member(kMethod, "m") +
                 (is_number ? Member(field, "text") : Number(field, 1)) +
                 Tag(field, kFixed64) + std::string(8, '\1'));
    EXPECT_EQ(input.call.method, "m") << field;
    EXPECT_EQ(input.call.text.params(), std::nullopt) << field;
    EXPECT_EQ(input.result_form, v1::PAYLOAD_FORM_JSON) << field;
    EXPECT_FALSE(input.call.await_final || input.call.wait_until_running);
  }
}

TEST_F(RpcRequestTest, IsRefusedWhereItEndsEarly) {
  v1::RpcRequest request;
  request.set_method("some.method");
  request.set_params_json(R"({"a":[1,2,3]})");
  request.set_await_final(true);
  for (const bool as_value : {false, true}) {
    if (as_value) {
      auto& fields = *request.mutable_params()->mutable_struct_value();
      (*fields.mutable_fields())["a"].set_string_value("text");
    }
    const std::string bytes = request.SerializeAsString();
    int refused = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::string part = bytes.substr(0, size);
      ExpectSame(part);
      if (v1::RpcRequest().ParseFromString(part)) continue;
      ++refused;
      const auto read = Read(part);
      ASSERT_TRUE(std::holds_alternative<std::string>(read)) << size;
      EXPECT_THAT(std::get<std::string>(read),
                  HasSubstr("is not a clawplane.v1.RpcRequest"))
          << size;
    }
    EXPECT_GT(refused, 25);
  }
}

TEST_F(RpcRequestTest, IsRefusedWithALengthThatCannotBe) {
  // What is there is good, as far as it goes.
  Value empty;
  empty.mutable_list_value();
  const std::string list = empty.SerializeAsString();
  for (const int field : {kMethod, kParamsJson, kParams, 100}) {
    for (const uint64_t size :
         {uint64_t{5}, uint64_t{0x7fffffff}, uint64_t{0x80000000},
          uint64_t{0xffffffff}, uint64_t{0xffffffffff}}) {
      const std::string bytes =
          Member(kMethod, "m") + Tag(field, kBytes) + Varint(size) + list;
      ExpectSame(bytes);
      EXPECT_TRUE(std::holds_alternative<std::string>(Read(bytes)))
          << field << " of " << size;
    }
  }
}

TEST_F(RpcRequestTest, IsRefusedWithoutAMethod) {
  grpc::ByteBuffer nothing;
  EXPECT_TRUE(std::holds_alternative<std::string>(ReadRpcRequest(nothing)));

  const auto empty = Read("");
  ASSERT_TRUE(std::holds_alternative<std::string>(empty));
  EXPECT_THAT(std::get<std::string>(empty), HasSubstr("method is 0 bytes"));
}

TEST_F(RpcRequestTest, IsReadWhateverItsSize) {
  for (const size_t size : {100'000u, 1'000'000u, 5'000'000u}) {
    v1::RpcRequest request;
    request.set_method("m");
    request.set_params_json("[\"" + std::string(size, 'x') + "\"]");
    ExpectSame(request.SerializeAsString());
    auto& list = *request.mutable_params()->mutable_list_value();
    for (size_t i = 0; i < size / 20; ++i)
      list.add_values()->set_number_value(i);
    ExpectSame(request.SerializeAsString());
  }
}

}  // namespace
}  // namespace clawplane::server
