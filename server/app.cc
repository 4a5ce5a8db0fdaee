#include "server/app.h"

#include <grpc/grpc.h>

#include <utility>
#include <variant>

#include "core/io/launch_plan.h"
#include "core/io/listener_owner.h"
#include "core/io/state_lock_holder.h"
#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/file_limit.h"
#include "server/log.h"
#include "server/nats_broker.h"
#include "server/state_file.h"
#include "server/text_file.h"
#include "server/transport_limits.h"
#include "server/version.h"

namespace clawplane::server {
namespace {

// How long calls may take to end once the gateway is gone.
constexpr std::chrono::seconds kServerGrace(2);

void LogReload(std::string_view what, std::string_view good,
               const absl::Status& status) {
  if (status.ok()) {
    LogInfo(core::Concat(what, ": ", good));
  } else {
    LogWarning(core::Concat(what,
                            ": what there is now is not used, and what was "
                            "there before still is: ",
                            status.message().data()));
  }
}

std::string ValueOf(const core::Setting& setting, const core::Config& config) {
  if (setting.is_secret) return "(not shown)";
  std::string text;
  for (const std::string& value : setting.place.show(config)) {
    text += core::Concat(text.empty() ? "" : ", ", value);
  }
  return text.empty() ? "not set" : text;
}

void LogChange(const core::Setting& setting, const core::Config& before,
               const core::Config& after) {
  const std::string change =
      core::Concat(setting.key, ": ", ValueOf(setting, before), " -> ",
                   ValueOf(setting, after));
  switch (setting.reload()) {
    case core::Reload::kAtOnce:
      LogInfo(core::Concat(change, ", from now on"));
      return;
    case core::Reload::kNextGateway:
      LogInfo(core::Concat(change, ", from the gateway's next start on"));
      return;
    case core::Reload::kNextDaemon:
      LogWarning(
          core::Concat(change, " counts only once clawplaned is started anew"));
      return;
  }
}

core::ChildProcessLauncher::Options LaunchTerms(
    core::OnExit on_exit, const StateDirectory& directory) {
  const bool leaves = on_exit == core::OnExit::kLeaveRunning;
  return {.end_with_parent = !leaves,
          // What an earlier daemon left is followed there, whatever we do.
          .output_directory = directory.path(),
          .leaves_children = leaves,
          .soft_file_limit = RaiseFileLimit()};
}

std::variant<std::string, core::Fault> SharedToken(const std::string& file,
                                                   bool may_make) {
  auto text = may_make ? core::ReadOrMakeToken(file) : core::ReadToken(file);
  if (text.ok()) return *std::move(text);
  return core::Fault{core::Reason::kTokenUnreadable,
                     std::string(text.status().message()),
                     core::Concat("put the gateway's token into ", file,
                                  ", readable by nobody else")};
}

// HOME in the gateway's environment.
std::string HomeOfGateway(const core::GatewayConfig& config,
                          const std::vector<std::string>& environment) {
  constexpr std::string_view kHome = "HOME=";
  if (!config.home.empty()) return config.home;
  for (const std::string_view variable : environment) {
    if (variable.starts_with(kHome)) {
      return std::string(variable.substr(kHome.size()));
    }
  }
  return {};
}

}  // namespace

App::App(const core::Config& config, std::unique_ptr<StateDirectory> directory,
         std::unique_ptr<AuditLog> audit, std::string_view access_token,
         const std::vector<std::string>& environment)
    : config_(config),
      stored_log_(OpenStoredLog(config_, strand_)),
      epoch_(stored_log_.beginning.epoch),
      directory_(std::move(directory)),
      audit_(std::move(audit)),
      access_(access_token),
      gate_(access_, config_, epoch_, *audit_,
            [this](const std::string& peer) { acceptor_.Complain(peer); }),
      io_(1),
      keep_running_(io_.get_executor()),
      strand_(io_),
      launcher_(strand_, LaunchTerms(config_.gateway.on_exit, *directory_)),
      connector_(strand_),
      prober_(strand_),
      alarm_(strand_),
      device_(config_.state_directory),
      random_(std::random_device()()),
      manager_(strand_, config_, kVersion, epoch_, MakeWorld(environment)),
      service_(strand_, manager_, gate_),
      health_(strand_, manager_, gate_),
      reflection_(gate_),
      ops_pages_(
          {.gateway = manager_,
           .loop = loop_,
           .gate = gate_,
           .audit = *audit_,
           .acceptor = acceptor_,
           .publisher = publisher_},
          config_.ops.metrics,
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
  if (!stored_log_.store) return;
  // It never served: the next one goes on with the same epoch.
  stored_log_.store->Finish({}, stored_log_.beginning.last);
  stored_log_.store.reset();
}

core::GatewayManager::World App::MakeWorld(
    const std::vector<std::string>& environment) {
  // All are asked on the strand, so that what is configured then counts.
  const auto token = [this](bool may_make) {
    return SharedToken(manager_.config().gateway.token_file, may_make);
  };
  const auto plan = [this, environment](const std::string& secret) {
    const core::Config& config = manager_.config();
    return core::PlanLaunch(config.gateway, config.machine.port, secret,
                            environment);
  };
  const auto plan_repair =
      [this, environment]() -> std::variant<core::LaunchSpec, core::Fault> {
    const core::Config& config = manager_.config();
    auto doctor =
        core::PlanDoctor(config.gateway, config.machine.port, environment);
    if (auto* fault = std::get_if<core::Fault>(&doctor)) return *fault;
    auto& spec = std::get<std::optional<core::LaunchSpec>>(doctor);
    if (spec) return *std::move(spec);
    return core::Fault{core::Reason::kGatewayNotInstalled,
                       "a configured command has no repair of its own",
                       "set gateway.doctor_command if there is one"};
  };
  const auto lock_holder = [this, environment] {
    const auto holder = core::FindStateLockHolder(
        HomeOfGateway(manager_.config().gateway, environment));
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
      .signal_listener =
          [port = config_.machine.port](int pid, int signal) {
            return core::SignalListener(port, pid, signal);
          },
      .store =
          [file = directory_->state_file()](
              const core::StateRecord& record) -> std::optional<core::Fault> {
        const absl::Status stored = WriteStateFile(file, record);
        if (stored.ok()) return std::nullopt;
        return core::Fault{core::Reason::kWishNotStored,
                           std::string(stored.message()),
                           "mend that, then give the order again"};
      },
      .random =
          [this] { return std::uniform_real_distribution<double>()(random_); },
      .log = LogDecision,
      .device = &device_,
      .warn = [](const std::string& text) { LogWarning(text); }};
}

core::StateRecord App::ReadState() const {
  const StoredState stored = ReadStateFile(directory_->state_file());
  if (const auto* record = std::get_if<core::StateRecord>(&stored)) {
    return *record;
  }
  if (const auto* fault = std::get_if<absl::Status>(&stored)) {
    LogWarning(fault->message().data());
  }
  return {};
}

// The log on disk knows best; without one, its last owner's notes do.
std::string App::PreviousEpoch(const core::StateRecord& found) const {
  const std::string& stored = stored_log_.beginning.previous_epoch;
  if (!stored.empty() || stored_log_.store) return stored;
  return found.epoch;
}

absl::Status App::ReadAccessFile() {
  access_stamp_ = StampOf(config_.access.file);
  auto list = AccessList::Read(config_.access.file);
  if (!list.ok()) return list.status();
  access_.Use(*std::move(list));
  return absl::OkStatus();
}

absl::Status App::Start() {
  if (!stored_log_.status.ok()) return stored_log_.status;
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
  const core::StateRecord found = ReadState();
  service_.set_info({.version = kVersion,
                     .build = kBuild,
                     .epoch = epoch_,
                     .started_at = alarm_.Now().wall,
                     .listeners = listeners_.addresses(),
                     .previous_epoch = PreviousEpoch(found),
                     .durable_events = stored_log_.store != nullptr});
  if (!config_.nats.url.empty()) {
    const std::string& log = config_.event_log.directory;
    publisher_.emplace(
        strand_, manager_,
        std::make_unique<NatsBroker>(
            strand_, config_.nats, config_.name,
            (log.empty() ? config_.state_directory : log) + "/nats.position"));
  }
  if (stored_log_.store) {
    strand_.Post([this] {
      manager_.KeepEvents(*stored_log_.store, std::move(stored_log_.beginning));
    });
  }
  if (publisher_) {
    strand_.Post([this] { publisher_->Begin(); });
  }
  strand_.Post([this, found, autostart = config_.gateway.autostart] {
    manager_.Resume(found, autostart);
  });
  service_.ServeOn(loop_);
  health_.ServeOn(loop_);
  reflection_.ServeOn(loop_);
  // Calls that came already wait for the strand to run.
  io_thread_ = std::thread([this] { io_.run(); });
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
  if (!warning.empty()) LogWarning(warning);
  return absl::OkStatus();
}

void App::Use(const core::Config& config) {
  const auto changed = core::ChangedSettings(config_, config);
  if (changed.empty()) LogInfo("no setting has changed");
  for (const core::Setting* setting : changed) {
    LogChange(*setting, config_, config);
    if (setting->reload() == core::Reload::kNextDaemon) continue;
    core::CopySetting(*setting, config, config_);
  }
  UseLog(config_.log);
  gate_.Use(config_.access);
  strand_.Post([this, config = config_] { manager_.Use(config); });
  // A file that was there may be no more.
  if (config_.access.file.empty()) access_.Use(AccessList());
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

std::vector<ServiceManager::Question> App::Questions() {
  return {
      [this](std::function<void()> answer) { strand_.Post(std::move(answer)); },
      [this](std::function<void()> answer) { loop_.Ask(std::move(answer)); }};
}

void App::TellStatus(std::function<void(const std::string&)> tell) {
  status_words_.emplace(strand_, manager_, std::move(tell));
  strand_.Post([this] { status_words_->Begin(); });
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
  // Both post to the strand; the store ends behind its last commit.
  publisher_.reset();
  stored_log_.store.reset();
}

}  // namespace clawplane::server
