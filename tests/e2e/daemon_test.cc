#include "tests/e2e/daemon_test.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "tests/free_port.h"
#include "tests/http_client.h"
#include "tests/wait_for.h"

namespace clawplane::testing {
namespace {

namespace fs = std::filesystem;

// What the daemon writes into its state directory besides tokens.
constexpr const char* kFilesOfTheState[] = {"state.json", "audit.jsonl"};

// The variables that hand the gateway its token, in its processes alone.
constexpr const char* kTokenVariables[] = {"OPENCLAW_GATEWAY_TOKEN=",
                                           "CLAWDBOT_GATEWAY_TOKEN="};

bool IsTokenVariable(const std::string& variable) {
  return std::any_of(
      std::begin(kTokenVariables), std::end(kTokenVariables),
      [&](const char* name) { return variable.rfind(name, 0) == 0; });
}

// What a file of the state directory has to hide: the second line of a key in
// PEM, all of any other.
std::string SecretIn(const std::string& file) {
  std::string text = ReadFile(file);
  if (text.rfind("-----BEGIN", 0) == 0) text.erase(0, text.find('\n') + 1);
  return text.substr(0, text.find('\n'));
}

std::string TestName() {
  const auto* const info =
      ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = absl::StrCat(info->test_suite_name(), ".", info->name());
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

}  // namespace

DaemonTest::DaemonTest()
    : output_directory_(absl::StrCat(TEST_OUTPUT_DIRECTORY, "/", TestName())),
      port_(FreePort()) {
  fs::remove_all(output_directory_);
  fs::create_directories(output_directory_);
}

DaemonTest::~DaemonTest() = default;

void DaemonTest::TearDown() {
  CollectSecrets();
  if (daemon_ != nullptr) {
    const int exit_code = StopDaemon();
    EXPECT_EQ(exit_code, 0) << Emitted("");
  }
  EXPECT_TRUE(WaitFor([&] { return ProcessesWith(place_.path()).empty(); }))
      << "a process of this test is left: "
      << CommandLine(ProcessesWith(place_.path()).front());
  EXPECT_THAT(FilesWithSecrets(), ::testing::IsEmpty());
}

std::string DaemonTest::WriteConfig(const std::string& gateway_lines,
                                    const std::string& other_lines) {
  const std::string text =
      absl::StrCat("state_dir: ", state_directory(), "\nsocket: ", socket(),
                   "\nlisten: 127.0.0.1:0\nops:\n  listen: 127.0.0.1:0\n",
                   other_lines, "gateway:\n  port: ", port_,
                   "\n  home: ", place_.path(), "\n", gateway_lines);
  config_file_ = Emitted("clawplane.yaml");
  std::ofstream(config_file_) << text;
  return text;
}

std::string DaemonTest::ClawplanedProgram() { return CLAWPLANED_PROGRAM; }

std::string DaemonTest::FakeGatewayProgram() { return FAKE_GATEWAY_PROGRAM; }

std::string DaemonTest::LaunchFake(const std::vector<std::string>& more) const {
  std::string lines = absl::StrCat("  mode: launch\n  restart_delay: 10ms\n",
                                   "  command:\n    - ", FAKE_GATEWAY_PROGRAM,
                                   "\n    - gateway\n    - run\n    - --port\n",
                                   "    - \"{port}\"\n");
  for (const std::string& word : more) {
    absl::StrAppend(&lines, "    - \"", word, "\"\n");
  }
  return lines;
}

std::unique_ptr<Child> DaemonTest::RunDaemon(
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& variables) {
  std::vector<std::string> command = {CLAWPLANED_PROGRAM};
  if (!config_file_.empty()) {
    command.insert(command.end(), {"--config", config_file_});
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  given_variables_.insert(given_variables_.end(), variables.begin(),
                          variables.end());
  return std::make_unique<Child>(
      command, variables, Emitted(absl::StrCat("clawplaned-", ++programs_)));
}

void DaemonTest::StartDaemon(const std::vector<std::string>& variables) {
  daemon_ = RunDaemon({}, variables);
  ASSERT_TRUE(daemon_->WaitForOutput("clawplaned ready: "))
      << daemon_->errors();
}

int DaemonTest::StopDaemon() {
  CollectSecrets();
  daemon_->Signal(SIGTERM);
  const auto end = daemon_->Wait();
  daemon_.reset();
  return end.value_or(-1000);
}

std::unique_ptr<Child> DaemonTest::RunClawctl(
    const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {CLAWCTL_PROGRAM};
  if (arguments.front() != "--target") {
    command.insert(command.end(), {"--target", "unix:" + socket()});
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  return std::make_unique<Child>(
      command, std::vector<std::string>{"HOME=" + place_.path()},
      Emitted(absl::StrCat("clawctl-", ++programs_)));
}

Said DaemonTest::Clawctl(const std::vector<std::string>& arguments) {
  const auto clawctl = RunClawctl(arguments);
  const int exit_code = clawctl->Wait().value_or(-1000);
  return {exit_code, clawctl->output(), clawctl->errors()};
}

pid_t DaemonTest::GatewayPid() {
  const Said said = Clawctl({"status", "--json"});
  const size_t at = said.output.find("\"pid\":");
  return at == std::string::npos ? 0 : std::atoi(said.output.c_str() + at + 6);
}

std::string DaemonTest::Logs() { return Clawctl({"logs"}).output; }

std::string DaemonTest::tcp_address() const {
  const std::string line = daemon_->output();
  const size_t begin = line.find("127.0.0.1:");
  return line.substr(begin, line.find(' ', begin) - begin);
}

std::string DaemonTest::ops_url() const {
  const std::string line = daemon_->output();
  const size_t begin = line.find("http://");
  if (begin == line.npos) return {};
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

void DaemonTest::CollectSecrets() {
  for (const std::string& name :
       {std::string("access.token"), std::string("gateway.token"),
        std::string("device.key"), absl::StrCat("device-", port_, ".token")}) {
    const std::string secret =
        SecretIn(absl::StrCat(state_directory(), "/", name));
    if (!secret.empty() &&
        std::find(secrets_.begin(), secrets_.end(), secret) == secrets_.end()) {
      secrets_.push_back(secret);
    }
  }
  std::ofstream file(Emitted("secrets.txt"));
  for (const std::string& secret : secrets_) file << secret << "\n";
  KeepPages();
  KeepProcesses();
  KeepFilesOfTheState();
}

void DaemonTest::KeepPages() const {
  if (daemon_ == nullptr || !IsAlive(daemon_->pid())) return;
  const std::string url = ops_url();
  if (url.empty()) return;
  std::string token = ReadFile(state_directory() + "/access.token");
  token.erase(token.find_last_not_of('\n') + 1);
  std::ofstream file(Emitted("pages.txt"), std::ios::app);
  for (const char* path : {"/healthz", "/readyz", "/metrics", "/none"}) {
    file << GetPage(url, path, "Authorization: Bearer " + token + "\r\n");
  }
}

// The environment of the gateway's processes has its token. Nothing else has,
// and no command line; but what a test itself put there is not looked at.
void DaemonTest::KeepProcesses() const {
  std::vector<pid_t> processes = ProcessesWith(place_.path());
  if (daemon_ != nullptr) processes.push_back(daemon_->pid());
  std::ofstream file(Emitted("processes.txt"), std::ios::app);
  for (const pid_t pid : processes) {
    const std::string command = CommandLine(pid);
    file << pid << " " << command << "\n";
    const bool is_gateway = (daemon_ == nullptr || pid != daemon_->pid()) &&
                            command.find("doctor") == command.npos;
    for (const std::string& variable : Variables(pid)) {
      const bool hands_token_over = is_gateway && IsTokenVariable(variable);
      const bool is_given =
          std::find(given_variables_.begin(), given_variables_.end(),
                    variable) != given_variables_.end();
      if (!hands_token_over && !is_given) file << "  " << variable << "\n";
    }
  }
}

void DaemonTest::KeepFilesOfTheState() const {
  for (const char* name : kFilesOfTheState) {
    std::ofstream(Emitted(name))
        << ReadFile(absl::StrCat(state_directory(), "/", name));
  }
}

std::vector<std::string> DaemonTest::FilesWithSecrets() const {
  std::vector<std::string> found;
  for (const auto& entry :
       fs::recursive_directory_iterator(output_directory_)) {
    const fs::path& path = entry.path();
    if (!entry.is_regular_file() || path.filename() == "secrets.txt") continue;
    const std::string text = ReadFile(path);
    if (std::any_of(secrets_.begin(), secrets_.end(),
                    [&](const std::string& secret) {
                      return text.find(secret) != text.npos;
                    })) {
      found.push_back(path);
    }
  }
  return found;
}

}  // namespace clawplane::testing
