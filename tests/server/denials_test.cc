#include "server/denials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/temp_directory.h"

namespace clawplane::server {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

AuditRecord From(const std::string& peer,
                 const std::string& reason = "TOKEN_REQUIRED") {
  AuditRecord record;
  record.phase = AuditRecord::Phase::kDenied;
  record.peer = peer;
  record.method = "Stop";
  record.reason = reason;
  return record;
}

class DenialsTest : public ::testing::Test {
 protected:
  DenialsTest() {
    core::AuditConfig config;
    config.file = directory_ / "audit";
    audit_ = *AuditLog::Open(config);
    denials_ = std::make_unique<Denials>(*audit_);
  }

  // Ends both, so that all is written.
  std::vector<std::string> Lines() {
    denials_ = nullptr;
    audit_ = nullptr;
    std::ifstream file(directory_ / "audit");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  testing::TempDirectory directory_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<Denials> denials_;
  Denials::Time now_{};
};

TEST_F(DenialsTest, WritesTheFirstAndCountsItsLike) {
  for (int i = 0; i < 1000; ++i) denials_->Add(From("192.0.2.1"), now_);
  EXPECT_THAT(Lines(),
              ElementsAre(AllOf(HasSubstr("\"denied\""), HasSubstr("192.0.2.1"),
                                Not(HasSubstr("repe"))),
                          HasSubstr("\"repeated\":999")));
}

TEST_F(DenialsTest, WritesOneThatStaysAloneOnce) {
  denials_->Add(From("192.0.2.1"), now_);
  denials_->Flush(now_ + seconds(20));
  EXPECT_THAT(Lines(), SizeIs(1));
}

TEST_F(DenialsTest, TellsThemApart) {
  denials_->Add(From("192.0.2.1"), now_);
  denials_->Add(From("192.0.2.2"), now_);
  denials_->Add(From("192.0.2.1", "ROLE_REQUIRED"), now_);
  EXPECT_THAT(Lines(), SizeIs(3));
}

TEST_F(DenialsTest, WritesTheCountWhenItsTimeHasPassedAndBeginsAnew) {
  denials_->Add(From("192.0.2.1"), now_);
  denials_->Add(From("192.0.2.1"), now_ + seconds(9));
  denials_->Flush(now_ + seconds(9));
  denials_->Add(From("192.0.2.1"), now_ + seconds(9));
  denials_->Flush(now_ + seconds(10));
  denials_->Add(From("192.0.2.1"), now_ + seconds(11));
  EXPECT_THAT(Lines(), ElementsAre(Not(HasSubstr("repeated")),
                                   HasSubstr("\"repeated\":2"),
                                   Not(HasSubstr("repeated"))));
}

TEST_F(DenialsTest, IsBoundedInKindsAndCountsTheRestByReason) {
  constexpr int kMany = 10'000;
  for (int i = 0; i < kMany; ++i) {
    denials_->Add(From("2001:db8::" + std::to_string(i)), now_);
  }
  const auto lines = Lines();
  // Those that are told apart, and the first and the count of the others.
  EXPECT_THAT(lines, SizeIs(Denials::kMaxKinds + 2));
  EXPECT_THAT(lines.back(),
              HasSubstr("\"repeated\":" +
                        std::to_string(kMany - Denials::kMaxKinds - 1)));
}

}  // namespace
}  // namespace clawplane::server
