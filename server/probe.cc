#include "server/probe.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/model/text.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace clawplane::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using core::Concat;
using std::chrono::milliseconds;
using std::chrono::system_clock;

ProbeFinding NoServer(std::string_view target, std::string_view why) {
  return {false, Concat("no server: ", target, ": ", why)};
}

// HOST:PORT as one who calls it writes it; empty if nobody can know it.
std::string Callable(const std::string& listener) {
  if (listener == "none" || listener.ends_with(":0")) return {};
  const size_t colon = listener.rfind(':');
  const std::string host = listener.substr(0, colon);
  const std::string port = listener.substr(colon);
  if (host == "0.0.0.0") return "127.0.0.1" + port;
  if (host == "[::]") return "[::1]" + port;
  return listener;
}

// ---- Over gRPC

// The state for people, where we are let in; else empty.
std::string AskForState(const std::shared_ptr<grpc::Channel>& channel,
                        system_clock::time_point deadline) {
  grpc::ClientContext context;
  context.set_deadline(deadline);
  v1::GetStatusResponse response;
  const auto stub = v1::GatewayService::NewStub(channel);
  if (!stub->GetStatus(&context, {}, &response).ok()) return {};
  const v1::GatewayStatus& status = response.status();
  std::string text = v1::GatewayStatus::State_Name(status.state());
  constexpr std::string_view kPrefix = "STATE_";
  if (text.starts_with(kPrefix)) text.erase(0, kPrefix.size());
  absl::AsciiStrToLower(&text);
  return text;
}

ProbeFinding AskByGrpc(const std::string& target, ProbeGoal goal,
                       milliseconds patience) {
  using grpc::health::v1::Health;
  using Response = grpc::health::v1::HealthCheckResponse;
  const auto deadline = system_clock::now() + patience;
  // Never let go: its end would wait for its own threads.
  ::grpc_init();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto channel = grpc::CreateCustomChannel(
      target, grpc::InsecureChannelCredentials(), arguments);
  grpc::ClientContext context;
  context.set_deadline(deadline);
  grpc::health::v1::HealthCheckRequest request;
  if (goal == ProbeGoal::kReady) {
    request.set_service("clawplane.v1.GatewayService");
  }
  Response response;
  const grpc::Status status =
      Health::NewStub(channel)->Check(&context, request, &response);
  if (!status.ok()) return NoServer(target, status.error_message());
  const bool serves = response.status() == Response::SERVING;
  if (goal == ProbeGoal::kAlive) return {serves, serves ? "alive" : "ending"};
  if (serves) return {true, "ready"};
  const std::string state = AskForState(channel, deadline);
  return {false, state.empty() ? "not ready" : "not ready: " + state};
}

// ---- Over HTTP

// One question, on a connection of its own. Thread-compatible.
class HttpQuestion {
 public:
  explicit HttpQuestion(const std::string& path)
      : request_(http::verb::get, path, 11) {
    request_.set(http::field::host, "clawplaned");
    request_.set(http::field::connection, "close");
  }

  // Whether there was an answer in time.
  error_code Ask(const std::string& address, milliseconds patience) {
    const size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host == "localhost") host = "127.0.0.1";
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    const auto ip = boost::asio::ip::make_address(host, error_);
    if (error_) return error_;
    const auto port = static_cast<uint16_t>(
        std::strtoul(address.c_str() + colon + 1, nullptr, 10));
    stream_.expires_after(patience);
    stream_.async_connect({ip, port}, [this](error_code error) {
      if (!(error_ = error)) Write();
    });
    io_.run();
    return error_;
  }

  const http::response<http::string_body>& response() const {
    return response_;
  }

 private:
  void Write() {
    http::async_write(stream_, request_, [this](error_code error, size_t) {
      if (!(error_ = error)) Read();
    });
  }
  void Read() {
    http::async_read(stream_, buffer_, response_,
                     [this](error_code error, size_t) { error_ = error; });
  }

  boost::asio::io_context io_{1};
  beast::tcp_stream stream_{io_};
  http::request<http::empty_body> request_;
  beast::flat_buffer buffer_{64 * 1024};
  http::response<http::string_body> response_;
  error_code error_;
};

ProbeFinding AskByHttp(const std::string& address, ProbeGoal goal,
                       milliseconds patience) {
  const bool ready = goal == ProbeGoal::kReady;
  HttpQuestion question(ready ? "/readyz" : "/healthz");
  const error_code error = question.Ask(address, patience);
  const std::string target = "http://" + address;
  if (error) return NoServer(target, error.message());
  const auto& response = question.response();
  if (response.result() == http::status::ok) {
    return {true, ready ? "ready" : "alive"};
  }
  const std::string text =
      response.body().substr(0, response.body().find('\n'));
  if (ready && text.starts_with("not ready")) return {false, text};
  return NoServer(target,
                  Concat("answers with status ", response.result_int()));
}

}  // namespace

ProbeTarget ChooseProbeTarget(const core::Config& config) {
  using Protocol = ProbeTarget::Protocol;
  if (config.socket != "none")
    return {Protocol::kGrpc, "unix:" + config.socket};
  if (std::string address = Callable(config.listen); !address.empty()) {
    return {Protocol::kGrpc, std::move(address)};
  }
  if (std::string address = Callable(config.ops.listen); !address.empty()) {
    return {Protocol::kHttp, std::move(address)};
  }
  return {};
}

ProbeFinding AskServer(const core::Config& config, ProbeGoal goal,
                       milliseconds patience) {
  const ProbeTarget target = ChooseProbeTarget(config);
  switch (target.protocol) {
    case ProbeTarget::Protocol::kGrpc:
      return AskByGrpc(target.address, goal, patience);
    case ProbeTarget::Protocol::kHttp:
      return AskByHttp(target.address, goal, patience);
    case ProbeTarget::Protocol::kNone:
      break;
  }
  return {false,
          "no server: there is nothing that could be asked; set socket, "
          "or listen or ops.listen with a port other than 0"};
}

}  // namespace clawplane::server
