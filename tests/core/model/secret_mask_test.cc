#include "core/model/secret_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <string>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SecretMask MaskOf(std::initializer_list<std::string_view> secrets) {
  SecretMask mask;
  for (const std::string_view secret : secrets) mask.Add(secret);
  return mask;
}

TEST(SecretMaskTest, LeavesATextWithoutSecretsAlone) {
  EXPECT_EQ(SecretMask().Mask("nothing to hide"), "nothing to hide");
  EXPECT_EQ(MaskOf({"hunter2hunter2"}).Mask(""), "");
  EXPECT_EQ(MaskOf({"hunter2hunter2"}).Mask("hunter2hunter"), "hunter2hunter");
}

TEST(SecretMaskTest, ReplacesEachOccurrenceOfEachSecret) {
  const SecretMask mask = MaskOf({"password", "key-12345"});
  EXPECT_EQ(mask.Mask("password, key-12345 and password"),
            "[redacted], [redacted] and [redacted]");
  EXPECT_EQ(mask.Mask("password"), "[redacted]");
  EXPECT_EQ(mask.Mask("passwordkey-12345"), "[redacted][redacted]");
}

TEST(SecretMaskTest, TakesSecretsOfAnyBytes) {
  const std::string secret("\0\xff\n\x80 [](", 8);
  EXPECT_EQ(MaskOf({secret}).Mask("a" + secret + "b"), "a[redacted]b");
}

TEST(SecretMaskTest, LeavesNothingOfSecretsThatOverlap) {
  const SecretMask mask = MaskOf({"abcdefgh", "efghijkl"});
  EXPECT_EQ(mask.Mask("<abcdefghijkl>"), "<[redacted]>");
}

TEST(SecretMaskTest, LeavesNothingOfASecretThatOverlapsItself) {
  EXPECT_EQ(MaskOf({"abcabcab"}).Mask("<abcabcabcab>"), "<[redacted]>");
}

TEST(SecretMaskTest, LeavesNothingOfASecretAroundAnother) {
  for (const auto& mask : {MaskOf({"inner-secret", "an-inner-secret-in-it"}),
                           MaskOf({"an-inner-secret-in-it", "inner-secret"})}) {
    EXPECT_EQ(mask.Mask("<an-inner-secret-in-it> inner-secret"),
              "<[redacted]> [redacted]");
  }
}

TEST(SecretMaskTest, HidesASecretThatIsPartOfItsReplacement) {
  EXPECT_EQ(MaskOf({"redacted"}).Mask("it is redacted here"),
            "it is [[...]] here");
  EXPECT_EQ(MaskOf({"[redacted]"}).Mask("it is [redacted] here"),
            "it is [...] here");
}

TEST(SecretMaskTest, HidesASecretThatAReplacementCompletes) {
  EXPECT_EQ(MaskOf({"password", "[redacted]x"}).Mask("passwordx"), "[...]");
  EXPECT_EQ(MaskOf({"password", "[redacted]x", "[...][...]"})
                .Mask("passwordxpasswordx"),
            "[...]");
}

TEST(SecretMaskTest, HidesTheBeginningOfASecretWhereTheTextWasCut) {
  const SecretMask mask = MaskOf({"password", "sword-fish"});
  EXPECT_EQ(mask.Mask("the passwor", true), "the [redacted]");
  EXPECT_EQ(mask.Mask("the password", true), "the [redacted]");
  EXPECT_EQ(mask.Mask("the passwor", false), "the passwor");
  EXPECT_EQ(mask.Mask("the end", true), "the end");
}

TEST(SecretMaskTest, PassesOverWhatIsTooShort) {
  const SecretMask mask = MaskOf({"", "a", "1234567"});
  EXPECT_EQ(mask.Mask("a 1234567"), "a 1234567");
  EXPECT_EQ(MaskOf({"12345678"}).Mask("12345678"), "[redacted]");
}

TEST(SecretMaskTest, ForgetsTheOldestOfTooMany) {
  SecretMask mask;
  const auto secret = [](int i) { return Concat("secret-", 100 + i); };
  for (int i = 0; i < 64; ++i) mask.Add(secret(i));
  mask.Add(secret(0));
  mask.Add(secret(64));

  EXPECT_EQ(mask.Mask(secret(1)), secret(1));
  for (const int i : {0, 2, 63, 64}) {
    EXPECT_EQ(mask.Mask(secret(i)), "[redacted]") << i;
  }
}

TEST(SecretMaskTest, NeverLeavesASecretInATextOfFewLetters) {
  std::mt19937 random(1);
  const auto word = [&](size_t size) {
    std::string text;
    while (text.size() < size) text += "ab[."[random() % 4];
    return text;
  };
  for (int round = 0; round < 2000; ++round) {
    SecretMask mask;
    std::vector<std::string> secrets;
    for (int i = 0; i < 3; ++i) {
      secrets.push_back(word(8 + random() % 3));
      mask.Add(secrets.back());
    }
    std::string text = word(20);
    for (const std::string& secret : secrets) {
      text.insert(random() % text.size(), secret);
    }
    for (const std::string& secret : secrets) {
      EXPECT_THAT(mask.Mask(text), Not(HasSubstr(secret)));
    }
  }
}

}  // namespace
}  // namespace clawplane::core
