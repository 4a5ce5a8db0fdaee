#include "clawplane/client/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/client/temp_dir.h"

namespace clawplane::client {
namespace {

using ::testing::HasSubstr;

Environment Of(std::map<std::string, std::string> variables,
               bool is_root = false) {
  return {
      .variable =
          [variables](absl::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(std::string(name));
        if (found == variables.end()) return std::nullopt;
        return found->second;
      },
      .is_root = is_root};
}

TargetOptions Named(const std::string& target) {
  TargetOptions options;
  options.target = target;
  return options;
}

TEST(StateDirectory, PrefersTheOptionThenOurVariableThenSystemd) {
  TargetOptions options;
  std::map<std::string, std::string> all = {{"CLAWPLANE_STATE_DIR", "/b"},
                                            {"STATE_DIRECTORY", "/c:/other"},
                                            {"XDG_STATE_HOME", "/d"},
                                            {"HOME", "/e"}};

  EXPECT_EQ(*StateDirectory(options, Of(all, true)), "/b");
  all.erase("CLAWPLANE_STATE_DIR");
  EXPECT_EQ(*StateDirectory(options, Of(all, true)), "/c");
  all.erase("STATE_DIRECTORY");
  EXPECT_EQ(*StateDirectory(options, Of(all, true)), "/var/lib/clawplane");
  EXPECT_EQ(*StateDirectory(options, Of(all)), "/d/clawplane");
  all.erase("XDG_STATE_HOME");
  EXPECT_EQ(*StateDirectory(options, Of(all)), "/e/.local/state/clawplane");
  options.state_dir = "/a";
  EXPECT_EQ(*StateDirectory(options, Of(all)), "/a");
}

TEST(StateDirectory, IsUnknownWithoutAHome) {
  EXPECT_FALSE(StateDirectory({}, Of({})).ok());
}

TEST(ResolveTarget, IsTheSocketInTheStateDirectoryUnlessNamed) {
  const auto target = ResolveTarget({}, Of({{"HOME", "/home/me"}}));

  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->address,
            "unix:/home/me/.local/state/clawplane/clawplane.sock");
  EXPECT_TRUE(target->is_unix());
}

TEST(ResolveTarget, PrefersTheOptionToTheVariable) {
  const Environment environment =
      Of({{"CLAWPLANE_TARGET", "/from/variable"}, {"HOME", "/h"}});

  EXPECT_EQ(ResolveTarget({}, environment)->address, "unix:/from/variable");
  EXPECT_EQ(ResolveTarget(Named("unix:/from/option"), environment)->address,
            "unix:/from/option");
}

TEST(ResolveTarget, TakesHostAndPort) {
  const Environment environment = Of({{"HOME", "/nonexistent"}});

  for (const char* good : {"localhost:50061", "127.0.0.1:1", "[::1]:65535"}) {
    const auto target = ResolveTarget(Named(good), environment);
    ASSERT_TRUE(target.ok()) << good << target.status();
    EXPECT_EQ(target->address, good);
    EXPECT_FALSE(target->is_unix());
  }
  for (const char* bad :
       {"", "host", "host:", "host:0", "host:65536", ":80", "host:x", "a b:80",
        "::1:80", "unix:relative", "unix:", "http://host:80", "host:80\n"}) {
    EXPECT_FALSE(ResolveTarget(Named(bad), environment).ok()) << bad;
  }
}

TEST(ResolveTarget, RefusesASocketPathThatTheSystemWould) {
  const std::string longest = "/" + std::string(106, 'x');

  EXPECT_TRUE(ResolveTarget(Named(longest), Of({})).ok());
  const auto target = ResolveTarget(Named(longest + "x"), Of({}));
  ASSERT_FALSE(target.ok());
  EXPECT_THAT(std::string(target.status().message()),
              HasSubstr("has 108 bytes, and the system allows 107"));
}

TEST(ResolveTarget, ReadsTheTokenForTcpOnly) {
  const TempDir directory;
  directory.Write("access.token", "\n s3cret\n");
  const Environment environment =
      Of({{"CLAWPLANE_STATE_DIR", directory.path()}});

  EXPECT_EQ(ResolveTarget(Named("localhost:1"), environment)->token, "s3cret");
  EXPECT_EQ(ResolveTarget(Named("/socket"), environment)->token, "");
}

TEST(ResolveTarget, PrefersTheOptionsTokenFileToTheVariables) {
  const TempDir directory;
  TargetOptions options = Named("localhost:1");
  const Environment environment =
      Of({{"CLAWPLANE_TOKEN_FILE", directory.Write("variable", "one")}});

  EXPECT_EQ(ResolveTarget(options, environment)->token, "one");
  options.token_file = directory.Write("option", "two");
  EXPECT_EQ(ResolveTarget(options, environment)->token, "two");
}

TEST(ResolveTarget, MissesOnlyTheDefaultTokenFileSilently) {
  const TempDir directory;
  TargetOptions options = Named("localhost:1");
  options.state_dir = directory.path();

  EXPECT_EQ(ResolveTarget(options, Of({}))->token, "");
  options.token_file = directory.path() + "/none";
  EXPECT_FALSE(ResolveTarget(options, Of({})).ok());
}

TEST(ResolveTarget, RefusesATokenThatCannotBeAndDoesNotShowIt) {
  const TempDir directory;
  TargetOptions options = Named("localhost:1");

  for (const std::string& text :
       {std::string(), std::string("  \n"), std::string("two words"),
        std::string("h\xC3\xA9"), std::string(5000, 'x')}) {
    options.token_file = directory.Write("token", text);
    const auto target = ResolveTarget(options, Of({}));
    ASSERT_FALSE(target.ok()) << text;
    if (text.find("words") != std::string::npos) {
      EXPECT_THAT(std::string(target.status().message()),
                  Not(HasSubstr("words")));
    }
  }
}

}  // namespace
}  // namespace clawplane::client
