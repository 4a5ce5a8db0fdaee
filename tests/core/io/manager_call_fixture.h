// Calls, and what is expected of their ends.

#ifndef CLAWPLANE_TESTS_CORE_IO_MANAGER_CALL_FIXTURE_H_
#define CLAWPLANE_TESTS_CORE_IO_MANAGER_CALL_FIXTURE_H_

#include <optional>
#include <string>
#include <utility>

#include "tests/core/io/manager_fixture.h"

namespace clawplane::core {

class ManagerCallTest : public ManagerTest {
 protected:
  CallRequest Patient(std::string method,
                      std::optional<std::string> params = {}) {
    CallRequest request = Request(std::move(method), std::move(params));
    request.wait_until_running = true;
    return request;
  }
  CallRequest Final(std::string method, std::optional<std::string> params) {
    CallRequest request = Request(std::move(method), std::move(params));
    request.await_final = true;
    return request;
  }
  // A call's end without an answer.
  void ExpectFailed(const Answer& answer, Reason reason, Outcome outcome,
                    bool transient = false) {
    ASSERT_TRUE(answer.failed);
    EXPECT_EQ(Name(answer.failed->fault.reason), Name(reason));
    EXPECT_EQ(answer.failed->outcome, outcome);
    EXPECT_EQ(answer.failed->transient, transient);
  }
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_IO_MANAGER_CALL_FIXTURE_H_
