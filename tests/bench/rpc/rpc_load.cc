// The load on every gRPC server of the benchmark; see `rpc_load --help`.
//
// It is cheap, so that it takes little from the server beside it: one thread
// and one completion queue, one request that was serialised before, answers
// that are not parsed. Each is checked for its status and its size, and the
// first one for its content. Exactly so many calls are outstanding as asked
// for, from the first to the end of the window.

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.pb.h"
#include "tests/bench/rpc/file_limit.h"
#include "tests/bench/rpc/params.h"
#include "tests/bench/rpc/plan_flags.h"
#include "tests/bench/rpc/tally.h"

namespace clawplane::testing {
namespace {

struct Options {
  std::string target;
  std::string token_file;
  std::string form = "json";
  std::string method = "bench.echo";
  size_t connections = 1;
  bool print_params = false;
  LoadPlan plan;
};

grpc::ByteBuffer Serialise(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// Makes calls and checks the answers.
//
// Thread-compatible.
class Load {
 public:
  explicit Load(const Options& options);

  // Runs it to its end; false, with words on stderr, if a call failed.
  bool Run();
  std::string Json() { return tally_.Json(); }

 private:
  // One of the calls that are outstanding at a time.
  struct Call {
    std::optional<grpc::ClientContext> context;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    grpc::ByteBuffer answer;
    grpc::Status status;
    Tally::Clock::time_point began;
  };

  bool Connect();
  void Begin(Call& call);
  bool IsRight(const Call& call);
  bool SaysTheSame(const grpc::ByteBuffer& answer) const;

  const Options& options_;
  Tally tally_;
  std::string authorization_;
  v1::RpcResponse expected_;
  size_t expected_bytes_ = 0;
  grpc::ByteBuffer request_;
  bool looked_ = false;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<grpc::GenericStub> stubs_;
  size_t next_stub_ = 0;
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;
};

Load::Load(const Options& options)
    : options_(options),
      tally_(options.plan.tally),
      calls_(options.plan.in_flight) {
  if (!options.token_file.empty()) {
    std::string token;
    std::ifstream(options.token_file) >> token;
    authorization_ = "Bearer " + token;
  }
  v1::RpcRequest request;
  request.set_method(options.method);
  const std::string params = GatewayLikeParams(options.plan.size);
  if (options.form == "value") {
    if (!google::protobuf::util::JsonStringToMessage(params,
                                                     request.mutable_params())
             .ok()) {
      std::cerr << "the params are not JSON" << std::endl;
      std::exit(1);
    }
    *expected_.mutable_result() = request.params();
  } else {
    request.set_params_json(params);
    expected_.set_result_json(params);
  }
  expected_bytes_ = expected_.ByteSizeLong();
  request_ = Serialise(request);
}

bool Load::Connect() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // Each channel a connection of its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  for (size_t i = 0; i < options_.connections; ++i) {
    channels_.push_back(grpc::CreateCustomChannel(
        options_.target, grpc::InsecureChannelCredentials(), arguments));
    channels_.back()->GetState(/*try_to_connect=*/true);
    stubs_.emplace_back(channels_.back());
  }
  const auto limit =
      std::chrono::system_clock::now() + std::chrono::seconds(30);
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(limit)) {
      std::cerr << "no connection to " << options_.target << std::endl;
      return false;
    }
  }
  return true;
}

bool Load::Run() {
  if (!Connect()) return false;
  for (Call& call : calls_) Begin(call);
  size_t outstanding = calls_.size();
  bool right = true;
  void* tag = nullptr;
  bool ok = false;
  while (outstanding > 0 && queue_.Next(&tag, &ok)) {
    Call& call = *static_cast<Call*>(tag);
    const auto now = Tally::Clock::now();
    if (right && IsRight(call)) {
      if (tally_.Add(call.began, now)) {
        Begin(call);
        continue;
      }
    } else {
      right = false;
    }
    --outstanding;
  }
  return right;
}

void Load::Begin(Call& call) {
  call.answer.Clear();
  call.context.emplace();
  if (!authorization_.empty()) {
    call.context->AddMetadata("authorization", authorization_);
  }
  grpc::GenericStub& stub = stubs_[next_stub_];
  if (++next_stub_ == stubs_.size()) next_stub_ = 0;
  call.began = Tally::Clock::now();
  call.reader = stub.PrepareUnaryCall(
      &*call.context, "/clawplane.v1.GatewayService/Rpc", request_, &queue_);
  call.reader->StartCall();
  call.reader->Finish(&call.answer, &call.status, &call);
}

bool Load::IsRight(const Call& call) {
  if (!call.status.ok()) {
    std::cerr << "a call failed: " << call.status.error_code() << " "
              << call.status.error_message() << std::endl;
    return false;
  }
  if (call.answer.Length() != expected_bytes_) {
    std::cerr << "an answer has " << call.answer.Length()
              << " bytes in place of " << expected_bytes_ << std::endl;
    return false;
  }
  if (looked_) return true;
  looked_ = true;
  if (SaysTheSame(call.answer)) return true;
  std::cerr << "the answer is not what was sent" << std::endl;
  return false;
}

bool Load::SaysTheSame(const grpc::ByteBuffer& answer) const {
  v1::RpcResponse response;
  return response.ParseFromString(Bytes(answer)) &&
         google::protobuf::util::MessageDifferencer::Equals(response,
                                                            expected_);
}

void Declare(CLI::App& app, Options& options) {
  app.add_option("--target", options.target, "HOST:PORT or unix:PATH");
  app.add_option("--token-file", options.token_file, "holds an access token");
  app.add_option("--form", options.form, "of the params")
      ->check(CLI::IsMember({"json", "value"}));
  app.add_option("--method", options.method, "of the gateway");
  app.add_option("--connections", options.connections, "used in turn");
  DeclarePlan(app, options.plan);
  app.add_flag("--print-params", options.print_params,
               "print what would be sent, and end");
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Loads a server of GatewayService.Rpc that answers with the "
      "params, and prints what it saw as one line of JSON.");
  Options options;
  Declare(app, options);
  CLI11_PARSE(app, argc, argv);
  if (options.print_params) {
    std::cout << GatewayLikeParams(options.plan.size);
    return 0;
  }
  AllowManyFiles();
  Load load(options);
  if (!load.Run()) return 1;
  std::cout << core::Concat(R"({"form":")", options.form, R"(","size":)",
                            options.plan.size, R"(,"in_flight":)",
                            options.plan.in_flight, R"(,"connections":)",
                            options.connections, ",", load.Json(), "}")
            << std::endl;
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) { return clawplane::testing::Main(argc, argv); }
