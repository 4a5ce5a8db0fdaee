// Every file of tests/scenarios is one test.

#include "tests/core/model/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

std::vector<std::string> ScenarioNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(SCENARIOS)) {
    if (entry.path().extension() == ".txt") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, GoesAsWritten) {
  const Scenario scenario =
      ReadScenario(std::string(SCENARIOS "/") + GetParam() + ".txt");
  ASSERT_EQ(scenario.fault, "");

  ScenarioPlayer player(scenario);
  for (const ScenarioStep& step : scenario.steps) {
    const auto difference = player.Play(step);

    ASSERT_FALSE(difference) << GetParam() << ".txt:" << step.line << ": "
                             << step.input << "\n  " << *difference;
  }
}

INSTANTIATE_TEST_SUITE_P(Machine, ScenarioTest,
                         ::testing::ValuesIn(ScenarioNames()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace clawplane::core
