#include <array>
#include <chrono>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "core/model/frame.h"
#include "core/model/pending_calls.h"
#include "core/model/ws_receiver.h"
#include "core/model/ws_sender.h"
#include "tests/bench/instructions/answers.h"
#include "tests/bench/instructions/scenario.h"
#include "tests/bench/rpc/params.h"

namespace clawplane::testing {
namespace {

using Operation = Scenario::Operation;

constexpr size_t kMessageLimit = 32 * 1024 * 1024;

// What lies between the API and the socket, as gateway_link.cc and
// ws_connection.cc join it.
//
// Thread-compatible.
class Path {
 public:
  // With room for so many calls at a time.
  explicit Path(size_t calls) : calls_({calls, calls, calls}) {
    calls_.SetAdmission(core::PendingCalls::Admission::kOpen, "", "");
  }

  // Makes a call and brings it to where the system would take it.
  core::CallId Send(std::string_view params) {
    core::CallRequest request;
    request.method = "chat.send";
    request.text.BeginParams() += params;
    // Deadlines come in the order of the calls, as with one time limit.
    deadline_ += std::chrono::microseconds(100);
    request.deadline = deadline_;
    const core::CallId id =
        calls_.Add(std::move(request), [this](const core::CallResult& result) {
          const auto* answered = std::get_if<core::CallAnswered>(&result);
          Require(answered != nullptr && answered->payload, "no payload");
          ++answered_;
        });
    auto outgoing = calls_.NextToSend();
    Require(outgoing.has_value(), "nothing to send");
    sender_.Add(std::move(outgoing->frame), outgoing->tag);
    Write();
    return id;
  }

  void Forget(core::CallId id) { calls_.Cancel(id); }

  // Has the next answer read, and ends the call that it is for.
  void Receive(Answers& answers) {
    const core::Frame frame = core::ParseFrame(answers.ReadNext(receiver_));
    const auto* const response = std::get_if<core::ResponseFrame>(&frame);
    Require(response != nullptr, "no response was received");
    End(*response);
    Require(!receiver_.Next(), "more than one message was received");
  }

  void End(const core::ResponseFrame& response) {
    const size_t before = answered_;
    Require(calls_.OnResponse(response) && answered_ == before + 1,
            "no call was answered");
  }

 private:
  void Write() {
    std::array<std::string_view, 16> pieces;
    const size_t count = sender_.Gather(pieces);
    const size_t bytes = std::accumulate(
        pieces.begin(), pieces.begin() + count, size_t{0},
        [](size_t sum, std::string_view piece) { return sum + piece.size(); });
    for (const uint64_t tag : sender_.Took(bytes)) calls_.OnWrite(tag);
    Require(sender_.empty(), "not all was written");
  }

  core::PendingCalls calls_;
  core::WsSender sender_;
  core::WsReceiver receiver_{kMessageLimit};
  core::TimePoint deadline_{};
  size_t answered_ = 0;
};

Operation CheckParams(size_t bytes, size_t) {
  return [params = GatewayLikeParams(bytes)](size_t) {
    Require(!core::FaultInParams(params), "the params have a fault");
  };
}

Operation ParseResponse(size_t bytes, size_t) {
  return [text = AnswerText(17, GatewayLikeParams(bytes))](size_t) {
    const core::Frame frame = core::ParseFrame(text);
    Require(std::holds_alternative<core::ResponseFrame>(frame), "no response");
  };
}

Operation WriteRequest(size_t bytes, size_t) {
  return [path = std::make_shared<Path>(1), params = GatewayLikeParams(bytes)](
             size_t) { path->Forget(path->Send(params)); };
}

Operation ReadMessage(size_t bytes, size_t times) {
  const std::string payload = GatewayLikeParams(bytes);
  return [receiver = std::make_shared<core::WsReceiver>(kMessageLimit),
          answers = std::make_shared<Answers>(times, payload)](size_t) {
    answers->ReadNext(*receiver);
  };
}

// Ends calls that were all made before, with answers as they are parsed.
Operation EndCall(size_t bytes, size_t times) {
  const auto path = std::make_shared<Path>(times);
  for (size_t call = 0; call < times; ++call) path->Send("{}");
  return [path, payload = GatewayLikeParams(bytes)](size_t index) {
    core::ResponseFrame response;
    response.id = std::to_string(index + 1);
    response.ok = true;
    response.payload = payload;
    path->End(response);
  };
}

// All calls are made before the first answer is read.
Operation Receive(size_t bytes, size_t times) {
  const auto path = std::make_shared<Path>(times);
  for (size_t call = 0; call < times; ++call) path->Send("{}");
  return [path,
          answers = std::make_shared<Answers>(times, GatewayLikeParams(bytes))](
             size_t) { path->Receive(*answers); };
}

Operation CallRound(size_t bytes, size_t times) {
  const std::string params = GatewayLikeParams(bytes);
  return [path = std::make_shared<Path>(1), params,
          answers = std::make_shared<Answers>(times, params)](size_t) {
    path->Send(params);
    path->Receive(*answers);
  };
}

}  // namespace

// Where an input is only passed on, as in `read_message` and `end_call`, a copy
// too many stands out; beside a scan of the same bytes it is lost.
std::vector<Scenario> CoreScenarios() {
  return {
      {"check_params", kSmall, CheckParams},
      {"check_params", kMiddle, CheckParams},
      {"parse_response", kSmall, ParseResponse},
      {"parse_response", kMiddle, ParseResponse},
      {"parse_response", kLarge, ParseResponse},
      {"write_request", kSmall, WriteRequest},
      {"write_request", kMiddle, WriteRequest},
      {"read_message", kMiddle, ReadMessage},
      {"read_message", kLarge, ReadMessage},
      {"end_call", kMiddle, EndCall},
      {"receive", kSmall, Receive},
      {"receive", kMiddle, Receive},
      {"receive", kLarge, Receive},
      {"call_round", kSmall, CallRound},
      {"call_round", kMiddle, CallRound},
      {"call_round", kLarge, CallRound},
  };
}

}  // namespace clawplane::testing
