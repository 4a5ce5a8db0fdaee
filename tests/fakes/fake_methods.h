// The methods of the fake gateway: a few of the real ones, and `fake.*`, by
// which a client makes it misbehave.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_METHODS_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_METHODS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/fake_conversation.h"
#include "tests/fakes/fake_json.h"

namespace clawplane::testing {

struct FakeCall {
  FakeConversation& conversation;
  std::string method;
  // As JSON text.
  std::string id;
  // `null` where there were none.
  Json params;
  bool has_params;

  FakeServer& server() const { return conversation.server(); }
  void Answer(const std::optional<std::string>& payload) const {
    conversation.Answer(id, payload);
  }
  void Refuse(std::string_view message) const {
    conversation.Refuse(id, ErrorBody("INVALID_REQUEST", message));
  }
};

struct FakeMethod {
  // Empty: anyone who is connected.
  std::string_view scope;
  void (*run)(const FakeCall& call);
};

using FakeMethodTable = std::map<std::string_view, FakeMethod>;

const FakeMethodTable& RealMethods();
const FakeMethodTable& ControlMethods();
// Of protocol 4 alone.
const FakeMethodTable& SuspensionMethods();

std::vector<std::string> MethodNames();

// Never returns, as a program does that hangs: it waits, or computes.
[[noreturn]] void Hang(bool busily);

// Runs one request, or answers why not.
void CallMethod(FakeConversation& conversation, const std::string& method,
                const std::string& id, const std::optional<Json>& params);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_METHODS_H_
