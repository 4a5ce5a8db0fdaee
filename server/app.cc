#include "server/app.h"

#include <grpc/grpc.h>

#include <array>
#include <cstdio>
#include <utility>
#include <variant>

#include "core/io/launch_plan.h"
#include "core/io/state_lock_holder.h"
#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/file_limit.h"
#include "server/log.h"
#include "server/state_file.h"
#include "server/text_file.h"
#include "server/transport_limits.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

// How long calls may take to end once the gateway is gone.
constexpr std::chrono::seconds kServerGrace(2);

// A name for one life of the event log that no other life has.
std::string NewEpoch() {
  std::random_device random;
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%08x%08x", random(), random());
  return text.data();
}

void LogReload(std::string_view what, std::string_view good,
               const absl::Status& status) {
  LogLine(status.ok() ? core::Concat(what, ": ", good)
                      : core::Concat("warning: ", what,
                                     ": what there is now is not used, and "
                                     "what was there before still is: ",
                                     status.message().data()));
}

}  // namespace

App::App(const core::Config& config, std::unique_ptr<StateDirectory> directory,
         std::unique_ptr<AuditLog> audit, std::string_view access_token,
         const std::vector<std::string>& environment)
    : config_(config),
      epoch_(NewEpoch()),
      directory_(std::move(directory)),
      audit_(std::move(audit)),
      access_(access_token),
      gate_(access_, config_, epoch_, *audit_,
            [this](const std::string& peer) { acceptor_.Complain(peer); }),
      io_(1),
      keep_running_(io_.get_executor()),
      strand_(io_),
      launcher_(strand_, {.soft_file_limit = RaiseFileLimit()}),
      connector_(strand_),
      prober_(strand_),
      alarm_(strand_),
      random_(std::random_device()()),
      manager_(strand_, config_, kVersion, epoch_, MakeWorld(environment)),
      service_(strand_, manager_, gate_),
      health_(strand_, manager_, gate_),
      reflection_(gate_),
      ops_pages_(
          manager_, config_.ops.metrics,
          [this](std::string_view token) { return access_.IsToken(token); }),
      ops_(strand_,
           [this](const OpsRequest& request) {
             return ops_pages_.Answer(request);
           }),
      loop_(strand_),
      acceptor_(config_.events.max_bytes + config_.logs.max_bytes),
      listeners_(config_) {}

App::~App() {
  if (io_thread_.joinable()) End();
}

std::string App::HomeOfGateway(
    const std::vector<std::string>& environment) const {
  constexpr std::string_view kHome = "HOME=";
  if (!config_.gateway.home.empty()) return config_.gateway.home;
  for (const std::string_view variable : environment) {
    if (variable.starts_with(kHome)) {
      return std::string(variable.substr(kHome.size()));
    }
  }
  return {};
}

core::GatewayManager::World App::MakeWorld(
    const std::vector<std::string>& environment) {
  const auto token =
      [file = config_.gateway.token_file](
          bool may_make) -> std::variant<std::string, core::Fault> {
    auto text = may_make ? core::ReadOrMakeToken(file) : core::ReadToken(file);
    if (text.ok()) return *std::move(text);
    return core::Fault{core::Reason::kTokenUnreadable,
                       std::string(text.status().message()),
                       core::Concat("put the gateway's token into ", file,
                                    ", readable by nobody else")};
  };
  const auto plan = [this, environment](const std::string& secret) {
    return core::PlanLaunch(config_.gateway, config_.machine.port, secret,
                            environment);
  };
  const auto plan_repair =
      [this, environment]() -> std::variant<core::LaunchSpec, core::Fault> {
    auto doctor =
        core::PlanDoctor(config_.gateway, config_.machine.port, environment);
    if (auto* fault = std::get_if<core::Fault>(&doctor)) return *fault;
    auto& spec = std::get<std::optional<core::LaunchSpec>>(doctor);
    if (spec) return *std::move(spec);
    return core::Fault{core::Reason::kGatewayNotInstalled,
                       "a configured command has no repair of its own",
                       "set gateway.doctor_command if there is one"};
  };
  const auto lock_holder = [home = HomeOfGateway(environment)] {
    const auto holder = core::FindStateLockHolder(home);
    return holder ? holder->description : std::string();
  };
  return {
      .launcher = launcher_,
      .connector = connector_,
      .prober = prober_,
      .alarm = alarm_,
      .token = token,
      .plan = plan,
      .plan_repair = plan_repair,
      .lock_holder = lock_holder,
      .store_wish = [file = directory_->state_file()](
                        bool wanted_up) -> std::optional<core::Fault> {
        const absl::Status stored = WriteStateFile(file, {wanted_up});
        if (stored.ok()) return std::nullopt;
        return core::Fault{core::Reason::kWishNotStored,
                           std::string(stored.message()),
                           "mend that, then give the order again"};
      },
      .random =
          [this] { return std::uniform_real_distribution<double>()(random_); },
      .log = [](const std::string& line) { LogLine(line); }};
}

// The last order stands; the configuration counts where there is none.
bool App::WantsUp() const {
  const StoredState stored = ReadStateFile(directory_->state_file());
  if (const auto* record = std::get_if<core::StateRecord>(&stored)) {
    return record->wanted_up;
  }
  if (const auto* fault = std::get_if<absl::Status>(&stored)) {
    LogLine(core::Concat("warning: ", fault->message().data()));
  }
  return config_.gateway.autostart;
}

absl::Status App::ReadAccessFile() {
  access_stamp_ = StampOf(config_.access.file);
  auto list = AccessList::Read(config_.access.file);
  if (!list.ok()) return list.status();
  access_.Use(*std::move(list));
  return absl::OkStatus();
}

absl::Status App::Start() {
  if (!config_.access.file.empty()) {
    absl::Status read = ReadAccessFile();
    if (!read.ok()) return read;
  }
  // Before the server, which cannot be taken back once it is built.
  absl::Status listening = config_.ops.listen == "none"
                               ? absl::OkStatus()
                               : ops_.Listen(config_.ops.listen);
  if (listening.ok()) listening = Listen();
  if (!listening.ok()) return listening;
  service_.set_info({.version = kVersion,
                     .build = kBuild,
                     .epoch = epoch_,
                     .started_at = alarm_.Now().wall,
                     .listeners = listeners_.addresses()});
  if (WantsUp()) {
    strand_.Post([this] { manager_.Resume(); });
  }
  // Calls that came already wait for the strand to run.
  io_thread_ = std::thread([this] { io_.run(); });
  service_.ServeOn(loop_);
  health_.ServeOn(loop_);
  reflection_.ServeOn(loop_);
  acceptor_.JoinLoop(loop_);
  loop_.Begin();
  acceptor_.Begin();
  return absl::OkStatus();
}

absl::Status App::Listen() {
  // A hold on the library that is never let go: its end would wait for its own
  // threads, up to 10 s after large messages, and the process ends anyway.
  ::grpc_init();
  TakeGrpcLog();
  grpc::ServerBuilder builder;
  ApplyTransportLimits(builder);
  builder.RegisterService(&service_.generated());
  builder.RegisterService(&health_.generated());
  builder.RegisterService(&reflection_.v1());
  builder.RegisterService(&reflection_.v1alpha());
  loop_.AddQueue(builder);
  auto server = listeners_.Open(builder, acceptor_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  const std::string warning = listeners_.Warning();
  if (!warning.empty()) LogLine(core::Concat("WARNING: ", warning));
  return absl::OkStatus();
}

void App::Refresh(bool anew) {
  gate_.Flush();
  if (anew) audit_->Reopen();

  const std::string& file = config_.access.file;
  if (!file.empty() && (anew || StampOf(file) != access_stamp_)) {
    LogReload("access.file", "the new entries count for calls from now on",
              ReadAccessFile());
  }
  if (listeners_.has_tls()) {
    const std::optional<absl::Status> tls =
        anew ? listeners_.ReloadTls() : listeners_.ReloadTlsIfChanged();
    if (tls) {
      LogReload("TLS",
                "the new certificate, key and client authorities count for "
                "connections made from now on",
                *tls);
    }
  }
}

void App::StopGateway(std::function<void()> stopped) {
  strand_.Post([this, stopped = std::move(stopped)]() mutable {
    manager_.Shutdown(std::move(stopped));
  });
}

void App::End() {
  strand_.Post([this] { manager_.CloseStreams(); });
  acceptor_.End();
  server_->Shutdown(std::chrono::system_clock::now() + kServerGrace);
  loop_.End();
  strand_.Post([this] {
    ops_.Close();
    manager_.Release();
    launcher_.Close();
  });
  keep_running_.reset();
  io_thread_.join();
}

}  // namespace clawplane::server
