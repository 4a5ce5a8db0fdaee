// What a caller may do.

#ifndef CLAWPLANE_CORE_MODEL_ROLE_H_
#define CLAWPLANE_CORE_MODEL_ROLE_H_

#include <optional>
#include <string_view>

namespace clawplane::core {

// Each may do what those before it may, and more:
// a viewer looks on (status, events, logs, runs, the gateway's description);
// an operator also gives orders to the process, and calls the methods of the
// gateway that need no more than operator.read or operator.write there;
// an admin calls all methods.
enum class Role { kViewer, kOperator, kAdmin };

// "viewer", "operator", "admin".
std::string_view Name(Role role);
std::optional<Role> ParseRole(std::string_view name);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_ROLE_H_
