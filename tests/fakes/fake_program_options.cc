#include "tests/fakes/fake_program_options.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/fakes/fake_device.h"

namespace clawplane::testing {

namespace {

using std::chrono::milliseconds;

// Takes the value of one option; false where it is not a good one.
using Take = std::function<bool(const std::string& value)>;

Take Text(std::string& into) {
  return [&into](const std::string& value) {
    into = value;
    return true;
  };
}

Take Number(int& into) {
  return [&into](const std::string& value) {
    return absl::SimpleAtoi(value, &into);
  };
}

Take Time(milliseconds& into) {
  return [&into](const std::string& value) {
    int64_t count = 0;
    if (!absl::SimpleAtoi(value, &count)) return false;
    into = milliseconds(count);
    return true;
  };
}

Take Port(uint16_t& into) {
  return [&into](const std::string& value) {
    int port = 0;
    if (!absl::SimpleAtoi(value, &port) || port < 0 || port > 65535) {
      return false;
    }
    into = static_cast<uint16_t>(port);
    return true;
  };
}

bool TakePhase(const std::string& value, ExitPhase& into) {
  static const auto* const kPhases = new std::map<std::string, ExitPhase>{
      {"before-listen", ExitPhase::kBeforeListen},
      {"listening", ExitPhase::kListening},
      {"connect", ExitPhase::kConnect},
      {"running", ExitPhase::kRunning},
      {"sigterm", ExitPhase::kSigterm}};
  const auto found = kPhases->find(value);
  if (found == kPhases->end()) return false;
  into = found->second;
  return true;
}

std::map<std::string, Take> ValueOptions(ProgramOptions& options) {
  FakeGatewayOptions& gateway = options.gateway;
  const Take ignore = [](const std::string&) { return true; };
  return {
      {"--port", Port(gateway.port)},
      {"--bind", ignore},
      {"--auth", ignore},
      {"--ws-log", ignore},
      {"--behaviour",
       [&](const std::string& value) {
         const std::optional<Behaviour> read = ParseBehaviour(value);
         if (read) gateway.behaviour = *read;
         return read.has_value();
       }},
      {"--gateway-version", Text(gateway.version)},
      {"--protocol",
       [&](const std::string& value) {
         return absl::SimpleAtoi(value, &gateway.protocol);
       }},
      {"--like",
       [&](const std::string& value) {
         const auto like = LikeVersion(value);
         if (!like) return false;
         gateway.version = like->version;
         gateway.protocol = like->protocol;
         gateway.devices = like->devices;
         gateway.max_payload = like->max_payload;
         return true;
       }},
      {"--tick-interval-ms", Time(gateway.tick_interval)},
      {"--restart-delay-ms", Time(gateway.restart_delay)},
      {"--ready-delay-ms", Time(gateway.ready_delay)},
      {"--listen-delay-ms", Time(options.listen_delay)},
      {"--token-env", Text(options.token_variable)},
      {"--exit-code", Number(options.exit_code)},
      {"--exit-after-ms", Time(options.exit_after)},
      {"--exit-message", Text(options.exit_message)},
      {"--exit-at",
       [&](const std::string& value) {
         return TakePhase(value, options.exit_phase);
       }},
      {"--hang-at",
       [&](const std::string& value) {
         return TakePhase(value, options.hang_phase);
       }},
      {"--exit-times", Number(options.exit_times)},
      {"--bad-starts", Number(options.bad_starts)},
      {"--state-file", Text(options.state_file)},
      {"--slow-term-ms", Time(options.slow_term)},
      {"--print-line",
       [&](const std::string& value) {
         options.print_lines.push_back(value);
         return true;
       }},
  };
}

std::map<std::string, std::function<void()>> Switches(ProgramOptions& options) {
  const auto ignore = [] {};
  return {
      {"gateway", ignore},
      {"run", ignore},
      {"--dev", ignore},
      {"--allow-unconfigured", ignore},
      {"--verbose", ignore},
      {"--fix", ignore},
      {"--yes", ignore},
      {"--non-interactive", ignore},
      {"--no-color", ignore},
      {"doctor", [&] { options.command = ProgramOptions::Command::kDoctor; }},
      {"--version",
       [&] { options.command = ProgramOptions::Command::kVersion; }},
      {"--ignore-sigterm", [&] { options.ignore_sigterm = true; }},
      {"--hang-busily", [&] { options.hang_busily = true; }},
      {"--leave-grandchild", [&] { options.leave_grandchild = true; }},
      {"--print-ready", [&] { options.print_ready = true; }},
      {"--print-env", [&] { options.print_environment = true; }},
  };
}

}  // namespace

absl::StatusOr<ProgramOptions> ReadArguments(
    const std::vector<std::string>& arguments) {
  ProgramOptions options;
  options.gateway.port = 18789;
  const auto values = ValueOptions(options);
  const auto switches = Switches(options);
  std::set<std::string> seen;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    seen.insert(name);
    if (const auto found = switches.find(name); found != switches.end()) {
      found->second();
      continue;
    }
    const auto found = values.find(name);
    if (found == values.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("error: unknown option '", name, "'"));
    }
    if (++i == arguments.size() || !found->second(arguments[i])) {
      return absl::InvalidArgumentError(absl::StrCat(
          "Invalid ", name, ": ",
          i < arguments.size() ? arguments[i] : std::string("missing")));
    }
  }
  const bool ends = seen.count("--exit-code") + seen.count("--exit-after-ms") +
                        seen.count("--exit-message") >
                    0;
  if (ends && options.exit_phase == ExitPhase::kNever) {
    options.exit_phase = ExitPhase::kBeforeListen;
  }
  return options;
}

}  // namespace clawplane::testing
