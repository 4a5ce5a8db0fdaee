// The daemon: builds everything, and takes it down in the one right order.

#ifndef CLAWPLANE_SERVER_APP_H_
#define CLAWPLANE_SERVER_APP_H_

#include <grpcpp/grpcpp.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/io/asio_alarm.h"
#include "core/io/core_strand.h"
#include "core/io/device_identity.h"
#include "core/io/gateway_manager.h"
#include "core/io/http_probe.h"
#include "core/io/process_launcher.h"
#include "core/io/ws_connection.h"
#include "core/model/config.h"
#include "server/acceptor.h"
#include "server/access.h"
#include "server/audit_log.h"
#include "server/event_publisher.h"
#include "server/gate.h"
#include "server/gateway_service.h"
#include "server/health_service.h"
#include "server/listeners.h"
#include "server/ops_http.h"
#include "server/ops_pages.h"
#include "server/reflection_service.h"
#include "server/server_loop.h"
#include "server/service_manager.h"
#include "server/state_directory.h"
#include "server/status_words.h"
#include "server/stored_log.h"

namespace clawplane::server {

// Owns all parts by value, in the order in which they need each other.
//
// A life: `Start` -> (serving) -> `StopGateway`, perhaps twice -> `End`. All
// are called by the main thread. Between them the only threads are the
// strand's, the `ServerLoop`'s and gRPC's own.
class App {
 public:
  // `environment` is what the gateway may inherit, NAME=value each.
  App(const core::Config& config, std::unique_ptr<StateDirectory> directory,
      std::unique_ptr<AuditLog> audit, std::string_view access_token,
      const std::vector<std::string>& environment);
  App(const App&) = delete;
  App& operator=(const App&) = delete;
  ~App();

  // Takes calls from now on; or says why it cannot, and is to be destroyed.
  absl::Status Start();

  // Where calls are taken, and what is dangerous about it. After `Start`.
  const Listeners& listeners() const { return listeners_; }

  // Takes up what has changed in the configuration and can change while it
  // serves; logs each change, and of each whether it counts.
  void Use(const core::Config& config);

  // Takes up what has changed in the files of TLS and of access, and logs it;
  // `anew`: reads them whether they have changed or not, and opens the audit
  // log again. To be called every few seconds.
  void Refresh(bool anew);

  // Where probes and metrics are served; empty if nowhere. After `Start`.
  const std::string& ops_url() const { return ops_.url(); }

  // What asks the strand, and what the loop, for a sign of life. To be used
  // between `Start` and `End`.
  std::vector<ServiceManager::Question> Questions();

  // Has the gateway's state told in words whenever it changes, on the strand,
  // until `End`. Once, after `Start`.
  void TellStatus(std::function<void(const std::string&)> tell);

  // Refuses new work, and stops the gateway if it is ours; then calls
  // `stopped`, on another thread. A second call forces that.
  void StopGateway(std::function<void()> stopped);

  // Ends the streams, the server and the threads. After `stopped`.
  void End();

 private:
  core::GatewayManager::World MakeWorld(
      const std::vector<std::string>& environment);
  absl::Status Listen();
  absl::Status ReadAccessFile();
  core::StateRecord ReadState() const;
  std::string PreviousEpoch(const core::StateRecord& found) const;

  // The main thread's; the strand has the manager's.
  core::Config config_;
  StoredLog stored_log_;
  const std::string epoch_;
  const std::unique_ptr<StateDirectory> directory_;
  const std::unique_ptr<AuditLog> audit_;
  Access access_;
  std::string access_stamp_;
  Gate gate_;

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      keep_running_;
  core::CoreStrand strand_;
  core::ChildProcessLauncher launcher_;
  core::WsConnector connector_;
  core::HttpProber prober_;
  core::AsioAlarm alarm_;
  const core::DeviceIdentity device_;
  std::mt19937_64 random_;  // used on the strand only
  core::GatewayManager manager_;
  std::optional<StatusWords> status_words_;
  std::optional<EventPublisher> publisher_;
  GatewayService service_;
  HealthService health_;
  ReflectionService reflection_;
  const OpsPages ops_pages_;
  OpsHttp ops_;
  ServerLoop loop_;
  Acceptor acceptor_;
  Listeners listeners_;
  std::unique_ptr<grpc::Server> server_;
  std::thread io_thread_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_APP_H_
