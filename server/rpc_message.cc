#include "server/rpc_message.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "core/model/text.h"
#include "core/model/utf8.h"
#include "server/json_value.h"

namespace clawplane::server {
namespace {

using google::protobuf::Arena;
using google::protobuf::Value;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr size_t kMaxMethodBytes = 256;

constexpr char kMalformed[] =
    "the request is not a clawplane.v1.RpcRequest; use a client that was made "
    "from this server's .proto";

// Room for the members that follow the params.
constexpr size_t kRoomForTail = 128;

constexpr uint32_t LengthTag(int field) {
  return static_cast<uint32_t>(field) << 3 |
         WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
}
constexpr uint32_t VarintTag(int field) {
  return static_cast<uint32_t>(field) << 3 | WireFormatLite::WIRETYPE_VARINT;
}

// Takes a request apart, member by member. As everywhere in protobuf, of a
// repeated member the last counts, but for messages, which are merged, and
// unknown ones are skipped.
class RequestReader {
 public:
  explicit RequestReader(CodedInputStream& input) : input_(input) {}

  // False if it is no such message.
  bool Read();

  // What is wrong with what was read, or the result.
  std::variant<RpcInput, std::string> Finish();

 private:
  bool ReadMember(uint32_t tag);
  bool ReadMethod();
  bool ReadParamsJson();
  bool ReadParams();
  bool ReadBool(bool& value);
  // The length of what comes next; false if there is not that much.
  bool ReadSize(int& size);

  CodedInputStream& input_;
  RpcInput result_;
  v1::PayloadForm asked_form_ = v1::PAYLOAD_FORM_UNSPECIFIED;
  // The params that were given as a value, while they are the ones that count.
  std::optional<Arena> arena_;
  Value* value_ = nullptr;
};

bool RequestReader::Read() {
  while (const uint32_t tag = input_.ReadTag()) {
    if (!ReadMember(tag)) return false;
  }
  return input_.ConsumedEntireMessage();
}

bool RequestReader::ReadMember(uint32_t tag) {
  core::CallRequest& call = result_.call;
  switch (tag) {
    case LengthTag(v1::RpcRequest::kMethodFieldNumber):
      return ReadMethod();
    case LengthTag(v1::RpcRequest::kParamsJsonFieldNumber):
      return ReadParamsJson();
    case LengthTag(v1::RpcRequest::kParamsFieldNumber):
      return ReadParams();
    case VarintTag(v1::RpcRequest::kResultFormFieldNumber): {
      uint64_t form = 0;
      if (!input_.ReadVarint64(&form)) return false;
      asked_form_ = static_cast<v1::PayloadForm>(form);
      return true;
    }
    case VarintTag(v1::RpcRequest::kAwaitFinalFieldNumber):
      return ReadBool(call.await_final);
    case VarintTag(v1::RpcRequest::kWaitUntilRunningFieldNumber):
      return ReadBool(call.wait_until_running);
    default:
      return WireFormatLite::SkipField(&input_, tag);
  }
}

bool RequestReader::ReadMethod() {
  int size = 0;
  return ReadSize(size) && input_.ReadString(&result_.call.method, size);
}

bool RequestReader::ReadParamsJson() {
  int size = 0;
  if (!ReadSize(size)) return false;
  value_ = nullptr;
  result_.call.text = core::RequestText();
  std::string& text = result_.call.text.BeginParams();
  const size_t begin = text.size();
  text.reserve(begin + size + kRoomForTail);
  text.resize(begin + size);
  return input_.ReadRaw(text.data() + begin, size);
}

bool RequestReader::ReadParams() {
  int size = 0;
  if (!ReadSize(size)) return false;
  if (!arena_) arena_.emplace();
  if (value_ == nullptr) value_ = Arena::CreateMessage<Value>(&*arena_);
  const auto limit = input_.PushLimit(size);
  if (!value_->MergeFromCodedStream(&input_) ||
      !input_.ConsumedEntireMessage()) {
    return false;
  }
  input_.PopLimit(limit);
  return true;
}

bool RequestReader::ReadSize(int& size) {
  uint32_t number = 0;
  if (!input_.ReadVarint32(&number) ||
      number > static_cast<uint32_t>(std::numeric_limits<int>::max())) {
    return false;
  }
  size = static_cast<int>(number);
  return size <= input_.BytesUntilLimit();
}

bool RequestReader::ReadBool(bool& value) {
  uint64_t number = 0;
  if (!input_.ReadVarint64(&number)) return false;
  value = number != 0;
  return true;
}

std::variant<RpcInput, std::string> RequestReader::Finish() {
  const std::string& method = result_.call.method;
  if (method.empty() || method.size() > kMaxMethodBytes) {
    return core::Concat("method is ", method.size(),
                        " bytes long; allowed: 1 to ", kMaxMethodBytes);
  }
  if (!core::IsUtf8(method)) return std::string("method is not UTF-8");
  if (!v1::PayloadForm_IsValid(asked_form_)) {
    return core::Concat("result_form is ", static_cast<int>(asked_form_),
                        ", which is no form");
  }
  if (value_ != nullptr) {
    result_.call.text = core::RequestText();
    std::string& text = result_.call.text.BeginParams();
    if (const auto fault = ValueToJson(*value_, text)) {
      return core::Concat("params cannot be sent: ", *fault);
    }
    const char first = result_.call.text.params()->front();
    if (first != '{' && first != '[' && first != 'n') {
      return std::string(
          "params is a scalar; the gateway takes an object, an array or null");
    }
  } else if (const auto params = result_.call.text.params()) {
    if (auto fault = core::FaultInParams(*params)) return *std::move(fault);
  }
  if (asked_form_ != v1::PAYLOAD_FORM_UNSPECIFIED) {
    result_.result_form = asked_form_;
  } else if (value_ != nullptr) {
    result_.result_form = v1::PAYLOAD_FORM_VALUE;
  }
  return std::move(result_);
}

// What a `result_json` begins with: its tag and length.
size_t WriteHead(size_t size, uint8_t* head) {
  uint8_t* end = CodedOutputStream::WriteTagToArray(
      LengthTag(v1::RpcResponse::kResultJsonFieldNumber), head);
  end =
      CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(size), end);
  return static_cast<size_t>(end - head);
}

grpc::ByteBuffer JsonResponse(core::JsonView payload) {
  uint8_t head[16];
  const size_t head_size = WriteHead(payload.size(), head);
  const grpc::Slice slice(head_size + payload.size());
  auto* const bytes = const_cast<uint8_t*>(slice.begin());
  std::memcpy(bytes, head, head_size);
  std::memcpy(bytes + head_size, payload.data(), payload.size());
  return grpc::ByteBuffer(&slice, 1);
}

std::variant<grpc::ByteBuffer, std::string> ValueResponse(
    core::JsonView payload) {
  Arena arena;
  auto* const response = Arena::CreateMessage<v1::RpcResponse>(&arena);
  if (auto fault = JsonToValue(payload, *response->mutable_result())) {
    return core::Concat("the answer cannot be given as a value: ", *fault);
  }
  const grpc::Slice slice(response->ByteSizeLong());
  response->SerializeWithCachedSizesToArray(
      const_cast<uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

std::variant<RpcInput, std::string> ReadRpcRequest(grpc::ByteBuffer& bytes) {
  grpc::ProtoBufferReader reader(&bytes);
  CodedInputStream input(&reader);
  input.PushLimit(static_cast<int>(bytes.Length()));
  RequestReader request(input);
  if (!reader.status().ok() || !request.Read()) return std::string(kMalformed);
  return request.Finish();
}

std::variant<grpc::ByteBuffer, std::string> WriteRpcResponse(
    std::optional<core::JsonView> payload, v1::PayloadForm form) {
  if (!payload) {
    const grpc::Slice nothing;
    return grpc::ByteBuffer(&nothing, 1);
  }
  if (form == v1::PAYLOAD_FORM_VALUE) return ValueResponse(*payload);
  return JsonResponse(*payload);
}

}  // namespace clawplane::server
