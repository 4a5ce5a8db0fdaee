#include "tests/abuse/attacked_daemon.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "tests/abuse/attacks.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

// Only shows that a call comes to an end: how long it takes is measured by
// `./dev bench abuse`.
constexpr seconds kPatience(30);

std::string TokenIn(const std::string& state_directory) {
  std::string token = ReadFile(state_directory + "/access.token");
  token.erase(token.find_last_not_of('\n') + 1);
  return token;
}

size_t FieldMib(pid_t pid, const std::string& field) {
  const std::string text = ReadFile("/proc/" + std::to_string(pid) + "/status");
  const size_t at = text.find(field + ":");
  if (at == text.npos) return 0;
  return std::strtoul(&text[at + field.size() + 1], nullptr, 10) / 1024;
}

}  // namespace

Bystander::Bystander(const std::string& target, const std::string& token)
    : stub_(v1::GatewayService::NewStub(
          grpc::CreateChannel(target, grpc::InsecureChannelCredentials()))),
      token_(token),
      thread_([this] { Run(); }) {}

Bystander::~Bystander() { Stop(); }

void Bystander::Run() {
  while (!stops_ && failure_.empty()) {
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + kPatience);
    if (!token_.empty()) {
      context.AddMetadata("authorization", "Bearer " + token_);
    }
    v1::GetStatusResponse response;
    const auto status = stub_->GetStatus(&context, {}, &response);
    if (status.ok()) {
      ++answered_;
    } else {
      failure_ = status.error_message() + ".";
    }
  }
}

bool Bystander::GoesOn() const {
  const size_t before = answered_;
  return WaitFor([&] { return answered_ > before; }, kPatience);
}

std::string Bystander::Stop() {
  stops_ = true;
  if (thread_.joinable()) thread_.join();
  return failure_;
}

void AttackTest::SetUp() {
  AllowManyFiles();
  WriteConfig(LaunchFake());
  StartDaemon();
  tcp_ = tcp_address();
  bystanders_.push_back(
      std::make_unique<Bystander>(tcp_, TokenIn(state_directory())));
  bystanders_.push_back(std::make_unique<Bystander>(unix_target(), ""));
  ASSERT_TRUE(OthersGoOn());
  files_before_ = OpenFiles();
  resident_before_ = ResidentMib();
}

void AttackTest::TearDown() {
  EXPECT_TRUE(OthersGoOn());
  for (const auto& bystander : bystanders_) EXPECT_EQ(bystander->Stop(), "");
  bystanders_.clear();
  EXPECT_TRUE(IsAlive(pid()));
  EXPECT_TRUE(WaitFor([&] { return OpenFiles() <= files_before_; }))
      << OpenFiles() << " files, and not " << files_before_;
  EXPECT_TRUE(AnswersAnew());
  EXPECT_LT(PeakMib(), resident_before_ + kMostGrowthMib);
  RecordProperty("before_mib", static_cast<int>(resident_before_));
  RecordProperty("peak_mib", static_cast<int>(PeakMib()));
  RecordProperty("after_mib", static_cast<int>(ResidentMib()));
  DaemonTest::TearDown();
}

size_t AttackTest::ResidentMib() const { return FieldMib(pid(), "VmRSS"); }
size_t AttackTest::PeakMib() const { return FieldMib(pid(), "VmHWM"); }

size_t AttackTest::OpenFiles() const {
  std::error_code error;
  const std::filesystem::directory_iterator files(
      "/proc/" + std::to_string(pid()) + "/fd", error);
  return static_cast<size_t>(
      std::distance(files, std::filesystem::directory_iterator()));
}

bool AttackTest::AnswersAnew() const {
  Bystander bystander(unix_target(), "");
  return bystander.GoesOn();
}

bool AttackTest::OthersGoOn() const {
  for (const auto& bystander : bystanders_) {
    if (!bystander->GoesOn()) return false;
  }
  return true;
}

}  // namespace clawplane::testing
