// Calls that were let in.

#ifndef CLAWPLANE_SERVER_ADMITTED_H_
#define CLAWPLANE_SERVER_ADMITTED_H_

#include <memory>
#include <utility>
#include <variant>

#include "core/model/fault.h"
#include "server/gate.h"

namespace clawplane::server {

// The work of a call, and its pass.
template <typename Work>
struct Admitted {
  Pass pass;
  std::unique_ptr<Work> work;
};

template <typename Work>
using AdmittedOrFault = std::variant<Admitted<Work>, core::Fault>;

// What the gate said, and then what `make` makes of the request: each gives
// what was asked of it, or a fault. `make` takes the caller.
template <typename Work, typename Make>
AdmittedOrFault<Work> Admit(std::variant<Pass, core::Fault> entered,
                            const Make& make) {
  if (auto* fault = std::get_if<core::Fault>(&entered)) {
    return std::move(*fault);
  }
  Pass& pass = std::get<Pass>(entered);
  std::variant<std::unique_ptr<Work>, core::Fault> made = make(pass.caller());
  if (auto* fault = std::get_if<core::Fault>(&made)) return std::move(*fault);
  return Admitted<Work>{std::move(pass),
                        std::get<std::unique_ptr<Work>>(std::move(made))};
}

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_ADMITTED_H_
