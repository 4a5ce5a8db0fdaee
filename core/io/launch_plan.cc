#include "core/io/launch_plan.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/model/frame.h"
#include "core/model/text.h"

namespace clawplane::core {
namespace {

namespace fs = std::filesystem;

using PlanOrFault = std::variant<LaunchSpec, Fault>;

// A built gateway, as npm installs it.
struct Package {
  // Of its command, too.
  std::string_view name;
  // What Node runs.
  std::string_view entry;
  // In which it takes its token.
  std::string_view token;
};

constexpr Package kOpenclaw = {"openclaw", "openclaw.mjs",
                               "OPENCLAW_GATEWAY_TOKEN"};
// What it was called up to 2026.1.
constexpr Package kClawdbot = {"clawdbot", "dist/entry.js",
                               "CLAWDBOT_GATEWAY_TOKEN"};

// Variables that tell a service about itself. The gateway would take them for
// its own, and behave as if the service manager supervised it.
constexpr std::string_view kNotForTheGateway[] = {"OPENCLAW_SYSTEMD_UNIT=",
                                                  "INVOCATION_ID=",
                                                  "SYSTEMD_EXEC_PID=",
                                                  "JOURNAL_STREAM=",
                                                  "NOTIFY_SOCKET=",
                                                  "WATCHDOG_",
                                                  "LISTEN_",
                                                  "CLAWPLANE_",
                                                  "CREDENTIALS_DIRECTORY=",
                                                  "CLAWDBOT_SYSTEMD_UNIT=",
                                                  "CLAWDBOT_GATEWAY_TOKEN=",
                                                  "OPENCLAW_GATEWAY_TOKEN="};

// Variables that would lead a gateway with a HOME of its own to another one's
// state.
constexpr std::string_view kOfAnotherHome[] = {"HOME=",
                                               "OPENCLAW_HOME=",
                                               "OPENCLAW_STATE_DIR=",
                                               "OPENCLAW_CONFIG_PATH=",
                                               "OPENCLAW_PROFILE=",
                                               "CLAWDBOT_STATE_DIR=",
                                               "CLAWDBOT_CONFIG_PATH=",
                                               "CLAWDBOT_OAUTH_DIR=",
                                               "CLAWDBOT_PROFILE=",
                                               "XDG_"};

Fault NotInstalled(std::string message, std::string next_step) {
  return {Reason::kGatewayNotInstalled, std::move(message),
          std::move(next_step)};
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsDirectory(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool IsProgram(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) &&
         ::access(path.c_str(), X_OK) == 0;
}

fs::path Absolute(const fs::path& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute;
}

std::string_view Variable(const std::vector<std::string>& environment,
                          std::string_view name) {
  for (const std::string_view entry : environment) {
    if (entry.size() > name.size() && entry.starts_with(name) &&
        entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return {};
}

// As a shell finds it: a name with a slash is a path, any other is looked up.
std::optional<std::string> FindProgram(
    const std::string& name, const std::vector<std::string>& environment) {
  if (name.find('/') != name.npos) {
    if (!IsProgram(name)) return std::nullopt;
    return Absolute(name).string();
  }
  std::string_view path = Variable(environment, "PATH");
  while (!path.empty()) {
    const size_t colon = path.find(':');
    const fs::path candidate = fs::path(path.substr(0, colon)) / name;
    if (candidate.is_absolute() && IsProgram(candidate)) {
      return candidate.string();
    }
    path.remove_prefix(colon == path.npos ? path.size() : colon + 1);
  }
  return std::nullopt;
}

// Of two entries with one name the first would count, which is not the one that
// was added.
void Put(std::string entry, std::vector<std::string>& environment) {
  const std::string name = entry.substr(0, entry.find('=') + 1);
  std::erase_if(environment, [&](const std::string& other) {
    return other.starts_with(name);
  });
  environment.push_back(std::move(entry));
}

// Without the token.
std::vector<std::string> ChildEnvironment(
    const GatewayConfig& config, const std::vector<std::string>& environment) {
  const auto is_left_out = [&](std::string_view entry) {
    const auto begins = [&](std::string_view name) {
      return entry.starts_with(name);
    };
    return std::any_of(std::begin(kNotForTheGateway),
                       std::end(kNotForTheGateway), begins) ||
           (!config.home.empty() &&
            std::any_of(std::begin(kOfAnotherHome), std::end(kOfAnotherHome),
                        begins));
  };
  std::vector<std::string> child;
  std::remove_copy_if(environment.begin(), environment.end(),
                      std::back_inserter(child), is_left_out);
  if (!config.home.empty()) Put(Concat("HOME=", config.home), child);
  // The tracked process stays the gateway, and stays on this machine.
  for (const char* entry :
       {"OPENCLAW_NO_RESPAWN=1", "CLAWDBOT_NO_RESPAWN=1",
        "OPENCLAW_DISABLE_BONJOUR=1", "CLAWDBOT_DISABLE_BONJOUR=1",
        "OPENCLAW_EXEC_SHELL_SNAPSHOT=0"}) {
    Put(entry, child);
  }
  if (config.skip_channels) {
    Put("OPENCLAW_SKIP_CHANNELS=1", child);
    Put("CLAWDBOT_SKIP_CHANNELS=1", child);
  }
  for (const std::string& entry : config.environment) Put(entry, child);
  return child;
}

// `command` is the value of the setting `key`.
PlanOrFault PlanCommand(const GatewayConfig& config, std::string_view key,
                        const std::vector<std::string>& command, uint16_t port,
                        const std::vector<std::string>& environment) {
  LaunchSpec spec;
  const auto program = FindProgram(command.front(), environment);
  if (!program) {
    return NotInstalled(
        Concat(key, " names ", command.front(), ", which is not a program"),
        Concat("install it, or set ", key, " to a program that exists"));
  }
  spec.executable = *program;
  for (size_t i = 1; i < command.size(); ++i) {
    std::string argument = command[i];
    constexpr std::string_view kPort = "{port}";
    for (size_t at = 0; (at = argument.find(kPort, at)) != argument.npos;) {
      argument.replace(at, kPort.size(), std::to_string(port));
    }
    spec.arguments.push_back(std::move(argument));
  }
  spec.directory = config.directory.empty() ? "/" : config.directory;
  if (!IsDirectory(spec.directory)) {
    return NotInstalled(
        Concat("the directory ", spec.directory, " does not exist"),
        "set gateway.dir to a directory that does");
  }
  return spec;
}

// The folder of the package that the command in PATH belongs to.
std::string FindPackage(const std::vector<std::string>& environment) {
  for (const Package& package : {kOpenclaw, kClawdbot}) {
    const auto program = FindProgram(std::string(package.name), environment);
    if (!program) continue;
    std::error_code error;
    std::string entry = fs::canonical(*program, error).string();
    const std::string end = Concat("/", package.entry);
    if (error || !entry.ends_with(end)) continue;
    entry.resize(entry.size() - end.size());
    return entry;
  }
  return {};
}

std::string ReadManifest(const fs::path& root) {
  std::ifstream file(root / "package.json");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The gateways before 2026.3 know their own version only from npm, and say
// "dev" where npm did not start them.
void AddVersion(const fs::path& root, std::vector<std::string>& environment) {
  const std::string version = StringMember(ReadManifest(root), "version");
  if (version.empty()) return;
  Put(Concat("npm_package_version=", version), environment);
}

// The built gateway in that folder, if there is one.
const Package* PackageIn(const fs::path& root) {
  if (!IsDirectory(root / "dist")) return nullptr;
  if (Exists(root / kOpenclaw.entry)) return &kOpenclaw;
  // Many a package has an entry of that name.
  const bool is_clawdbot =
      Exists(root / kClawdbot.entry) &&
      ReadManifest(root).find("\"clawdbot\": \"dist/entry.js\"") !=
          std::string::npos;
  return is_clawdbot ? &kClawdbot : nullptr;
}

std::vector<std::string> RunArguments(const GatewayConfig& config,
                                      uint16_t port) {
  std::vector<std::string> arguments = {"gateway", "run", "--port",
                                        std::to_string(port)};
  if (config.dev) arguments.push_back("--dev");
  if (config.allow_unconfigured) arguments.push_back("--allow-unconfigured");
  return arguments;
}

PlanOrFault PlanProduction(const GatewayConfig& config, const fs::path& root,
                           const Package& package,
                           const std::vector<std::string>& environment) {
  if (!IsDirectory(root / "node_modules") &&
      root.parent_path().filename() != "node_modules") {
    return Fault{
        Reason::kDependenciesMissing,
        Concat("the gateway in ", root.string(), " has no node_modules"),
        Concat("run: npm install --prefix ", root.string())};
  }
  const std::string wanted = config.node.empty() ? "node" : config.node;
  const auto node = FindProgram(wanted, environment);
  if (!node) {
    return NotInstalled(
        config.node.empty()
            ? "there is no node in PATH"
            : Concat("gateway.node is ", wanted, ", which is not a program"),
        "install Node 24.16 or later, or set gateway.node to it");
  }
  return LaunchSpec{
      *node, {(root / package.entry).string()}, root.string(), {}};
}

PlanOrFault PlanDevelopment(const fs::path& root,
                            const std::vector<std::string>& environment) {
  if (!IsDirectory(root / "node_modules")) {
    return Fault{
        Reason::kDependenciesMissing,
        Concat("the sources in ", root.string(), " have no node_modules"),
        Concat("run: cd ", root.string(), " && pnpm install")};
  }
  const auto pnpm = FindProgram("pnpm", environment);
  if (!pnpm) {
    return NotInstalled("there is no pnpm in PATH, which runs the sources",
                        "run: npm install -g pnpm");
  }
  return LaunchSpec{*pnpm, {"run", "dev"}, root.string(), {}};
}

// Whether the package there has a script `dev`.
bool HasDevScript(const fs::path& root) {
  const std::string text = ReadManifest(root);
  return text.find("\"scripts\"") != text.npos &&
         text.find("\"dev\"") != text.npos;
}

// How the package's own program is run, without arguments of its own.
PlanOrFault PlanPackage(const GatewayConfig& config,
                        const std::vector<std::string>& environment) {
  const std::string install =
      "install it (npm install -g openclaw), or set gateway.dir to the "
      "directory of the package openclaw";
  const fs::path root = config.directory.empty()
                            ? fs::path(FindPackage(environment))
                            : Absolute(config.directory);
  if (root.empty()) {
    return NotInstalled(
        "gateway.dir is not set, and there is no openclaw in PATH", install);
  }
  if (!IsDirectory(root)) {
    return NotInstalled(
        Concat("the gateway's directory ", root.string(), " does not exist"),
        install);
  }
  if (const Package* const package = PackageIn(root)) {
    return PlanProduction(config, root, *package, environment);
  }
  if (HasDevScript(root)) {
    return PlanDevelopment(root, environment);
  }
  return NotInstalled(Concat(root.string(),
                             " holds neither a built gateway (openclaw.mjs and "
                             "dist) nor its sources"),
                      install);
}

PlanOrFault PlanPackage(const GatewayConfig& config,
                        const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment) {
  PlanOrFault plan = PlanPackage(config, environment);
  if (auto* spec = std::get_if<LaunchSpec>(&plan)) {
    spec->arguments.insert(spec->arguments.end(), arguments.begin(),
                           arguments.end());
  }
  return plan;
}

}  // namespace

PlanOrFault PlanLaunch(const GatewayConfig& config, uint16_t port,
                       const std::string& token,
                       const std::vector<std::string>& environment) {
  PlanOrFault plan =
      config.command.empty()
          ? PlanPackage(config, RunArguments(config, port), environment)
          : PlanCommand(config, "gateway.command", config.command, port,
                        environment);
  if (auto* spec = std::get_if<LaunchSpec>(&plan)) {
    spec->environment = ChildEnvironment(config, environment);
    const Package* const package =
        config.command.empty() ? PackageIn(spec->directory) : nullptr;
    if (package != nullptr) AddVersion(spec->directory, spec->environment);
    if (package == &kClawdbot) {
      // Its subcommand sees none of the options.
      std::erase(spec->arguments, "run");
    }
    Put(Concat((package == &kClawdbot ? kClawdbot : kOpenclaw).token, "=",
               token),
        spec->environment);
  }
  return plan;
}

std::variant<std::optional<LaunchSpec>, Fault> PlanDoctor(
    const GatewayConfig& config, uint16_t port,
    const std::vector<std::string>& environment) {
  if (config.doctor_command.empty() && !config.command.empty()) {
    return std::nullopt;
  }
  PlanOrFault plan =
      config.doctor_command.empty()
          ? PlanPackage(config,
                        {"doctor", "--fix", "--yes", "--non-interactive"},
                        environment)
          : PlanCommand(config, "gateway.doctor_command", config.doctor_command,
                        port, environment);
  if (const auto* fault = std::get_if<Fault>(&plan)) return *fault;
  auto& spec = std::get<LaunchSpec>(plan);
  spec.environment = ChildEnvironment(config, environment);
  return std::move(spec);
}

}  // namespace clawplane::core
