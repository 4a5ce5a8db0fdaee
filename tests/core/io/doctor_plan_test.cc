// How a gateway that will not start is repaired.

#include "tests/core/io/launch_plan_fixture.h"

namespace clawplane::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::StartsWith;

class DoctorPlanTest : public LaunchPlanTest {
 protected:
  std::optional<LaunchSpec> Doctor() const {
    auto plan = PlanDoctor(config_, kPort, environment_);
    if (const auto* fault = std::get_if<Fault>(&plan)) {
      ADD_FAILURE() << fault->message;
      return {};
    }
    return std::get<0>(std::move(plan));
  }
};

TEST_F(DoctorPlanTest, RunsThePackagesOwnDoctor) {
  InstallPackage("openclaw");
  WriteProgram("bin/node");
  config_.directory = Path("openclaw");
  config_.home = "/home/other";
  config_.dev = true;

  const auto spec = Doctor();

  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->executable, Path("bin/node"));
  EXPECT_THAT(spec->arguments,
              ElementsAre(Path("openclaw/openclaw.mjs"), "doctor", "--fix",
                          "--yes", "--non-interactive"));
  EXPECT_EQ(spec->directory, Path("openclaw"));
  EXPECT_THAT(spec->environment, Contains("HOME=/home/other"));
}

TEST_F(DoctorPlanTest, RunsTheDoctorOfTheSources) {
  CheckOut("sources");
  WriteProgram("bin/pnpm");
  config_.directory = Path("sources");

  const auto spec = Doctor();

  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->arguments, ElementsAre("run", "dev", "doctor", "--fix",
                                           "--yes", "--non-interactive"));
}

TEST_F(DoctorPlanTest, IsGivenNoToken) {
  InstallPackage("openclaw");
  WriteProgram("bin/node");
  config_.directory = Path("openclaw");
  environment_.push_back("OPENCLAW_GATEWAY_TOKEN=of-another");

  const auto spec = Doctor();

  ASSERT_TRUE(spec);
  auto expected = Spec().environment;
  ASSERT_THAT(expected.back(), StartsWith("OPENCLAW_GATEWAY_TOKEN="));
  expected.pop_back();
  EXPECT_EQ(spec->environment, expected);
}

TEST_F(DoctorPlanTest, IsNoneForACommand) {
  WriteProgram("bin/gateway");
  config_.command = {"gateway"};

  EXPECT_FALSE(Doctor());
}

TEST_F(DoctorPlanTest, RunsTheCommandThatIsConfigured) {
  WriteProgram("bin/gateway");
  config_.command = {"gateway"};
  config_.doctor_command = {"gateway", "repair", "{port}"};

  const auto spec = Doctor();

  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->executable, Path("bin/gateway"));
  EXPECT_THAT(spec->arguments, ElementsAre("repair", "4321"));
  EXPECT_EQ(spec->directory, "/");
}

TEST_F(DoctorPlanTest, TellsWhatIsMissing) {
  const auto fault_of = [&] {
    return std::get<Fault>(PlanDoctor(config_, kPort, environment_));
  };

  EXPECT_EQ(fault_of().reason, Reason::kGatewayNotInstalled);
  config_.doctor_command = {"medic"};
  EXPECT_EQ(fault_of().message,
            "gateway.doctor_command names medic, which is not a program");
}

}  // namespace
}  // namespace clawplane::core
