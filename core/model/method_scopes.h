// What the gateway asks of those who call its methods, and what role that is.

#ifndef CLAWPLANE_CORE_MODEL_METHOD_SCOPES_H_
#define CLAWPLANE_CORE_MODEL_METHOD_SCOPES_H_

#include <optional>
#include <span>
#include <string_view>

#include "core/model/role.h"

namespace clawplane::core {

// The scope that the gateway asks for a method.
enum class GatewayScope {
  kRead,
  kWrite,
  kAdmin,
  kApprovals,
  kPairing,
  kQuestions,
  kTalk,
  // For the gateway's nodes, which we are not.
  kNode,
  // Which one depends on the parameters.
  kDynamic,
};

// "operator.read", "node", "dynamic".
std::string_view Name(GatewayScope scope);

struct MethodScope {
  std::string_view method;
  GatewayScope scope;
};

// All methods whose scope is known, in the order of their names; the table
// method_scopes.inc, which says what version of the gateway it is of.
std::span<const MethodScope> MethodScopes();

// The scope that the gateway asks for the method; nothing if that is not known,
// as with methods of plugins and of later versions.
std::optional<GatewayScope> ScopeOfMethod(std::string_view method);

// The role that a caller of the method needs. Names are compared byte by byte.
//
// What asks for operator.read or operator.write is for operators, and so is the
// method `agent`; everything else is for admins, and so is what nothing is
// known of: a new method of the gateway is closed until somebody opens it.
//
// This goes by the method alone. The gateway sees one caller, the daemon, with
// all of the daemon's scopes: where it looks at the scopes of whoever sent a
// text (`/config` or `/plugins` in `chat.send` are for operator.admin there),
// it finds those.
//
// Like the others here thread-safe, and without allocation: every `Rpc` asks.
Role RoleForMethod(std::string_view method);

// Whether a call of the method leaves everything as it is, as far as is known.
// Only methods for operator.read do, and not all of them.
bool ChangesNothing(std::string_view method);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_METHOD_SCOPES_H_
