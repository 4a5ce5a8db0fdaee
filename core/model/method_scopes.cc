#include "core/model/method_scopes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>

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

// Where each method stands in the table, by a hash of its name: a search by
// halves took 480 instructions, and each call asks three times.
class Index {
 public:
  constexpr Index() {
    for (size_t i = 0; i < std::size(kTable); ++i) {
      size_t slot = Hash(kTable[i].method);
      while (places_[slot] != 0) slot = Next(slot);
      places_[slot] = static_cast<uint16_t>(i + 1);
    }
  }

  constexpr const MethodScope* Find(std::string_view method) const {
    for (size_t slot = Hash(method); places_[slot] != 0; slot = Next(slot)) {
      const MethodScope& entry = kTable[places_[slot] - 1];
      if (entry.method == method) return &entry;
    }
    return nullptr;
  }

 private:
  // At most a quarter of it is in use, so that nearly all are found at once.
  static constexpr size_t kSlots = 2048;
  static_assert(std::size(kTable) <= kSlots / 4);

  static constexpr size_t Next(size_t slot) { return (slot + 1) % kSlots; }
  // Of the beginning, so that a long name costs no more.
  static constexpr size_t Hash(std::string_view method) {
    constexpr size_t kHashed = 64;
    uint32_t hash = 2166136261;  // FNV-1a
    for (const char c : method.substr(0, kHashed)) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    }
    return (hash ^ (hash >> 15)) % kSlots;
  }

  // From 1 on; 0 for none.
  std::array<uint16_t, kSlots> places_ = {};
};
constexpr Index kIndex;

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
  const MethodScope* const found = kIndex.Find(method);
  if (found == nullptr) return std::nullopt;
  return found->scope;
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
