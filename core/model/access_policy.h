// Which role each call asks for.

#ifndef CLAWPLANE_CORE_MODEL_ACCESS_POLICY_H_
#define CLAWPLANE_CORE_MODEL_ACCESS_POLICY_H_

#include <optional>
#include <string_view>

#include "core/model/config.h"
#include "core/model/fault.h"
#include "core/model/role.h"

namespace clawplane::core {

// One call of the API, as far as the right to make it goes.
struct ApiCall {
  enum class Kind {
    kRead,    // tells something
    kOrder,   // to the gateway's process
    kMethod,  // of the gateway, by `Rpc`
  };
  Kind kind;
  // The API's name of it: "Restart".
  std::string_view name;
  // Of `kMethod`: the gateway's method. Empty as long as it is not known.
  std::string_view method;
};

// Holds callers to their roles. The scope that a method of the gateway needs
// there (method_scopes.h) decides on the role that it needs here, unless the
// configuration says otherwise.
//
// Immutable, so any thread may ask.
class AccessPolicy {
 public:
  explicit AccessPolicy(AccessConfig config) : config_(std::move(config)) {}

  // Why the caller `name` may not make the call with this role; nothing if it
  // may. For a method that is not known yet: whether there is any that it may.
  std::optional<Fault> Refusal(std::string_view name, Role role,
                               const ApiCall& call) const;

  // Whether the call may change something, so that it is written down before it
  // acts.
  static bool IsAct(const ApiCall& call);

 private:
  Role RoleFor(const ApiCall& call) const;

  const AccessConfig config_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_ACCESS_POLICY_H_
