// Histories of a gateway, written down as text files.

#ifndef CLAWPLANE_TESTS_CORE_MODEL_SCENARIO_H_
#define CLAWPLANE_TESTS_CORE_MODEL_SCENARIO_H_

#include <optional>
#include <string>
#include <vector>

#include "core/model/gateway_machine.h"

namespace clawplane::core {

// One line of a scenario: an input, and what is to come of it.
struct ScenarioStep {
  int line = 0;
  Duration at{};
  std::string input;
  // The columns right of the arrow.
  std::vector<std::string> expected;
};

// A file of tests/scenarios, whose README.md has the grammar.
struct Scenario {
  GatewayMachine::Settings settings;
  double random = 0;
  std::vector<ScenarioStep> steps;
  // What is wrong with the file; empty if nothing is.
  std::string fault;
};

Scenario ReadScenario(const std::string& path);

// Puts a machine through a scenario, one step after the other.
//
// Thread-compatible.
class ScenarioPlayer {
 public:
  explicit ScenarioPlayer(const Scenario& scenario)
      : machine_(scenario.settings,
                 [random = scenario.random] { return random; }) {}

  // Takes one step, and tells what differs from what is expected of it; nothing
  // if all is as expected.
  std::optional<std::string> Play(const ScenarioStep& step);

 private:
  std::optional<Input> ReadInput(const std::string& words);
  // The same columns as a file has, all of them.
  std::vector<std::string> Columns(const std::vector<Effect>& effects) const;

  GatewayMachine machine_;
  OrderId last_order_ = 0;
  // The latest ones that the machine has asked for.
  Generation link_ = 0;
  Generation process_ = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_TESTS_CORE_MODEL_SCENARIO_H_
