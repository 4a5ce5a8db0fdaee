#include "server/access_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

// SHA-256 of "abc", which the standard (FIPS 180-2) has as its example.
constexpr char kAbc[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string Token(const std::string& name, const std::string& role,
                  const std::string& hash) {
  return "  - name: " + name + "\n    role: " + role + "\n    sha256: " + hash +
         "\n";
}

std::string Problem(const std::string& text) {
  const auto list = AccessList::Parse(text, "f");
  return list.ok() ? "" : std::string(list.status().message());
}

TEST(AccessListTest, FindsATokenByItsHash) {
  const auto list =
      AccessList::Parse("tokens:\n" + Token("ci", "operator", kAbc), "f");
  ASSERT_TRUE(list.ok()) << list.status();
  const auto* const entry = list->FindToken(HashToken("abc"));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->name, "ci");
  EXPECT_EQ(entry->role, core::Role::kOperator);
  for (const char* other : {"", "ab", "abcd", "ABC", kAbc}) {
    EXPECT_EQ(list->FindToken(HashToken(other)), nullptr) << other;
  }
}

TEST(AccessListTest, FindsEachOfManyTokens) {
  std::string text = "tokens:\n";
  std::vector<NewToken> made;
  for (int i = 0; i < 20; ++i) {
    made.push_back(*MakeToken("t" + std::to_string(i), core::Role::kViewer));
    text += made.back().entry;
  }
  const auto list = AccessList::Parse(text, "f");
  ASSERT_TRUE(list.ok()) << list.status();
  for (int i = 0; i < 20; ++i) {
    const auto* const entry = list->FindToken(HashToken(made[i].token));
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->name, "t" + std::to_string(i));
  }
}

TEST(AccessListTest, FindsACertificateByAnyOfItsNames) {
  const auto list = AccessList::Parse(
      "certificates:\n"
      "  - {name: a, role: viewer, san: 'spiffe://x/a'}\n"
      "  - {name: b, role: admin, san: b.example}\n",
      "f");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->FindCertificate({"z", "b.example"})->name, "b");
  EXPECT_EQ(list->FindCertificate({"b.example", "spiffe://x/a"})->name, "a");
  EXPECT_EQ(list->FindCertificate({"b.example.evil", "B.example", ""}),
            nullptr);
  EXPECT_EQ(list->FindCertificate({}), nullptr);
}

TEST(AccessListTest, MayBeEmpty) {
  for (const char* text : {"", "# nobody\n", "tokens:\n", "tokens: []\n"}) {
    const auto list = AccessList::Parse(text, "f");
    ASSERT_TRUE(list.ok()) << text << list.status();
    EXPECT_EQ(list->size(), 0u);
  }
}

TEST(AccessListTest, MakesTokensThatDifferAndShowNothingInTheirEntry) {
  const auto made = MakeToken("ci", core::Role::kOperator);
  ASSERT_TRUE(made.ok());
  EXPECT_THAT(made->token, MatchesRegex("clawplane_[0-9a-f]{64}"));
  EXPECT_THAT(made->entry, Not(HasSubstr(made->token.substr(10))));
  EXPECT_NE(MakeToken("ci", core::Role::kOperator)->token, made->token);
  EXPECT_FALSE(MakeToken("a b", core::Role::kViewer).ok());
}

TEST(AccessListTest, SaysWhereWhatAndWhatIsAllowed) {
  EXPECT_THAT(Problem("tokens:\n" + Token("ci", "root", kAbc)),
              AllOf(HasSubstr("access.file f:2"), HasSubstr("\"root\""),
                    HasSubstr("viewer, operator, admin")));
  EXPECT_THAT(Problem("tokens:\n" + Token("c i", "viewer", kAbc)),
              HasSubstr("\"c i\""));
  EXPECT_THAT(Problem("tokens:\n" + Token("socket", "viewer", kAbc)),
              HasSubstr("not socket"));
  EXPECT_THAT(Problem("tokens:\n" + Token("a", "viewer", kAbc) +
                      Token("a", "viewer", std::string(64, '0'))),
              HasSubstr("f:5: the name a occurs twice"));
  EXPECT_THAT(Problem("tokens:\n" + Token("a", "viewer", kAbc) +
                      Token("b", "viewer", kAbc)),
              HasSubstr("sha256 occurs twice"));
  EXPECT_THAT(Problem("tokens:\n  - {name: a, role: viewer, token: x}\n"),
              AllOf(HasSubstr("\"token\""), HasSubstr("sha256")));
  EXPECT_THAT(Problem("users: []\n"),
              AllOf(HasSubstr("\"users\""), HasSubstr("certificates")));
  EXPECT_THAT(Problem("- a\n"), HasSubstr("tokens:"));
  EXPECT_THAT(Problem("tokens: x\n"), HasSubstr("a list"));
  EXPECT_THAT(Problem("tokens:\n  - x\n"), HasSubstr("name, role and sha256"));
  EXPECT_THAT(Problem("tokens:\n  - {name: [a]}\n"), HasSubstr("a word"));
  EXPECT_THAT(Problem("certificates:\n  - {name: a, role: viewer}\n"),
              HasSubstr("san has 0 bytes"));
  EXPECT_THAT(Problem("tokens: {"), HasSubstr("access.file f:"));
}

TEST(AccessListTest, DoesNotRepeatWhatMayBeAToken) {
  EXPECT_THAT(Problem("tokens:\n" + Token("a", "viewer", "my-secret")),
              AllOf(HasSubstr("64 hexadecimal"), Not(HasSubstr("my-secret"))));
}

TEST(AccessListTest, IsBounded) {
  std::string text = "certificates:\n";
  for (size_t i = 0; i <= AccessList::kMaxEntries; ++i) {
    const std::string n = std::to_string(i);
    text += "  - {name: n" + n + ", role: viewer, san: s" + n + "}\n";
  }
  EXPECT_THAT(Problem(text), HasSubstr("at most 1000"));
}

// ---- The file itself

TEST(AccessListTest, IsReadFromAFileThatOnlyItsOwnerMayWrite) {
  testing::TempDirectory directory;
  const std::string path =
      directory.Write("access.yaml", "tokens:\n" + Token("a", "admin", kAbc));
  ::chmod(path.c_str(), 0644);
  ASSERT_TRUE(AccessList::Read(path).ok());
  for (const mode_t mode : {0620, 0602, 0666}) {
    ::chmod(path.c_str(), mode);
    EXPECT_THAT(std::string(AccessList::Read(path).status().message()),
                HasSubstr("chmod go-w " + path));
  }
}

TEST(AccessListTest, SaysThatThereIsNoFile) {
  EXPECT_THAT(std::string(AccessList::Read("/nowhere/f").status().message()),
              AllOf(HasSubstr("/nowhere/f"), HasSubstr("No such file")));
  EXPECT_THAT(std::string(AccessList::Read("/").status().message()),
              HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace clawplane::server
