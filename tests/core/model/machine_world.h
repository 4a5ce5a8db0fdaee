// A random world around a gateway machine, and what must hold in it.

#ifndef CLAWPLANE_TESTS_CORE_MODEL_MACHINE_WORLD_H_
#define CLAWPLANE_TESTS_CORE_MODEL_MACHINE_WORLD_H_

#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/model/gateway_machine.h"

namespace clawplane::core {

// Plays the part of the manager, the system and the people: gives orders, and
// answers what the machine asks for with whatever can come of it. Keeps books
// of its own, and compares the machine with them after each step.
//
// Thread-compatible.
class MachineWorld {
 public:
  MachineWorld(Mode mode, unsigned seed);

  // One random step.
  void Step();
  // Stops the gateway and lets its process end.
  void Drain();

  // What was found wrong, with the step that led to it; empty if nothing.
  const std::string& fault() const { return fault_; }
  // How often each state was entered.
  int visits(State state) const { return visits_[static_cast<int>(state)]; }

 private:
  struct Child {
    Generation generation;
    int pid;
    Program program;
  };

  // The one order that may wait at rest.
  bool waits_for_foreign_restart() const {
    const GatewayStatus& status = machine_.status();
    return status.state == State::kRunning && !status.owned &&
           machine_.deadline() && !orders_.empty();
  }

  int Random(int below) { return static_cast<int>(random_() % below); }
  bool Chance(int percent) { return Random(100) < percent; }

  Input RandomOrder();
  std::optional<Input> RandomFind();
  Input RandomProbe();
  Input RandomVerdict();
  Input RandomExit();
  Input RandomEvidence();
  Input RandomStaleReport();
  std::optional<Input> RandomReport();

  void Take(const Input& input);
  void Apply(const Effect& effect, const GatewayStatus& before);
  void CheckStep(const Input& input, const GatewayStatus& before,
                 const std::vector<Effect>& effects);
  void CheckStatus();
  void CheckWaits();
  void Require(bool holds, const char* what);

  std::mt19937 random_;
  const Mode mode_;
  GatewayMachine machine_;
  Instant now_{TimePoint(std::chrono::hours(1)),
               WallTime(std::chrono::hours(1))};

  // The books.
  std::optional<Child> child_;
  std::optional<Generation> look_;
  std::optional<Generation> connection_;
  bool accepted_ = false;
  std::optional<Launch> launch_;
  Generation last_link_ = 0;
  Generation last_process_ = 0;
  int last_pid_ = 100;
  OrderId last_order_ = 0;
  std::set<OrderId> orders_;
  // Whether the latest order wants the gateway up.
  bool wanted_ = false;
  bool drained_ = false;

  std::string history_;
  std::string fault_;
  int visits_[6] = {};
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_MODEL_MACHINE_WORLD_H_
