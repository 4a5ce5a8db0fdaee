// The part of the fixture that gives orders and calls, and reads what is known.

#include <utility>

#include "core/model/text.h"
#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {

// ---- Orders and calls

ManagerTest::Later<OrderResult> ManagerTest::Ordered(
    std::function<void(GatewayManager::OrderCompletion)> give) {
  const auto result = std::make_shared<std::optional<OrderResult>>();
  OnStrand([&] {
    give([this, result](const OrderResult& done) {
      EXPECT_FALSE(result->has_value()) << "an order ended twice";
      *result = done;
      if (done.fault) EmitFault(*done.fault);
      Changed();
    });
  });
  return result;
}

ManagerTest::Later<OrderResult> ManagerTest::Start() {
  return Ordered([this](auto done) { manager_->Start(std::move(done)); });
}

ManagerTest::Later<OrderResult> ManagerTest::Stop(bool force) {
  return Ordered([=, this](auto done) {
    manager_->Stop({.force = force}, std::move(done));
  });
}

ManagerTest::Later<OrderResult> ManagerTest::Restart() {
  return Ordered([this](auto done) { manager_->Restart({}, std::move(done)); });
}

OrderResult ManagerTest::Result(const Later<OrderResult>& order, Time time) {
  Await([&] { return order->has_value(); }, time);
  return order->value_or(OrderResult());
}

CallRequest ManagerTest::Request(std::string method,
                                 std::optional<std::string> params) {
  CallRequest request;
  request.method = std::move(method);
  if (params) request.text.BeginParams() += *params;
  OnStrand(
      [&] { request.deadline = alarm_.Now().steady + std::chrono::hours(9); });
  return request;
}

ManagerTest::Later<Answer> ManagerTest::Call(CallRequest request, CallId* id) {
  const auto kept = std::make_shared<std::optional<Answer>>();
  const auto keep = [this, kept](CallResult result) {
    EXPECT_FALSE(kept->has_value()) << "a call ended twice";
    Answer answer;
    if (const auto* good = std::get_if<CallAnswered>(&result)) {
      if (good->payload) answer.payload = std::string(*good->payload);
    } else if (const auto* refused = std::get_if<CallRefused>(&result)) {
      answer.refused = *refused;
      Emit(refused->error_json);
    } else {
      answer.failed = std::get<CallFailed>(result);
      EmitFault(answer.failed->fault);
    }
    *kept = std::move(answer);
    Changed();
  };
  OnStrand([&] {
    const CallId given = manager_->Call(std::move(request), keep);
    if (id != nullptr) *id = given;
  });
  return kept;
}

Answer ManagerTest::Result(const Later<Answer>& call) {
  Await([&] { return call->has_value(); });
  return call->value_or(Answer());
}

// ---- What is known

GatewayStatus ManagerTest::Status() {
  GatewayStatus status;
  OnStrand([&] { status = manager_->status(); });
  return status;
}

std::vector<Event> ManagerTest::Events() {
  std::vector<Event> events;
  OnStrand([&] {
    const EventLog& log = manager_->events();
    for (uint64_t i = log.oldest(); i <= log.last(); ++i) {
      events.push_back(log.at(i));
    }
  });
  return events;
}

std::vector<Event> ManagerTest::EventsOf(EventKind kind) {
  std::vector<Event> events = Events();
  std::erase_if(events, [=](const Event& e) { return e.what.kind != kind; });
  return events;
}

std::vector<Reason> ManagerTest::ErrorsTold() {
  std::vector<Reason> reasons;
  for (const Event& event : EventsOf(EventKind::kError)) {
    reasons.push_back(*std::get<ErrorDetail>(event.what.detail).reason);
  }
  return reasons;
}

std::vector<State> ManagerTest::StatesTold() {
  std::vector<State> states;
  for (const Event& event : EventsOf(EventKind::kStateChanged)) {
    states.push_back(std::get<StateChange>(event.what.detail).to);
  }
  return states;
}

std::vector<std::string> ManagerTest::Lines() {
  std::vector<std::string> lines;
  OnStrand([&] {
    const LogBuffer& logs = manager_->logs();
    for (uint64_t i = logs.oldest(); i < logs.next(); ++i) {
      lines.push_back(logs.at(i).text);
    }
  });
  return lines;
}

}  // namespace clawplane::core
