#include "server/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "core/model/role.h"
#include "core/model/text.h"
#include "server/access_list.h"
#include "server/config_file.h"
#include "server/text_file.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

using core::Concat;

// sockaddr_un holds no longer path.
constexpr size_t kMaxSocketPath = 107;

constexpr int kExitUsage = 2;

constexpr std::string_view kYesOrNo = "true, false";

// The file that is read when nobody names one; empty if there is none.
std::string DefaultConfigFile(const Environment& environment, bool is_root) {
  std::string path = "/etc/clawplane/clawplane.yaml";
  if (!is_root) {
    const auto base = environment("XDG_CONFIG_HOME");
    path = Concat(
        base ? *base : Concat(environment("HOME").value_or(""), "/.config"),
        "/clawplane/clawplane.yaml");
  }
  return ::access(path.c_str(), F_OK) == 0 ? path : "";
}

absl::Status ApplyFile(const std::string& named, const Environment& environment,
                       core::Config& config) {
  std::string path = named;
  if (path.empty()) path = environment("CLAWPLANE_CONFIG").value_or("");
  if (path.empty()) path = DefaultConfigFile(environment, ::geteuid() == 0);
  if (path.empty()) return absl::OkStatus();
  const auto file = ReadTextFile("the configuration file", path);
  if (!file.ok()) return file.status();
  return ApplyYaml(file->text, path, config);
}

// A list in the environment has a word a line.
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

absl::Status ApplyEnvironment(const Environment& environment,
                              core::Config& config) {
  for (const core::Setting& setting : core::Settings()) {
    const auto value = environment(setting.variable());
    if (!value) continue;
    absl::Status status = core::ApplySetting(
        setting.key,
        setting.is_list ? Lines(*value) : std::vector<std::string>{*value},
        setting.variable(), config);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// What depends on other settings, or on where we run.
absl::Status Complete(const Environment& environment, core::Config& config) {
  if (config.state_directory.empty()) {
    auto directory = DefaultStateDirectory(environment, ::geteuid() == 0);
    if (!directory.ok()) return directory.status();
    config.state_directory = *std::move(directory);
  }
  if (config.state_directory[0] != '/') {
    std::error_code error;
    config.state_directory =
        std::filesystem::absolute(config.state_directory, error).string();
  }
  if (config.socket.empty()) {
    config.socket = Concat(config.state_directory, "/clawplane.sock");
  }
  if (config.socket != "none" && config.socket.size() > kMaxSocketPath) {
    return absl::InvalidArgumentError(
        Concat("the socket path ", config.socket, " has ", config.socket.size(),
               " bytes; a Unix socket takes ", kMaxSocketPath,
               ". Set socket to a shorter one, or state_dir to a shorter "
               "directory"));
  }
  if (config.socket == "none" && config.listen == "none" &&
      config.tls.listen == "none") {
    return absl::InvalidArgumentError(
        "listen, tls.listen and socket are all none, so that nobody could "
        "call; set one");
  }
  if (config.audit.file.empty()) {
    config.audit.file = Concat(config.state_directory, "/audit.jsonl");
  }
  if (config.gateway.token_file.empty()) {
    config.gateway.token_file =
        Concat(config.state_directory, "/gateway.token");
  }
  return core::CheckListeners(config);
}

// What stands on the command line.
class CommandLine {
 public:
  CommandLine();

  // Reads it; what to leave with if that was all.
  std::optional<Leave> Parse(int argc, const char* const* argv);
  // Puts the settings among the flags into the configuration.
  absl::Status ApplyTo(core::Config& config) const;

  std::string file;
  bool wants_table = false;
  bool wants_token = false;
  std::string token_name;
  std::string token_role;
  bool wants_check = false;
  bool wants_config = false;
  std::optional<ProbeGoal> probe;

 private:
  CLI::App app_{
      "clawplaned supervises one OpenClaw gateway and serves the API of "
      "Clawplane.\nEach flag below is also a key of the configuration file and "
      "an environment\nvariable: --gateway-port is gateway.port and "
      "CLAWPLANE_GATEWAY_PORT. Flags win\nover the environment, which wins "
      "over the file.",
      "clawplaned"};
  std::string goal_;
  CLI::Option* new_token_ = nullptr;
  CLI::Option* probe_ = nullptr;
  std::map<std::string_view, std::vector<std::string>> given_;
};

CommandLine::CommandLine() {
  app_.set_version_flag("--version", std::string("clawplaned ") + kVersion);
  app_.add_option("--config", file,
                  "the configuration file (CLAWPLANE_CONFIG); default: "
                  "/etc/clawplane/clawplane.yaml for root, else "
                  "~/.config/clawplane/clawplane.yaml, if it exists");
  app_.add_flag("--settings", wants_table,
                "print all settings as a Markdown table, and exit");
  app_.add_flag("--check-config", wants_check,
                "look whether clawplaned could serve with this configuration "
                "and the files that it names, tell what is wrong, and exit "
                "with 0 if it could, else 2; starts and changes nothing");
  app_.add_flag("--print-config", wants_config,
                "print the configuration in force as a configuration file, "
                "with where each value comes from and without secrets, and "
                "exit");
  new_token_ = app_.add_option(
      "--new-token", token_name,
      "make a token of this name for access.file, print it, and exit");
  new_token_->type_name("NAME");
  app_.add_option("--role", token_role,
                  "the new token's role: viewer, operator or admin")
      ->type_name("ROLE")
      ->needs(new_token_);
  probe_ = app_.add_option("--probe", goal_,
                           "ask the clawplaned of this configuration whether "
                           "it lives, or with --probe=ready whether its "
                           "gateway is RUNNING; exit code 0 if so, else 1");
  probe_->type_name("[=alive|ready]")
      ->expected(0, 1)
      ->default_str("alive")
      ->check(CLI::IsMember({"alive", "ready"}));
  for (const core::Setting& setting : core::Settings()) {
    auto* const option =
        app_.add_option(setting.flag(), given_[setting.key],
                        Concat(setting.meaning, " Allowed: ", setting.allowed,
                               ". Default: ", setting.fallback, "."));
    option->type_name(setting.is_list ? "VALUE ..." : "VALUE");
    if (!setting.is_list) option->expected(1);
    // "--insecure-bind" alone says yes.
    if (setting.allowed == kYesOrNo) option->expected(0, 1);
  }
}

std::optional<Leave> CommandLine::Parse(int argc, const char* const* argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return Leave{app_.exit(error) == 0 ? 0 : kExitUsage};
  }
  wants_token = new_token_->count() > 0;
  if (probe_->count() > 0) {
    probe = goal_ == "ready" ? ProbeGoal::kReady : ProbeGoal::kAlive;
  }
  for (const core::Setting& setting : core::Settings()) {
    auto& values = given_[setting.key];
    if (setting.allowed == kYesOrNo && values == std::vector<std::string>{""}) {
      values = {"true"};
    }
  }
  return std::nullopt;
}

absl::Status CommandLine::ApplyTo(core::Config& config) const {
  for (const core::Setting& setting : core::Settings()) {
    const auto& values = given_.at(setting.key);
    if (values.empty()) continue;
    absl::Status status =
        core::ApplySetting(setting.key, values, setting.flag(), config);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<core::Config> Gather(const CommandLine& line,
                                    const Environment& environment) {
  core::Config config;
  absl::Status status = ApplyFile(line.file, environment, config);
  if (status.ok()) status = ApplyEnvironment(environment, config);
  if (status.ok()) status = line.ApplyTo(config);
  if (status.ok()) status = Complete(environment, config);
  if (!status.ok()) return status;
  return config;
}

// The token goes to standard output alone, so that it can be sent to where it
// is kept without being seen.
Leave PrintNewToken(const std::string& name, const std::string& role) {
  const auto parsed = core::ParseRole(role);
  if (!parsed) {
    std::cerr << "clawplaned: the role is \"" << role
              << "\"; allowed: --role viewer, operator or admin" << std::endl;
    return Leave{kExitUsage};
  }
  const auto made = MakeToken(name, *parsed);
  if (!made.ok()) {
    std::cerr << "clawplaned: " << made.status().message() << std::endl;
    return Leave{kExitUsage};
  }
  std::cout << made->token << std::endl;
  std::cerr << "Give this token to who is to call; it is kept nowhere else. "
               "Put the following\ninto access.file, which is read again as "
               "soon as it has changed:\n\ntokens:\n"
            << made->entry;
  return Leave{0};
}

}  // namespace

absl::StatusOr<std::string> DefaultStateDirectory(
    const Environment& environment, bool is_root) {
  if (const auto given = environment("STATE_DIRECTORY")) return *given;
  if (is_root) return std::string("/var/lib/clawplane");
  if (const auto base = environment("XDG_STATE_HOME")) {
    return Concat(*base, "/clawplane");
  }
  if (const auto home = environment("HOME")) {
    return Concat(*home, "/.local/state/clawplane");
  }
  return absl::InvalidArgumentError(
      "there is no HOME to keep state in; set state_dir");
}

absl::StatusOr<core::Config> ReadConfig(int argc, const char* const* argv,
                                        const Environment& environment) {
  CommandLine line;
  if (line.Parse(argc, argv)) {
    return absl::InvalidArgumentError("the command line makes no sense");
  }
  return Gather(line, environment);
}

Options ReadOptions(int argc, const char* const* argv,
                    const Environment& environment) {
  CommandLine line;
  if (const auto leave = line.Parse(argc, argv)) return *leave;
  if (line.wants_table) {
    std::cout << core::SettingsTable();
    return Leave{0};
  }
  if (line.wants_token) {
    return PrintNewToken(line.token_name, line.token_role);
  }
  auto config = Gather(line, environment);
  if (!config.ok()) {
    std::cerr << "clawplaned: " << config.status().message() << std::endl;
    return Leave{kExitUsage};
  }
  if (line.wants_config) {
    std::cout << ConfigText(*config);
    return Leave{0};
  }
  if (line.wants_check) return Check{*std::move(config)};
  if (line.probe) return Probe{*std::move(config), *line.probe};
  return *std::move(config);
}

}  // namespace clawplane::server
