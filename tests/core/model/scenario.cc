#include "tests/core/model/scenario.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "core/model/text.h"
#include "core/model/trace.h"

namespace clawplane::core {
namespace {

constexpr TimePoint kStart{std::chrono::hours(1000)};
constexpr WallTime kWallStart{std::chrono::hours(400'000)};

// "1.5s", "500ms".
std::optional<Duration> ReadTime(const std::string& text) {
  std::istringstream stream(text);
  double count = 0;
  std::string unit;
  if (!(stream >> count >> unit)) return {};
  if (unit == "s") count *= 1000;
  if (unit != "s" && unit != "ms") return {};
  return std::chrono::milliseconds(std::llround(count));
}

// "1.5s".
std::string TimeText(Duration time) {
  std::ostringstream stream;
  stream << std::chrono::duration<double>(time).count() << 's';
  return stream.str();
}

// Columns are parted by two or more spaces.
std::vector<std::string> SplitColumns(const std::string& text) {
  std::vector<std::string> columns;
  size_t at = 0;
  while ((at = text.find_first_not_of(' ', at)) != text.npos) {
    const size_t end = std::min(text.find("  ", at), text.size());
    columns.push_back(text.substr(at, end - at));
    if (columns.back().back() == ' ') columns.back().pop_back();
    at = end;
  }
  return columns;
}

bool ReadSetting(const std::string& line, Scenario& scenario) {
  std::istringstream stream(line);
  std::string name;
  std::string value;
  stream >> name >> value;
  GatewayMachine::Settings& s = scenario.settings;
  if (name == "mode") {
    const std::map<std::string, Mode> modes = {{"launch", Mode::kLaunch},
                                               {"attach", Mode::kAttach},
                                               {"auto", Mode::kAuto}};
    const auto mode = modes.find(value);
    if (mode == modes.end()) return false;
    s.mode = mode->second;
    return true;
  }
  if (name == "max-reconnect-attempts") {
    s.max_reconnect_attempts = static_cast<uint32_t>(std::stoul(value));
    return true;
  }
  if (name == "memory-soft-limit") {
    s.memory_soft_limit = std::stoull(value) << 20;
    return true;
  }
  if (name == "memory-hard-limit") {
    s.memory_hard_limit = std::stoull(value) << 20;
    return true;
  }
  if (name == "random") {
    scenario.random = std::stod(value);
    return true;
  }
  const std::map<std::string, Duration*> times = {
      {"start-budget", &s.start_budget},
      {"start-limit", &s.start_limit},
      {"stop-grace", &s.stop_grace},
      {"drain-limit", &s.drain_limit},
      {"restart-delay", &s.restart_delay},
      {"handshake-timeout", &s.handshake_timeout},
      {"ready-poll", &s.ready_poll}};
  const auto time = times.find(name);
  const auto read = ReadTime(value);
  if (time == times.end() || !read) return false;
  *time->second = *read;
  return true;
}

bool ReadStep(const std::string& line, ScenarioStep& step) {
  const size_t arrow = line.find(" -> ");
  if (arrow == line.npos) return false;
  const auto left = SplitColumns(line.substr(0, arrow));
  if (left.size() != 2) return false;
  const auto at = ReadTime(left[0].substr(1));
  if (!at) return false;
  step.at = *at;
  step.input = left[1];
  step.expected = SplitColumns(line.substr(arrow + 4));
  return step.expected.size() >= 3;
}

std::string Rest(std::istringstream& stream) {
  std::string rest;
  std::getline(stream >> std::ws, rest);
  return rest;
}

std::optional<Reason> ReasonNamed(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Reason::kDrainCutShort); ++i) {
    if (Name(static_cast<Reason>(i)) == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

std::optional<ProbeReport> ReadReport(std::istringstream& words) {
  using Answer = ProbeReport::Answer;
  const std::map<std::string, Answer> answers = {
      {"nothing", Answer::kNothing},
      {"not-ready", Answer::kNotReady},
      {"answers", Answer::kAnswers},
      {"unintelligible", Answer::kUnintelligible}};
  std::string answer;
  words >> answer;
  const auto found = answers.find(answer);
  if (found == answers.end()) return std::nullopt;
  const auto here = words.tellg();
  std::string who;
  words >> who;
  const bool untrusted = who == "untrusted";
  const bool stranger = who == "stranger";
  std::optional<int> pid;
  if (who == "pid") {
    words >> pid.emplace();
  } else if (!untrusted && !stranger) {  // it belongs to what follows
    words.clear();
    words.seekg(here);
  }
  return ProbeReport{found->second, !untrusted, "process 99 (node)", stranger,
                     pid};
}

// "force", "drain", "grace 2s", or nothing.
template <typename Order>
std::optional<Input> ReadOrder(OrderId id, std::istringstream& words) {
  Order order{};
  order.id = id;
  std::string word;
  std::string grace;
  words >> word >> grace;
  order.force = word == "force";
  order.drain = word == "drain";
  if (word == "grace") order.grace = ReadTime(grace);
  if (!word.empty() && !order.force && !order.drain && !order.grace) {
    return std::nullopt;
  }
  return order;
}

// "exited 1", "exited signal 9", "exited 78 locked".
ProcessExited ReadExit(Generation process, std::istringstream& words) {
  const std::string how = Rest(words);
  const bool locked = how.ends_with(" locked");
  return {process,
          how == "unknown" ? ExitStatus::Unknown()
          : how.starts_with("signal ")
              ? ExitStatus::Signaled(std::stoi(how.substr(7)))
              : ExitStatus::Exited(std::stoi(how)),
          "bye", 0, locked ? "process 7 holds it" : ""};
}

// "2026.9.6", and the boot id and the uptime if they are given.
Hello ReadHello(std::istringstream& words) {
  Hello hello;
  hello.protocol = 4;
  std::string what;
  std::string value;
  words >> hello.version;
  hello.boot_id = Concat("boot of ", hello.version);
  while (words >> what >> value) {
    if (what == "boot") hello.boot_id = value == "none" ? "" : value;
    if (what == "uptime") hello.uptime = ReadTime(value);
    if (what == "protocol") hello.protocol = std::stoi(value);
  }
  return hello;
}

// "process-found 12", with "down" or "port 7" behind it or not.
ProcessFound ReadFound(std::istringstream& words) {
  ProcessFound found{1, 0, kStart, GatewayMachine::Settings().port, true};
  std::string what;
  words >> found.pid >> what;
  if (what == "down") found.wanted_up = false;
  if (what == "port") words >> found.port;
  return found;
}

// "lines 3", "cpu 2s", or nothing.
ProcessSigns ReadSigns(std::istringstream& words) {
  ProcessSigns signs;
  std::string what;
  std::string value;
  words >> what >> value;
  if (what == "lines") signs.lines = std::stoull(value);
  if (what == "cpu") signs.cpu_time = ReadTime(value).value_or(Duration());
  return signs;
}

// What is seen of a gateway that is up.
std::optional<Input> ReadEvidence(const std::string& what, Generation link,
                                  Generation process,
                                  std::istringstream& words) {
  if (what == "process-stopped") return ProcessStopped{process, true};
  if (what == "process-continued") return ProcessStopped{process, false};
  if (what == "restart-announced") return RestartAnnounced{link};
  if (what == "restart-accepted") {
    return RestartAnswered{link, RestartAnswered::Answer::kAccepted, ""};
  }
  if (what == "restart-refused") {
    return RestartAnswered{link, RestartAnswered::Answer::kRefused,
                           "unknown method"};
  }
  if (what == "restart-unanswered") {
    return RestartAnswered{link, RestartAnswered::Answer::kUnknown, "lost"};
  }
  if (what == "signalled") return ForeignSignalled{};
  if (what == "not-signalled") {
    return ForeignSignalled{Fault{Reason::kNotOurs, "it is gone", ""}};
  }
  if (what == "work-left") {
    return DrainReported{
        link, static_cast<uint32_t>(std::stoul(Rest(words))), {"some work"}};
  }
  if (what == "drained") return DrainEnded{link, std::nullopt};
  if (what == "cannot-drain") return DrainEnded{link, "unknown method"};
  if (what == "suspected") return Suspected{};
  if (what == "suspicion-ended") return SuspicionEnded{};
  if (what == "unresponsive") return FoundUnresponsive{"silent for 185 s"};
  if (what == "connection-dead") return ConnectionFoundDead{"silent"};
  if (what == "healthy") return HealthChecked{};
  if (what == "unhealthy") {
    Health health;
    health.failed = Health::Layer::kRpc;
    health.message = "no answer to a call";
    return HealthChecked{health};
  }
  if (what != "memory") return std::nullopt;
  return ProcessSampled{process, {'S', {}, std::stoull(Rest(words)) << 20, 0}};
}

}  // namespace

Scenario ReadScenario(const std::string& path) {
  Scenario scenario;
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin == line.npos || line[begin] == '#') continue;
    bool well = false;
    if (line[begin] == '+') {
      scenario.steps.push_back({number, {}, {}, {}});
      well = ReadStep(line, scenario.steps.back());
    } else {
      well = ReadSetting(line, scenario);
    }
    if (!well) scenario.fault = Concat("line ", number, ": ", line);
  }
  if (scenario.steps.empty()) scenario.fault = "no steps";
  return scenario;
}

std::optional<Input> ScenarioPlayer::ReadInput(const std::string& text) {
  std::istringstream words(text);
  std::string what;
  words >> what;
  const bool stale = what == "stale";
  if (stale) words >> what;
  const Generation link = stale ? link_ - 1 : link_;
  const Generation process = stale ? process_ - 1 : process_;

  if (what == "start") return StartOrder{++last_order_};
  if (what == "stop") return ReadOrder<StopOrder>(++last_order_, words);
  if (what == "restart") return ReadOrder<RestartOrder>(++last_order_, words);
  if (what == "deadline") return DeadlineReached{};
  if (what == "port-seen") {
    const auto report = ReadReport(words);
    if (!report) return std::nullopt;
    return PortSeen{link, *report, ReadSigns(words)};
  }
  if (what == "launched") return Launched{process, std::stoi(Rest(words))};
  if (what == "exited") return ReadExit(process, words);
  if (what == "wish-found") return WishFound{};
  if (what == "process-found") return ReadFound(words);
  if (what == "accepted") {
    return HandshakeAccepted{link, ReadHello(words)};
  }
  if (what == "put-off") {
    const auto wait = ReadTime(Rest(words));
    return HandshakeDeferred{link, wait.value_or(Duration()), "not yet",
                             wait.has_value()};
  }
  if (what == "connection-lost") return ConnectionLost{link, "1006"};
  if (const auto evidence = ReadEvidence(what, link, process, words)) {
    return evidence;
  }
  const auto reason = ReasonNamed(Rest(words));
  if (!reason) return std::nullopt;
  const Fault fault{*reason, "found so", "do this"};
  if (what == "launch-failed") return LaunchFailed{process, fault};
  if (what == "refused") return HandshakeRefused{link, fault};
  return std::nullopt;
}

std::vector<std::string> ScenarioPlayer::Columns(
    const std::vector<Effect>& effects) const {
  const GatewayStatus& status = machine_.status();
  const auto wake = machine_.deadline();
  const auto next = status.next_attempt_at;
  return {Concat(Name(status.state), "/", Name(status.phase)),
          Describe(effects),
          Concat("wake ", wake ? "+" + TimeText(*wake - kStart) : "never"),
          Concat("error ", status.error ? Name(status.error->reason) : "none"),
          Concat("pid ", status.pid ? std::to_string(*status.pid) : "none"),
          Concat("attempts ", status.reconnect_attempts),
          Concat("restarts ", status.restarts),
          Concat("wanted ", status.wanted_up ? "up" : "down"),
          Concat("owned ", status.owned ? "yes" : "no"),
          Concat("next ", next ? "+" + TimeText(*next - kWallStart) : "none"),
          Concat("boot ", status.boot_id),
          Concat("health ", !status.health        ? "unknown"
                            : status.health->ok() ? "ok"
                                                  : "bad"),
          Concat("suspect ", status.suspect_since ? "yes" : "no"),
          Concat("killed ",
                 status.last_exit && status.last_exit->killed ? "yes" : "no"),
          Concat("revision ", status.revision)};
}

std::optional<std::string> ScenarioPlayer::Play(const ScenarioStep& step) {
  const auto input = ReadInput(step.input);
  if (!input) return Concat("cannot read the input \"", step.input, "\"");

  const auto effects =
      machine_.Step(*input, {kStart + step.at, kWallStart + step.at});
  if (const auto* found = std::get_if<ProcessFound>(&*input)) {
    process_ = found->process;
  }
  for (const Effect& effect : effects) {
    if (const auto* look = std::get_if<LookAtPort>(&effect)) link_ = look->link;
    if (const auto* dial = std::get_if<Connect>(&effect)) link_ = dial->link;
    if (const auto* run = std::get_if<Launch>(&effect)) process_ = run->process;
  }

  // State, effects and wake are told on each line; the rest where it matters,
  // and an error wherever there is one.
  const auto columns = Columns(effects);
  std::vector<std::string> told(columns.begin(), columns.begin() + 3);
  if (machine_.status().error) told.push_back(columns[3]);
  for (size_t i = 3; i < step.expected.size(); ++i) {
    const std::string key =
        step.expected[i].substr(0, step.expected[i].find(' ') + 1);
    if (key == "error " && machine_.status().error) continue;
    const auto found =
        std::find_if(columns.begin() + 3, columns.end(),
                     [&](const auto& c) { return c.starts_with(key); });
    told.push_back(found == columns.end() ? "?" : *found);
  }
  if (told == step.expected) return std::nullopt;
  std::string text = "what came of it:";
  for (const std::string& column : told) text += Concat("  ", column);
  return text;
}

}  // namespace clawplane::core
