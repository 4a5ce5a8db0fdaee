#include "core/model/access_policy.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/model/method_scopes.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

// `pattern` is a name, or the beginning of one and a star.
bool Matches(std::string_view pattern, std::string_view method) {
  if (!pattern.ends_with('*')) return pattern == method;
  return method.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool MatchesAny(const std::vector<std::string>& patterns,
                std::string_view method) {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](const std::string& pattern) { return Matches(pattern, method); });
}

}  // namespace

Role AccessPolicy::RoleFor(const ApiCall& call) const {
  switch (call.kind) {
    case ApiCall::Kind::kRead:
      return Role::kViewer;
    case ApiCall::Kind::kOrder:
      return Role::kOperator;
    case ApiCall::Kind::kMethod:
      if (call.method.empty() ||
          MatchesAny(config_.operator_methods, call.method)) {
        return Role::kOperator;
      }
      return RoleForMethod(call.method);
  }
  return Role::kAdmin;
}

std::optional<Fault> AccessPolicy::Refusal(std::string_view name, Role role,
                                           const ApiCall& call) const {
  const std::string_view what = call.method.empty() ? call.name : call.method;
  if (!call.method.empty() && MatchesAny(config_.denied_methods, call.method)) {
    return Fault{Reason::kMethodDenied,
                 Concat("the configuration lets nobody call ", what),
                 "who runs this server may take it out of "
                 "access.denied_methods"};
  }
  const Role needed = RoleFor(call);
  if (role >= needed) return std::nullopt;
  return Fault{
      Reason::kRoleRequired,
      Concat(what, " needs the role ", Name(needed), ", and ", name,
             " has the role ", Name(role)),
      Concat("call with a token or certificate of the role ", Name(needed))};
}

bool AccessPolicy::IsAct(const ApiCall& call) {
  switch (call.kind) {
    case ApiCall::Kind::kRead:
      return false;
    case ApiCall::Kind::kOrder:
      return true;
    case ApiCall::Kind::kMethod:
      return !ChangesNothing(call.method);
  }
  return true;
}

}  // namespace clawplane::core
