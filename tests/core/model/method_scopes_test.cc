#include "core/model/method_scopes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;

// The methods that the gateway of this version says it has.
std::vector<std::string> GatewayMethods() {
  std::ifstream file(TEST_DATA "/methods-2026.9.6.txt");
  std::vector<std::string> names;
  for (std::string name; std::getline(file, name);) names.push_back(name);
  return names;
}

std::vector<std::string> Methods(GatewayScope scope) {
  std::vector<std::string> names;
  for (const MethodScope& entry : MethodScopes()) {
    if (entry.scope == scope) names.emplace_back(entry.method);
  }
  return names;
}

TEST(MethodScopes, AreInOrderAndNoneStandsTwice) {
  std::string_view last;
  for (const MethodScope& entry : MethodScopes()) {
    EXPECT_LT(last, entry.method);
    last = entry.method;
  }
}

TEST(MethodScopes, FindsEveryMethodOfTheTable) {
  ASSERT_EQ(MethodScopes().size(), 410u);
  for (const MethodScope& entry : MethodScopes()) {
    EXPECT_EQ(ScopeOfMethod(entry.method), entry.scope) << entry.method;
  }
}

TEST(MethodScopes, KnowsOneOfEachScope) {
  const auto name = [](std::string_view method) {
    return Name(ScopeOfMethod(method).value());
  };

  EXPECT_EQ(name("health"), "operator.read");
  EXPECT_EQ(name("config.get"), "operator.read");
  EXPECT_EQ(name("chat.send"), "operator.write");
  EXPECT_EQ(name("config.set"), "operator.admin");
  EXPECT_EQ(name("exec.approval.resolve"), "operator.approvals");
  EXPECT_EQ(name("device.pair.approve"), "operator.pairing");
  EXPECT_EQ(name("question.resolve"), "operator.questions");
  EXPECT_EQ(name("talk.speak"), "operator.talk");
  EXPECT_EQ(name("node.event"), "node");
  EXPECT_EQ(name("sessions.delete"), "dynamic");
}

TEST(RoleForMethod, LetsOperatorsReadAndWrite) {
  for (const std::string_view method :
       {"health", "status", "config.get", "chat.history", "chat.send",
        "chat.abort", "sessions.send", "agent.wait", "wake"}) {
    EXPECT_EQ(RoleForMethod(method), Role::kOperator) << method;
  }
}

TEST(RoleForMethod, IsAdminForWhatConfiguresApprovesAndPairs) {
  for (const std::string_view method : {"config.set",
                                        "config.patch",
                                        "config.apply",
                                        "secrets.reload",
                                        "plugins.install",
                                        "update.run",
                                        "cron.add",
                                        "sessions.delete",
                                        "sessions.patch",
                                        "exec.approval.resolve",
                                        "plugin.approval.resolve",
                                        "device.pair.approve",
                                        "node.pair.approve",
                                        "channels.pairing.approve",
                                        "question.resolve",
                                        "talk.config",
                                        "node.invoke",
                                        "node.event",
                                        "plugins.sessionAction",
                                        "fs.listDir",
                                        "connect"}) {
    EXPECT_EQ(RoleForMethod(method), Role::kAdmin) << method;
    EXPECT_FALSE(ChangesNothing(method)) << method;
  }
}

TEST(RoleForMethod, IsAdminForAllOtherScopesButOfAgent) {
  std::vector<std::string> opened;
  for (const MethodScope& entry : MethodScopes()) {
    const bool fits = entry.scope == GatewayScope::kRead ||
                      entry.scope == GatewayScope::kWrite;
    if (!fits && RoleForMethod(entry.method) != Role::kAdmin) {
      opened.emplace_back(entry.method);
    }
    if (fits) {
      EXPECT_EQ(RoleForMethod(entry.method), Role::kOperator) << entry.method;
    }
  }

  EXPECT_THAT(opened, ElementsAre("agent"));
  EXPECT_EQ(ScopeOfMethod("agent"), GatewayScope::kDynamic);
}

TEST(RoleForMethod, IsNeverOneOfAViewer) {
  for (const MethodScope& entry : MethodScopes()) {
    EXPECT_NE(RoleForMethod(entry.method), Role::kViewer) << entry.method;
  }
}

TEST(RoleForMethod, IsAdminForANameThatIsNotExactlyOneOfTheTable) {
  using std::string_literals::operator""s;
  for (const std::string& name : {""s,           " "s,
                                  "\0"s,         "health\0"s,
                                  "\0health"s,   "healt"s,
                                  "healthy"s,    " health"s,
                                  "health "s,    "health\n"s,
                                  "health."s,    "Health"s,
                                  "HEALTH"s,     "chat"s,
                                  "chat."s,      "chat.sen"s,
                                  "chat.sendx"s, "Chat.send"s,
                                  "chat.Send"s,  "chat_send"s,
                                  "chat/send"s,  "*"s,
                                  "chat.*"s,     "Agent"s,
                                  "agents"s,     "agen"s,
                                  "agent "s,     "a"s,
                                  "\xff"s,       "chat.\xc0\xaesend"s,
                                  "zzz"s,        "browser.request"s,
                                  "__proto__"s,  std::string(100'000, 'a')}) {
    EXPECT_EQ(RoleForMethod(name), Role::kAdmin) << name.substr(0, 100);
    EXPECT_EQ(ScopeOfMethod(name), std::nullopt) << name.substr(0, 100);
    EXPECT_FALSE(ChangesNothing(name)) << name.substr(0, 100);
  }
}

// No neighbour of a name is taken for it.
TEST(RoleForMethod, IsAdminForEveryNameCutLengthenedOrInAnotherCase) {
  for (const MethodScope& entry : MethodScopes()) {
    const std::string name(entry.method);
    std::string capital = name;
    capital.front() = static_cast<char>(capital.front() - 'a' + 'A');
    for (const std::string& odd :
         {name.substr(0, name.size() - 1), name.substr(1), name + "x",
          "x" + name, name + '\0', capital}) {
      if (ScopeOfMethod(odd)) continue;  // `status`, say, but none of these
      EXPECT_EQ(RoleForMethod(odd), Role::kAdmin) << odd;
    }
    EXPECT_EQ(RoleForMethod(capital), Role::kAdmin) << capital;
    EXPECT_EQ(RoleForMethod(name + '\0'), Role::kAdmin) << name;
  }
}

TEST(ChangesNothing, IsSoOfMethodsThatRead) {
  for (const std::string_view method :
       {"health", "status", "config.get", "chat.history", "logs.tail",
        "sessions.list", "node.describe"}) {
    EXPECT_TRUE(ChangesNothing(method)) << method;
  }
}

TEST(ChangesNothing, IsSoOfNoMethodOfAnotherScope) {
  for (const MethodScope& entry : MethodScopes()) {
    if (entry.scope == GatewayScope::kRead) continue;
    EXPECT_FALSE(ChangesNothing(entry.method)) << entry.method;
  }
}

TEST(ChangesNothing, IsNotSoOfThoseThatActWithTheScopeOfAReader) {
  std::vector<std::string> acting = Methods(GatewayScope::kRead);
  std::erase_if(acting, [](const auto& name) { return ChangesNothing(name); });

  EXPECT_THAT(
      acting,
      ElementsAre("device.scopes.requestUpgrade", "environments.list",
                  "sessions.companion.ask", "users.github.authorize.cancel",
                  "users.github.authorize.poll", "users.github.authorize.start",
                  "users.github.disconnect"));
}

// The table is of an earlier version than the gateway; this says what that
// costs. A new table wants these numbers looked at.
TEST(RoleForMethod, IsAdminForWhatALaterGatewayAdds) {
  std::map<std::string, int> count;
  for (const std::string& method : GatewayMethods()) {
    const std::optional<GatewayScope> scope = ScopeOfMethod(method);
    ++count[scope ? std::string(Name(*scope)) : "none"];
    ++count[std::string(Name(RoleForMethod(method)))];
    if (!scope) {
      EXPECT_EQ(RoleForMethod(method), Role::kAdmin) << method;
    }
  }

  EXPECT_EQ(count["operator"], 204);
  EXPECT_EQ(count["admin"], 262);
  EXPECT_EQ(count["none"], 81) << "are admin for want of a scope";
  EXPECT_EQ(count["dynamic"], 12);
}

}  // namespace
}  // namespace clawplane::core
