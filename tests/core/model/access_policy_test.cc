#include "core/model/access_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clawplane::core {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = ApiCall::Kind;

constexpr ApiCall kLook{Kind::kRead, "GetStatus", ""};
constexpr ApiCall kStop{Kind::kOrder, "Stop", ""};

ApiCall Method(std::string_view method) {
  return {Kind::kMethod, "Rpc", method};
}

bool May(Role role, const ApiCall& call, const AccessConfig& config = {}) {
  return !AccessPolicy(config).Refusal("ci", role, call).has_value();
}

TEST(AccessPolicyTest, LetsViewersLookOnAndNoMore) {
  EXPECT_TRUE(May(Role::kViewer, kLook));
  EXPECT_FALSE(May(Role::kViewer, kStop));
  for (const char* method : {"", "health", "sessions.list", "chat.send"}) {
    EXPECT_FALSE(May(Role::kViewer, Method(method))) << method;
  }
}

TEST(AccessPolicyTest, LetsOperatorsGiveOrdersAndCallWhatReadsOrWrites) {
  EXPECT_TRUE(May(Role::kOperator, kLook));
  EXPECT_TRUE(May(Role::kOperator, kStop));
  for (const char* method :
       {"", "health", "sessions.list", "chat.send", "agent"}) {
    EXPECT_TRUE(May(Role::kOperator, Method(method))) << method;
  }
  for (const char* method : {"config.set", "exec.approval.resolve",
                             "device.pair.approve", "no.such.method"}) {
    EXPECT_FALSE(May(Role::kOperator, Method(method))) << method;
  }
}

TEST(AccessPolicyTest, LetsAdminsDoAll) {
  for (const ApiCall& call :
       {kLook, kStop, Method("config.set"), Method("no.such.method")}) {
    EXPECT_TRUE(May(Role::kAdmin, call));
  }
}

TEST(AccessPolicyTest, OpensToOperatorsWhatTheConfigurationNames) {
  AccessConfig config;
  config.operator_methods = {"config.get", "plugin.*"};
  EXPECT_TRUE(May(Role::kOperator, Method("config.get"), config));
  EXPECT_TRUE(May(Role::kOperator, Method("plugin.x.y"), config));
  EXPECT_TRUE(May(Role::kOperator, Method("plugin."), config));
  EXPECT_FALSE(May(Role::kOperator, Method("config.get2"), config));
  EXPECT_FALSE(May(Role::kOperator, Method("config.ge"), config));
  EXPECT_FALSE(May(Role::kOperator, Method("plugin"), config));
  EXPECT_FALSE(May(Role::kViewer, Method("config.get"), config));
}

TEST(AccessPolicyTest, DeniesToAllWhatTheConfigurationNames) {
  AccessConfig config;
  config.operator_methods = {"*"};
  config.denied_methods = {"exec.*"};
  EXPECT_FALSE(May(Role::kAdmin, Method("exec.run"), config));
  EXPECT_FALSE(May(Role::kOperator, Method("exec.run"), config));
  EXPECT_TRUE(May(Role::kOperator, Method("config.set"), config));
  // A method that is not known yet is not denied.
  EXPECT_TRUE(May(Role::kOperator, Method(""), config));
}

TEST(AccessPolicyTest, NamesTheRoleThatIsNeeded) {
  const AccessPolicy policy{AccessConfig()};
  const auto order = policy.Refusal("ci", Role::kViewer, kStop);
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->reason, Reason::kRoleRequired);
  EXPECT_EQ(order->message,
            "Stop needs the role operator, and ci has the role viewer");
  EXPECT_THAT(order->next_step, HasSubstr("operator"));

  const auto method =
      policy.Refusal("ci", Role::kOperator, Method("config.set"));
  ASSERT_TRUE(method.has_value());
  EXPECT_THAT(method->message, AllOf(HasSubstr("config.set needs the role "
                                               "admin"),
                                     HasSubstr("operator")));
}

TEST(AccessPolicyTest, KnowsWhatMayChangeSomething) {
  EXPECT_FALSE(AccessPolicy::IsAct(kLook));
  EXPECT_TRUE(AccessPolicy::IsAct(kStop));
  EXPECT_FALSE(AccessPolicy::IsAct(Method("sessions.list")));
  EXPECT_TRUE(AccessPolicy::IsAct(Method("chat.send")));
  EXPECT_TRUE(AccessPolicy::IsAct(Method("config.set")));
  EXPECT_TRUE(AccessPolicy::IsAct(Method("no.such.method")));
}

}  // namespace
}  // namespace clawplane::core
