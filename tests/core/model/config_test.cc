#include "core/model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace clawplane::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Values = std::vector<std::string>;

std::string Fault(std::string_view key, const Values& values) {
  Config config;
  return std::string(ApplySetting(key, values, "here", config).message());
}
bool Allows(std::string_view key, const std::string& value) {
  return Fault(key, {value}).empty();
}
Config With(std::string_view key, const Values& values) {
  Config config;
  const auto status = ApplySetting(key, values, "here", config);
  EXPECT_TRUE(status.ok()) << status;
  return config;
}

struct Bounds {
  const char* key;
  const char* below;
  const char* least;
  const char* most;
  const char* above;
};

constexpr Bounds kBounds[] = {
    {"gateway.port", "0", "1", "65535", "65536"},
    {"gateway.probe_timeout", "49ms", "50ms", "60s", "60001ms"},
    {"gateway.start_budget", "999ms", "1s", "1h", "1h1ms"},
    {"gateway.start_limit", "999ms", "1s", "24h", "24h1ms"},
    {"gateway.stop_grace", "-1s", "0s", "330s", "330001ms"},
    {"gateway.drain_limit", "0s", "1s", "1h", "2h"},
    {"gateway.restart_delay", "-1s", "0s", "60s", "1m1ms"},
    {"gateway.handshake_timeout", "99ms", "100ms", "300s", "5m1ms"},
    {"gateway.max_reconnect_attempts", "0", "1", "1000", "1001"},
    {"gateway.check_interval", "999ms", "1s", "1h", "1h1ms"},
    {"gateway.silence_limit", "2999ms", "3s", "24h", "24h1ms"},
    {"gateway.memory_soft_limit", "-1", "0", "1048576", "1048577"},
    {"gateway.memory_hard_limit", "-1", "0", "1048576", "1048577"},
    {"rpc.max_in_flight", "0", "1", "256", "257"},
    {"rpc.max_queued", "0", "1", "65536", "65537"},
    {"events.max_count", "0", "1", "10000000", "10000001"},
    {"events.max_bytes", "65535", "65536", "8589934592", "8589934593"},
    {"logs.max_lines", "0", "1", "100000", "100001"},
    {"logs.max_bytes", "65535", "65536", "268435456", "268435457"},
};

TEST(ConfigTest, HoldsNumbersAndTimesToTheirBounds) {
  for (const Bounds& bounds : kBounds) {
    EXPECT_TRUE(Allows(bounds.key, bounds.least)) << bounds.key;
    EXPECT_TRUE(Allows(bounds.key, bounds.most)) << bounds.key;
    for (const char* bad : {bounds.below, bounds.above, "", "x", "1x", " 1s",
                            "99999999999999999999999999", "1.5", "0x1"}) {
      EXPECT_FALSE(Allows(bounds.key, bad)) << bounds.key << ' ' << bad;
    }
  }
}

TEST(ConfigTest, ReadsTimes) {
  const auto grace = [](const std::string& text) {
    return With("gateway.stop_grace", {text}).machine.stop_grace;
  };
  EXPECT_EQ(grace("10s"), seconds(10));
  EXPECT_EQ(grace("250ms"), milliseconds(250));
  EXPECT_EQ(grace("1m30s"), seconds(90));
  EXPECT_EQ(grace("2m1s1ms"), milliseconds(121'001));
  EXPECT_EQ(With("gateway.start_budget", {"1h"}).machine.start_budget,
            hours(1));
  for (const char* bad : {"10", "s", "10 s", "1s30", "1d", "1us", "10S"}) {
    EXPECT_FALSE(Allows("gateway.stop_grace", bad)) << bad;
  }
}

TEST(ConfigTest, IsNotFooledByTimesThatOverflow) {
  // In nanoseconds, each is a little over a multiple of 2^64.
  for (const char* bad : {"5124096h", "5125h", "18446744074s", "307445735m",
                          "1000000000h", "9223372036s9223372036s"}) {
    EXPECT_FALSE(Allows("gateway.start_budget", bad)) << bad;
    EXPECT_FALSE(Allows("gateway.stop_grace", bad)) << bad;
  }
}

TEST(ConfigTest, ReadsModes) {
  EXPECT_EQ(With("gateway.mode", {"launch"}).machine.mode, Mode::kLaunch);
  EXPECT_EQ(With("gateway.mode", {"attach"}).machine.mode, Mode::kAttach);
  EXPECT_EQ(With("gateway.mode", {"auto"}).machine.mode, Mode::kAuto);
  EXPECT_FALSE(Allows("gateway.mode", "Auto"));
}

TEST(ConfigTest, ReadsWhoMayReadTheMetrics) {
  using Metrics = OpsConfig::Metrics;
  EXPECT_EQ(With("ops.metrics", {"none"}).ops.metrics, Metrics::kNobody);
  EXPECT_EQ(With("ops.metrics", {"token"}).ops.metrics, Metrics::kTokenBearers);
  EXPECT_EQ(With("ops.metrics", {"open"}).ops.metrics, Metrics::kEverybody);
  EXPECT_FALSE(Allows("ops.metrics", "true"));
}

TEST(ConfigTest, ReadsYesAndNo) {
  for (const char* key :
       {"gateway.dev", "gateway.allow_unconfigured", "gateway.skip_channels"}) {
    EXPECT_TRUE(Allows(key, "true"));
    EXPECT_TRUE(Allows(key, "false"));
    EXPECT_FALSE(Allows(key, "yes"));
    EXPECT_FALSE(Allows(key, "1"));
  }
  EXPECT_TRUE(With("gateway.dev", {"true"}).gateway.dev);
}

TEST(ConfigTest, ListensOnAddressesOnly) {
  for (const char* key : {"listen", "tls.listen", "ops.listen"}) {
    for (const char* good :
         {"127.0.0.1:50061", "127.255.0.9:0", "[::1]:65535", "localhost:1",
          "none", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::7]:1"}) {
      EXPECT_TRUE(Allows(key, good)) << key << " " << good;
    }
    for (const char* bad :
         {"127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0:1", "127.0.0.256:1", "127.0.0.1.1:1", "127..0.1:1",
          "127.0.0.1.evil.example:1", "::1:1", "1127.0.0.1:1", ":1", "", "None",
          "127.0.0.1:1 ", "[]:1", "[x]:1", "host.example:1"}) {
      EXPECT_FALSE(Allows(key, bad)) << key << " " << bad;
    }
  }
}

// ---- What is reachable from other machines

TEST(CheckListenersTest, TakesLoopbackInPlainText) {
  Config config;
  for (const char* listen :
       {"127.0.0.1:1", "127.8.9.10:1", "localhost:1", "[::1]:1", "none"}) {
    config.listen = listen;
    EXPECT_TRUE(CheckListeners(config).ok()) << listen;
  }
}

TEST(CheckListenersTest, RefusesOtherAddressesInPlainTextAndSaysHow) {
  Config config;
  for (const char* listen : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1",
                             "[::ffff:127.0.0.1]:1", "128.0.0.1:1"}) {
    config.listen = listen;
    EXPECT_THAT(std::string(CheckListeners(config).message()),
                AllOf(HasSubstr(listen), HasSubstr("tls.listen"),
                      HasSubstr("access.file"), HasSubstr("insecure_bind")));
  }
  config.insecure_bind = true;
  EXPECT_TRUE(CheckListeners(config).ok());
}

TEST(CheckListenersTest, KeepsOpenMetricsOnLoopback) {
  Config config;
  for (const char* listen : {"0.0.0.0:1", "[::]:1", "192.0.2.1:1"}) {
    config.ops.listen = listen;
    config.ops.metrics = OpsConfig::Metrics::kEverybody;
    EXPECT_THAT(std::string(CheckListeners(config).message()),
                AllOf(HasSubstr(listen), HasSubstr("ops.metrics is open"),
                      HasSubstr("set ops.metrics to token or none")));
    config.ops.metrics = OpsConfig::Metrics::kTokenBearers;
    EXPECT_TRUE(CheckListeners(config).ok()) << listen;
    config.ops.metrics = OpsConfig::Metrics::kNobody;
    EXPECT_TRUE(CheckListeners(config).ok()) << listen;
  }
  config.ops = {.listen = "127.0.0.1:1",
                .metrics = OpsConfig::Metrics::kEverybody};
  EXPECT_TRUE(CheckListeners(config).ok());
}

TEST(CheckListenersTest, AsksForAllThatTlsNeeds) {
  Config config;
  config.tls.listen = "0.0.0.0:1";
  const auto message = [&] {
    return std::string(CheckListeners(config).message());
  };
  EXPECT_THAT(message(), HasSubstr("tls.cert_file is not set"));
  config.tls.cert_file = "c";
  EXPECT_THAT(message(), HasSubstr("tls.key_file is not set"));
  config.tls.key_file = "k";
  EXPECT_THAT(message(), HasSubstr("access.file is not set"));
  config.access.file = "a";
  EXPECT_EQ(message(), "");
  config.tls.require_client_certificate = true;
  EXPECT_THAT(message(), HasSubstr("tls.client_ca_file"));
  config.tls.client_ca_file = "ca";
  EXPECT_EQ(message(), "");
}

TEST(ConfigTest, TakesPatternsOfMethods) {
  for (const char* key : {"access.operator_methods", "access.denied_methods"}) {
    for (const char* good : {"agent", "cron.*", "*"}) {
      EXPECT_TRUE(Allows(key, good)) << good;
    }
    for (const char* bad : {"", "*.x", "a*b", "a**"}) {
      EXPECT_FALSE(Allows(key, bad)) << bad;
    }
  }
}

TEST(ConfigTest, HoldsSocketPathsToWhatTheSystemTakes) {
  EXPECT_TRUE(Allows("socket", std::string(107, 's')));
  EXPECT_FALSE(Allows("socket", std::string(108, 's')));
  EXPECT_FALSE(Allows("socket", ""));
}

TEST(ConfigTest, HoldsTextsToTheirLength) {
  for (const char* key : {"name", "state_dir", "gateway.dir", "gateway.node",
                          "gateway.home", "gateway.token_file"}) {
    EXPECT_FALSE(Allows(key, "")) << key;
    EXPECT_TRUE(Allows(key, "x")) << key;
    EXPECT_TRUE(Allows(key, std::string(4096, 'x'))) << key;
    EXPECT_FALSE(Allows(key, std::string(4097, 'x'))) << key;
  }
}

TEST(ConfigTest, TakesLists) {
  EXPECT_THAT(With("gateway.command", {"node", "x"}).gateway.command,
              ElementsAre("node", "x"));
  EXPECT_THAT(With("gateway.scopes", {"a"}).gateway.scopes, ElementsAre("a"));
  EXPECT_TRUE(With("gateway.scopes", {}).gateway.scopes.empty());
  EXPECT_NE(Fault("gateway.command", {"node", ""}), "");
}

TEST(ConfigTest, KeepsItsOwnVariablesOutOfTheGatewaysEnvironment) {
  EXPECT_TRUE(Fault("gateway.environment", {"A=1", "B=", "C=a=b"}).empty());
  for (const char* bad :
       {"A", "=1", "", "OPENCLAW_GATEWAY_TOKEN=x", "CLAWPLANE_NAME=x"}) {
    EXPECT_NE(Fault("gateway.environment", {"A=1", bad}), "") << bad;
  }
}

TEST(ConfigTest, TakesOneValueWhereThereIsNoList) {
  EXPECT_THAT(Fault("name", {}), HasSubstr("takes one value"));
  EXPECT_THAT(Fault("name", {"a", "b"}), HasSubstr("takes one value"));
}

TEST(ConfigTest, SaysWhereWhatAndWhatIsAllowed) {
  EXPECT_EQ(Fault("gateway.port", {"0"}),
            "here: gateway.port is \"0\"; allowed: 1 to 65535");
}

TEST(ConfigTest, LeavesTheConfigAloneWhenAValueIsBad) {
  Config config;
  EXPECT_FALSE(ApplySetting("gateway.port", {"0"}, "here", config).ok());
  EXPECT_EQ(config.machine.port, 18789);
}

TEST(ConfigTest, GuessesWhatAnUnknownKeyMeant) {
  EXPECT_EQ(Fault("gateway.prot", {"1"}),
            "here: unknown key gateway.prot; did you mean gateway.port?");
  EXPECT_EQ(Fault("something.else", {"1"}), "here: unknown key something.else");
}

TEST(ConfigTest, HasDefaultsAsDocumented) {
  const Config defaults;
  const auto documented = [](std::string_view key) {
    const auto& all = Settings();
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const Setting& s) { return s.key == key; });
    return With(key, {std::string(found->fallback)});
  };
  EXPECT_EQ(documented("name").name, defaults.name);
  EXPECT_EQ(documented("listen").listen, defaults.listen);
  EXPECT_EQ(documented("ops.listen").ops.listen, defaults.ops.listen);
  EXPECT_EQ(documented("ops.metrics").ops.metrics, defaults.ops.metrics);
  EXPECT_EQ(documented("gateway.port").machine.port, defaults.machine.port);
  EXPECT_EQ(documented("gateway.mode").machine.mode, defaults.machine.mode);
  EXPECT_EQ(documented("gateway.dev").gateway.dev, defaults.gateway.dev);
  EXPECT_EQ(documented("gateway.probe_timeout").gateway.probe_timeout,
            defaults.gateway.probe_timeout);
  EXPECT_EQ(documented("gateway.start_budget").machine.start_budget,
            defaults.machine.start_budget);
  EXPECT_EQ(documented("gateway.stop_grace").machine.stop_grace,
            defaults.machine.stop_grace);
  EXPECT_EQ(documented("gateway.restart_delay").machine.restart_delay,
            defaults.machine.restart_delay);
  EXPECT_EQ(documented("gateway.handshake_timeout").machine.handshake_timeout,
            defaults.machine.handshake_timeout);
  EXPECT_EQ(documented("gateway.max_reconnect_attempts")
                .machine.max_reconnect_attempts,
            defaults.machine.max_reconnect_attempts);
  EXPECT_EQ(documented("rpc.max_in_flight").calls.max_in_flight,
            defaults.calls.max_in_flight);
  EXPECT_EQ(documented("rpc.max_queued").calls.max_queued,
            defaults.calls.max_queued);
  EXPECT_EQ(documented("events.max_count").events.max_events,
            defaults.events.max_events);
  EXPECT_EQ(documented("events.max_bytes").events.max_bytes,
            defaults.events.max_bytes);
  EXPECT_EQ(documented("logs.max_lines").logs.max_lines,
            defaults.logs.max_lines);
  EXPECT_EQ(documented("logs.max_bytes").logs.max_bytes,
            defaults.logs.max_bytes);
}

TEST(SettingTest, SpellsItsFlagAndVariableByRule) {
  const auto& all = Settings();
  const auto grace = std::find_if(all.begin(), all.end(), [](const Setting& s) {
    return s.key == "gateway.stop_grace";
  });

  EXPECT_EQ(grace->flag(), "--gateway-stop-grace");
  EXPECT_EQ(grace->variable(), "CLAWPLANE_GATEWAY_STOP_GRACE");
}

// Each kind of value that a setting can have, other than its default.
std::vector<std::string> AnotherValue(const Setting& setting) {
  Config config;
  const std::vector<std::vector<std::string>> candidates = {
      {"false"},      {"true"},       {"none"},         {"debug"},
      {"json"},       {"attach"},     {"127.0.0.1:1"},  {"1"},
      {"65536"},      {"100000"},     {"2000000"},      {"1s"},
      {"5s"},         {"drain"},      {"300s"},         {"1h"},
      {"/somewhere"}, {"A=b", "C=d"}, {"other", "more"}};
  for (const auto& values : candidates) {
    if (!setting.is_list && values.size() > 1) continue;
    if (!setting.place.apply(values, config)) continue;
    if (setting.place.show(config) != setting.place.show(Config())) {
      return values;
    }
  }
  return {};
}

TEST(SettingTest, ShowsWhatWasAppliedAndCopiesIt) {
  for (const Setting& setting : Settings()) {
    const auto values = AnotherValue(setting);
    ASSERT_FALSE(values.empty()) << setting.key;
    Config config;
    ASSERT_TRUE(ApplySetting(setting.key, values, "here", config).ok());
    EXPECT_EQ(setting.place.show(config), values) << setting.key;

    const auto changed = ChangedSettings(config, Config());
    ASSERT_EQ(changed.size(), 1u) << setting.key;
    EXPECT_EQ(changed[0]->key, setting.key);

    Config copy;
    CopySetting(setting, config, copy);
    EXPECT_TRUE(ChangedSettings(config, copy).empty()) << setting.key;
    EXPECT_EQ(copy.origins.at(setting.key), "here");
    CopySetting(setting, Config(), copy);
    EXPECT_TRUE(copy.origins.empty());
  }
}

TEST(SettingTest, ShowsItsDefaultAsItCanBeRead) {
  for (const Setting& setting : Settings()) {
    const auto values = setting.place.show(Config());
    if (values.empty()) continue;
    Config config;
    EXPECT_TRUE(setting.place.apply(values, config)) << setting.key;
    EXPECT_TRUE(ChangedSettings(config, Config()).empty()) << setting.key;
  }
}

TEST(SettingTest, ShowsTimesInTheirUnits) {
  Config config;
  ASSERT_TRUE(ApplySetting("gateway.stop_grace", {"1m30s"}, "", config).ok());
  ASSERT_TRUE(
      ApplySetting("gateway.probe_timeout", {"1s250ms"}, "", config).ok());
  for (const Setting& setting : Settings()) {
    if (setting.key == "gateway.stop_grace") {
      EXPECT_THAT(setting.place.show(config), ElementsAre("90s"));
    } else if (setting.key == "gateway.probe_timeout") {
      EXPECT_THAT(setting.place.show(config), ElementsAre("1250ms"));
    }
  }
}

TEST(SettingsTableTest, HasARowOfSevenCellsForEachSetting) {
  const std::string table = SettingsTable();

  for (const Setting& setting : Settings()) {
    EXPECT_THAT(table, HasSubstr("| `" + std::string(setting.key) + "` |"));
    EXPECT_THAT(table, HasSubstr("`" + setting.flag() + "`"));
    EXPECT_THAT(table, HasSubstr("`" + setting.variable() + "`"));
  }
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'),
            static_cast<int>(Settings().size()) + 2);
  EXPECT_EQ(std::count(table.begin(), table.end(), '|'),
            8 * (static_cast<int>(Settings().size()) + 2));
}

TEST(SettingsTableTest, StandsInTheReadmeAsItIs) {
  std::ifstream file(README_FILE);
  const std::string readme(std::istreambuf_iterator<char>(file), {});

  EXPECT_THAT(readme, HasSubstr(SettingsTable()))
      << "put the output of clawplaned --settings into README.md";
}

}  // namespace
}  // namespace clawplane::core
