// The faults, and signs of what came of them, for the tables of cases.

#ifndef CLAWPLANE_TESTS_CHAOS_FAULTS_H_
#define CLAWPLANE_TESTS_CHAOS_FAULTS_H_

#include <functional>
#include <string>

#include "tests/chaos/chaos_test.h"

namespace clawplane::testing {

using Fault = std::function<void(ChaosTest&)>;
using Sign = std::function<bool(const Seen&)>;

// The fault is in the fake's arguments.
inline Fault Nothing() {
  return [](ChaosTest&) {};
}

inline Fault Kill(int signal) {
  return [=](ChaosTest& test) { test.Signal(signal); };
}

// By a method of the fake, whose answer is not waited for.
inline Fault Ask(std::string method, std::string params = "{}") {
  return [=](ChaosTest& test) { test.Send(method, params); };
}

// By a program that is no gateway.
inline Fault Steal() {
  return [](ChaosTest& test) { test.StealPort({BehaviourKind::kNotHttp}); };
}

// The same, until that was noticed.
inline Fault StealAndReturn() {
  return [](ChaosTest& test) {
    test.StealPort({BehaviourKind::kNotHttp});
    EXPECT_TRUE(test.Await(
        [](const Seen& since) { return since.Has(v1::REASON_PORT_HELD); }));
    test.ReturnPort();
    test.BeginRecovery();
  };
}

inline Sign Event(v1::EventKind kind) {
  return [=](const Seen& since) { return since.HasKind(kind); };
}

inline Sign Entered(v1::GatewayStatus::State state) {
  return [=](const Seen& since) { return since.Entered(state); };
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_CHAOS_FAULTS_H_
