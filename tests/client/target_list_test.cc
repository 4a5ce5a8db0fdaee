#include "client/clawctl/target_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tests/client/temp_dir.h"

namespace clawplane::clawctl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What the system would say of these hosts.
const std::map<std::string, std::vector<std::string>>& Hosts() {
  static const auto& hosts =
      *new std::map<std::string, std::vector<std::string>>{
          {"gateways.example", {"10.0.0.1", "10.0.0.2", "[fd00::1]"}},
          {"one.example", {"10.0.0.2"}},
      };
  return hosts;
}

absl::StatusOr<std::vector<std::string>> Find(const std::string& host) {
  const auto found = Hosts().find(host);
  if (found == Hosts().end()) return absl::UnavailableError("no such host");
  return found->second;
}

absl::StatusOr<std::vector<NamedTarget>> Resolve(
    const std::string& where, const client::TargetOptions& options = {}) {
  const client::Environment environment = {
      .variable = [](absl::string_view) { return std::nullopt; },
      .is_root = true};
  return ResolveTargets(where, options, environment, &Find);
}

std::vector<std::string> AddressesOf(const std::string& where) {
  const auto targets = Resolve(where);
  if (!targets.ok()) return {targets.status().ToString()};
  std::vector<std::string> addresses;
  for (const auto& it : *targets) addresses.push_back(it.target.address);
  return addresses;
}

std::string ErrorOf(const std::string& where) {
  return std::string(Resolve(where).status().message());
}

TEST(ResolveTargets, TakesAListOfWhatTargetTakes) {
  EXPECT_THAT(
      AddressesOf("/run/a.sock, unix:/run/b.sock,c.example:50061"),
      ElementsAre("unix:/run/a.sock", "unix:/run/b.sock", "c.example:50061"));
}

TEST(ResolveTargets, TakesEachServerOnce) {
  EXPECT_THAT(AddressesOf("/a,c.example:1,unix:/a,c.example:2,c.example:1,"
                          "dns:gateways.example:7,dns:one.example:7"),
              ElementsAre("unix:/a", "c.example:1", "c.example:2", "10.0.0.1:7",
                          "10.0.0.2:7", "[fd00::1]:7"));
}

TEST(ResolveTargets, ReadsAFileWithNamesAndComments) {
  const client::TempDir directory;
  const std::string file =
      directory.Write("fleet",
                      "# the office\n\n  north \t n.example:1\ns.example:2\r\n"
                      "  # not now: w.example:3\ndns:one.example:4");

  const auto targets = Resolve("@" + file + ",/a");

  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->size(), 4U);
  EXPECT_EQ(targets->at(0).name, "north");
  EXPECT_EQ(targets->at(0).target.address, "n.example:1");
  EXPECT_EQ(targets->at(1).name, "s.example:2");
  EXPECT_EQ(targets->at(2).name, "10.0.0.2:4");
  EXPECT_EQ(targets->at(3).name, "unix:/a");
}

TEST(ResolveTargets, NamesTheLineThatIsWrong) {
  const client::TempDir directory;

  EXPECT_THAT(ErrorOf("@" + directory.Write("1", "a.example:1\nnonsense\n")),
              HasSubstr("/1, line 2: the target 'nonsense' is none of"));
  EXPECT_THAT(ErrorOf("@" + directory.Write("2", "a b.example:1 c\n")),
              HasSubstr("/2, line 1: 'a b.example:1 c' has 3 words"));
  EXPECT_THAT(ErrorOf("@" + directory.Write("3", "a b:1\na b:2\n")),
              HasSubstr("/3, line 2: the name 'a' is given twice"));
  EXPECT_THAT(
      ErrorOf("@" + directory.Write("4", "a dns:one.example:1\n")),
      HasSubstr("the name 'a' cannot stand for all that dns:one.example:1"));
  EXPECT_THAT(ErrorOf("@/nonexistent"),
              HasSubstr("cannot read the file of targets /nonexistent"));
}

TEST(ResolveTargets, RefusesWhatNamesNoServer) {
  const client::TempDir directory;

  EXPECT_THAT(ErrorOf(""), HasSubstr("a target in --targets is empty"));
  EXPECT_THAT(ErrorOf("/a,"), HasSubstr("a target in --targets is empty"));
  EXPECT_THAT(ErrorOf("@" + directory.Write("none", "# nobody\n")),
              HasSubstr("--targets names no server at all"));
}

TEST(ResolveTargets, ChecksTheCertificateAgainstTheHostThatWasResolved) {
  const auto targets = Resolve("tls:dns:gateways.example:7,tls:c.example:7");

  ASSERT_TRUE(targets.ok()) << targets.status();
  ASSERT_EQ(targets->size(), 4U);
  EXPECT_EQ(targets->at(2).target.address, "[fd00::1]:7");
  EXPECT_EQ(targets->at(2).target.tls->server_name, "gateways.example");
  EXPECT_EQ(targets->at(3).target.tls->server_name, "") << "it has its own";
}

TEST(ResolveTargets, ChecksTheCertificateAgainstTheNameThatWasGiven) {
  client::TargetOptions options;
  options.tls_server_name = "clawplane.example";

  const auto targets = Resolve("dns:gateways.example:7", options);

  ASSERT_TRUE(targets.ok()) << targets.status();
  EXPECT_EQ(targets->at(0).target.tls->server_name, "clawplane.example");
}

TEST(ResolveTargets, KnowsAHostThatIsNamedDns) {
  EXPECT_THAT(AddressesOf("dns:7"), ElementsAre("dns:7"));
}

TEST(ResolveTargets, SaysThatAHostIsNotFound) {
  const auto targets = Resolve("/a,dns:nowhere.example:7");

  EXPECT_EQ(targets.status().code(), absl::StatusCode::kUnavailable);
}

TEST(ResolveTargets, TakesAsManyAsAllowedAndNoMore) {
  const client::TempDir directory;
  std::string text;
  for (size_t i = 0; i < kMostTargets; ++i) {
    absl::StrAppend(&text, "h", i, ".example:1\n");
  }

  EXPECT_EQ(Resolve("@" + directory.Write("all", text))->size(), kMostTargets);
  EXPECT_THAT(ErrorOf("/a,@" + directory.Write("more", text)),
              HasSubstr("--targets names more than 10000 servers"));
}

TEST(ResolveHost, FindsTheAddressesOfThisMachine) {
  const auto hosts = ResolveHost("localhost");

  ASSERT_TRUE(hosts.ok()) << hosts.status();
  EXPECT_THAT(*hosts, Contains("127.0.0.1"));
}

TEST(ResolveHost, WritesAddressesAsTargetsHaveThem) {
  EXPECT_THAT(*ResolveHost("127.0.0.1"), ElementsAre("127.0.0.1"));
  EXPECT_THAT(*ResolveHost("::1"), ElementsAre("[::1]"));
}

TEST(ResolveHost, SaysWhichHostIsNotFound) {
  const auto hosts = ResolveHost("nowhere.invalid");

  EXPECT_EQ(hosts.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(hosts.status().message()),
              HasSubstr("'nowhere.invalid'"));
}

}  // namespace
}  // namespace clawplane::clawctl
