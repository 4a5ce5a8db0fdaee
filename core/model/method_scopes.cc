#include "core/model/method_scopes.h"

#include <algorithm>
#include <functional>

namespace clawplane::core {
namespace {

constexpr MethodScope kTable[] = {
#include "core/model/method_scopes.inc"
};

constexpr bool IsBefore(const MethodScope& a, const MethodScope& b) {
  return a.method < b.method;
}

// Strictly: no name stands twice.
static_assert(std::ranges::adjacent_find(kTable, std::not_fn(IsBefore)) ==
              std::ranges::end(kTable));

// Methods without a fixed scope that operators may call all the same. Each is
// opened by hand, and for a reason; access.operator_methods opens others.
constexpr std::string_view kForOperators[] = {
    // Speaking to an agent is what a gateway is for, and asks for
    // operator.write. It asks for operator.admin if the message is `/new` or
    // `/reset`, which begin a conversation anew: nothing that an operator could
    // not do with `chat.send`.
    "agent",
};

// Methods that ask for operator.read and yet do something: they change what is
// stored, let the gateway act towards others, or cost money.
constexpr std::string_view kChangesAllTheSame[] = {
    "device.scopes.requestUpgrade",
    // With a runtimeId it asks for operator.write from 2026.9.6 on.
    "environments.list",
    // Lets a model answer.
    "sessions.companion.ask",
    "users.github.authorize.cancel",
    "users.github.authorize.poll",
    "users.github.authorize.start",
    "users.github.disconnect",
};

}  // namespace

std::string_view Name(GatewayScope scope) {
  switch (scope) {
    case GatewayScope::kRead:
      return "operator.read";
    case GatewayScope::kWrite:
      return "operator.write";
    case GatewayScope::kAdmin:
      return "operator.admin";
    case GatewayScope::kApprovals:
      return "operator.approvals";
    case GatewayScope::kPairing:
      return "operator.pairing";
    case GatewayScope::kQuestions:
      return "operator.questions";
    case GatewayScope::kTalk:
      return "operator.talk";
    case GatewayScope::kNode:
      return "node";
    case GatewayScope::kDynamic:
      return "dynamic";
  }
  return "";
}

std::span<const MethodScope> MethodScopes() { return kTable; }

std::optional<GatewayScope> ScopeOfMethod(std::string_view method) {
  const auto* at =
      std::ranges::lower_bound(kTable, method, {}, &MethodScope::method);
  if (at == std::ranges::end(kTable) || at->method != method) {
    return std::nullopt;
  }
  return at->scope;
}

Role RoleForMethod(std::string_view method) {
  const std::optional<GatewayScope> scope = ScopeOfMethod(method);
  return scope == GatewayScope::kRead || scope == GatewayScope::kWrite ||
                 std::ranges::find(kForOperators, method) !=
                     std::ranges::end(kForOperators)
             ? Role::kOperator
             : Role::kAdmin;
}

bool ChangesNothing(std::string_view method) {
  return ScopeOfMethod(method) == GatewayScope::kRead &&
         std::ranges::find(kChangesAllTheSame, method) ==
             std::ranges::end(kChangesAllTheSame);
}

}  // namespace clawplane::core
