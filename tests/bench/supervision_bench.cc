// How fast the supervision is: prints the medians of
//
//   * a launch: from the order to a running child, in this process;
//   * the death of a child, from the SIGKILL to the status that tells it, as a
//     client on the Unix socket reads it;
//   * getting up: from the moment the gateway is ready (as the fake tells it)
//   to
//     the status RUNNING, as the same client reads it.
//
// supervision_bench DIRECTORY: the built programs lie beside it; DIRECTORY is
// for its files. All clocks are CLOCK_MONOTONIC.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "clawplane/v1/gateway.grpc.pb.h"
#include "core/io/core_strand.h"
#include "core/io/process_launcher.h"
#include "core/model/text.h"
#include "tests/e2e/child.h"
#include "tests/free_port.h"

namespace clawplane::testing {
namespace {

using core::Concat;
using std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kLaunches = 200;
constexpr int kRounds = 25;

struct Series {
  std::string name;
  // What it should stay below, in ms; from the design of this project.
  double target;
  std::vector<double> values;

  double Quantile(double share) const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<size_t>(share * (sorted.size() - 1))];
  }
};

// ---- Launching

std::optional<double> LaunchOnce(core::CoreStrand& strand,
                                 core::ChildProcessLauncher& launcher) {
  std::promise<void> gone;
  std::optional<double> took;
  std::unique_ptr<core::Process> process;
  strand.Post([&] {
    const core::LaunchSpec spec = {"/bin/true", {}, "/", {}};
    core::ProcessReports reports;
    reports.on_line = [](core::LogSource, std::string_view, size_t) {};
    reports.on_stopped = [](bool) {};
    reports.on_gone = [&](const core::ProcessGone&) {
      process.reset();
      gone.set_value();
    };
    const auto begin = steady_clock::now();
    auto launched = launcher.Launch(spec, std::move(reports));
    const Milliseconds time = steady_clock::now() - begin;
    if (auto* child = std::get_if<std::unique_ptr<core::Process>>(&launched)) {
      process = std::move(*child);
      took = time.count();
    } else {
      std::cerr << std::get<core::Fault>(launched).message << std::endl;
      gone.set_value();
    }
  });
  gone.get_future().wait();
  return took;
}

Series MeasureLaunches() {
  Series series{"launch", 1, {}};
  boost::asio::io_context io(1);
  auto work = boost::asio::make_work_guard(io);
  core::CoreStrand strand(io);
  std::optional<core::ChildProcessLauncher> launcher;
  launcher.emplace(strand, core::ChildProcessLauncher::Options{});
  std::thread thread([&] { io.run(); });
  for (int i = 0; i < kLaunches; ++i) {
    if (const auto took = LaunchOnce(strand, *launcher)) {
      series.values.push_back(*took);
    }
  }
  std::promise<void> released;
  strand.Post([&] {
    launcher->Close();
    released.set_value();
  });
  released.get_future().wait();
  work.reset();
  thread.join();
  return series;
}

// ---- Dying and getting up

// A daemon with a fake gateway, and a client that follows its status.
class Bench {
 public:
  explicit Bench(const std::filesystem::path& directory);
  ~Bench();

  // Kills the gateway and starts it again; false if that did not work.
  bool Round(Series& death, Series& ready);

 private:
  using State = v1::GatewayStatus::State;

  // The next status in this state, and when it was read.
  std::optional<steady_clock::time_point> AwaitState(State state);
  bool Start();
  // When the fake gateway was ready, as its latest line says.
  std::optional<steady_clock::time_point> ReadyAt();

  std::optional<Child> daemon_;
  std::unique_ptr<v1::GatewayService::Stub> stub_;
  grpc::ClientContext following_;
  std::unique_ptr<grpc::ClientReader<v1::StreamStatusResponse>> statuses_;
  v1::GatewayStatus status_;
};

Bench::Bench(const std::filesystem::path& directory) {
  const auto programs =
      std::filesystem::canonical("/proc/self/exe").parent_path();
  const std::string config = directory / "clawplane.yaml";
  std::ofstream(config) << "state_dir: " << (directory / "state").string()
                        << "\nlisten: none\nops:\n  listen: none\nsocket: "
                        << (directory / "s").string()
                        << "\ngateway:\n  mode: launch\n  port: " << FreePort()
                        << "\n  command: ["
                        << (programs / "fake_gateway").string()
                        << ", --port, \"{port}\", --ready-delay-ms, \"200\", "
                           "--print-ready]\n";
  daemon_.emplace(
      std::vector<std::string>{programs / "clawplaned", "--config", config},
      std::vector<std::string>{}, directory / "clawplaned");
  if (!daemon_->WaitForOutput("clawplaned ready")) {
    std::cerr << "clawplaned did not get ready: " << daemon_->errors();
    std::exit(1);
  }
  stub_ = v1::GatewayService::NewStub(
      grpc::CreateChannel("unix:" + (directory / "s").string(),
                          grpc::InsecureChannelCredentials()));
  statuses_ = stub_->StreamStatus(&following_, {});
}

Bench::~Bench() {
  following_.TryCancel();
  statuses_->Finish();
  daemon_->Signal(SIGTERM);
  daemon_->Wait();
}

std::optional<steady_clock::time_point> Bench::AwaitState(State state) {
  v1::StreamStatusResponse response;
  while (statuses_->Read(&response)) {
    const auto now = steady_clock::now();
    status_ = response.status();
    if (status_.state() == state) return now;
  }
  return std::nullopt;
}

bool Bench::Start() {
  grpc::ClientContext context;
  v1::StartRequest request;
  request.set_no_wait(true);
  v1::StartResponse response;
  return stub_->Start(&context, request, &response).ok();
}

std::optional<steady_clock::time_point> Bench::ReadyAt() {
  constexpr std::string_view kWords = "ready at ";
  grpc::ClientContext context;
  v1::StreamLogsRequest request;
  request.set_tail_lines(20);
  const auto logs = stub_->StreamLogs(&context, request);
  std::optional<steady_clock::time_point> at;
  v1::StreamLogsResponse response;
  while (logs->Read(&response)) {
    for (const v1::LogLine& line : response.lines()) {
      if (line.text().rfind(kWords, 0) != 0) continue;
      at.emplace(std::chrono::nanoseconds(
          std::stoll(line.text().substr(kWords.size()))));
    }
  }
  logs->Finish();
  return at;
}

bool Bench::Round(Series& death, Series& ready) {
  if (!Start()) return false;
  const auto up = AwaitState(v1::GatewayStatus::STATE_RUNNING);
  const auto ready_at = ReadyAt();
  if (!up || !ready_at) return false;
  ready.values.push_back(Milliseconds(*up - *ready_at).count());

  const auto killed = steady_clock::now();
  ::kill(status_.pid(), SIGKILL);
  const auto told = AwaitState(v1::GatewayStatus::STATE_RECONNECTING);
  if (!told) return false;
  death.values.push_back(Milliseconds(*told - killed).count());
  return true;
}

// ---- The report

void Print(const std::vector<Series>& all, const std::string& path) {
  std::ofstream json(path);
  json << "{\"unit\":\"ms\",\"series\":[";
  std::printf("%-34s %8s %8s %8s %6s %8s\n", "in ms", "median", "p90", "max",
              "n", "target");
  for (const Series& series : all) {
    const double median = series.Quantile(0.5);
    const double p90 = series.Quantile(0.9);
    const double max = series.Quantile(1);
    std::printf("%-34s %8.3f %8.3f %8.3f %6zu %8.3f\n", series.name.c_str(),
                median, p90, max, series.values.size(), series.target);
    json << (&series == &all.front() ? "" : ",") << "{\"name\":\""
         << series.name << "\",\"median\":" << median << ",\"p90\":" << p90
         << ",\"max\":" << max << ",\"n\":" << series.values.size()
         << ",\"target\":" << series.target << "}";
  }
  json << "]}\n";
}

int Run(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  std::vector<Series> all = {MeasureLaunches()};
  Series death{"child's death to StreamStatus", 5, {}};
  Series ready{"gateway ready to RUNNING", 100, {}};
  {
    Bench bench(directory);
    for (int i = 0; i < kRounds; ++i) {
      if (!bench.Round(death, ready)) {
        std::cerr << "round " << i << " failed" << std::endl;
        return 1;
      }
    }
  }
  all.push_back(std::move(death));
  all.push_back(std::move(ready));
  Print(all, directory / "supervision.json");
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: supervision_bench DIRECTORY" << std::endl;
    return 2;
  }
  return clawplane::testing::Run(argv[1]);
}
