#include <google/protobuf/arena.h>
#include <google/protobuf/struct.pb.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "server/json_value.h"
#include "server/rpc_message.h"
#include "tests/bench/instructions/scenario.h"
#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

using google::protobuf::Arena;
using google::protobuf::Value;
using Operation = Scenario::Operation;

std::unique_ptr<Value> GatewayLikeValue(size_t bytes) {
  auto value = std::make_unique<Value>();
  Require(!server::JsonToValue(GatewayLikeParams(bytes), *value),
          "the params are no value");
  return value;
}

Operation ReadRequest(const v1::RpcRequest& request) {
  const grpc::Slice slice(request.SerializeAsString());
  return [message = grpc::ByteBuffer(&slice, 1)](size_t) {
    grpc::ByteBuffer bytes(message);
    const auto read = server::ReadRpcRequest(bytes);
    Require(std::holds_alternative<server::RpcInput>(read),
            "the request is not in order");
  };
}

Operation ReadRpcRequest(size_t bytes, size_t) {
  v1::RpcRequest request;
  request.set_method("chat.send");
  request.set_params_json(GatewayLikeParams(bytes));
  return ReadRequest(request);
}

Operation ReadRpcRequestValue(size_t bytes, size_t) {
  v1::RpcRequest request;
  request.set_method("chat.send");
  *request.mutable_params() = *GatewayLikeValue(bytes);
  return ReadRequest(request);
}

template <v1::PayloadForm kForm>
Operation WriteRpcResponse(size_t bytes, size_t) {
  return [payload = GatewayLikeParams(bytes)](size_t) {
    const auto written = server::WriteRpcResponse(payload, kForm);
    Require(std::holds_alternative<grpc::ByteBuffer>(written),
            "the response was not written");
  };
}

Operation ValueIn(size_t bytes, size_t) {
  return [json = GatewayLikeParams(bytes)](size_t) {
    Arena arena;
    Require(!server::JsonToValue(json, *Arena::CreateMessage<Value>(&arena)),
            "the JSON is no value");
  };
}

// Each time from another value: how the maps in it lie is random.
Operation ValueOut(size_t bytes, size_t times) {
  const auto values = std::make_shared<std::vector<std::unique_ptr<Value>>>();
  while (values->size() < times) values->push_back(GatewayLikeValue(bytes));
  return [values](size_t index) {
    std::string json;
    Require(!server::ValueToJson(*values->at(index), json),
            "the value is no JSON");
  };
}

}  // namespace

std::vector<Scenario> ServerScenarios() {
  constexpr auto kWriteJson = WriteRpcResponse<v1::PAYLOAD_FORM_JSON>;
  constexpr auto kWriteValue = WriteRpcResponse<v1::PAYLOAD_FORM_VALUE>;
  return {
      {"read_rpc_request", kSmall, ReadRpcRequest},
      {"read_rpc_request", kMiddle, ReadRpcRequest},
      {"read_rpc_request_value", kMiddle, ReadRpcRequestValue},
      {"write_rpc_response", kSmall, kWriteJson},
      {"write_rpc_response", kMiddle, kWriteJson},
      {"write_rpc_response", kLarge, kWriteJson},
      {"write_rpc_response_value", kMiddle, kWriteValue},
      {"value_in", kMiddle, ValueIn},
      {"value_out", kMiddle, ValueOut},
  };
}

}  // namespace clawplane::testing
