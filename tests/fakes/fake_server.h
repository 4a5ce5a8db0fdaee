// The fake gateway itself: listens, and holds what all its clients share.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_SERVER_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_SERVER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/fakes/fake_device.h"
#include "tests/fakes/fake_options.h"
#include "tests/fakes/fake_record.h"
#include "tests/fakes/fake_socket.h"

namespace clawplane::testing {

class FakeConversation;

// Whether the gateway takes in work, and how much of it it has.
struct FakeSuspension {
  bool leased = false;
  int64_t work = 0;
};

// Thread-compatible: after `Open`, only on the thread that runs `io`. Owns the
// listening socket and the conversations; `io` and `record` must outlive it,
// and no handler of `io` may run after it is gone.
class FakeServer {
 public:
  FakeServer(boost::asio::io_context& io, FakeGatewayOptions options,
             FakeRecord& record);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  absl::Status Open();
  uint16_t port() const { return port_; }

  // ---- State that clients share.
  const FakeGatewayOptions& options() const { return options_; }
  const Behaviour& behaviour() const { return options_.behaviour; }
  FakeRecord& record() { return record_; }
  boost::asio::io_context& io() { return io_; }
  const std::string& boot_id() const { return options_.boot_id; }
  bool ready() const { return ready_; }
  bool draining() const { return draining_; }
  bool silent() const { return silent_; }
  size_t open_conversations() const { return conversations_.size(); }
  FakeDevices& devices() { return devices_; }
  std::vector<std::string>& triggers() { return triggers_; }
  FakeSuspension& suspension() { return suspension_; }
  std::vector<std::string>& system_events() { return system_events_; }
  // How often presence has changed.
  int64_t presence_version() const;

  // Whether this connect is sent away as too early; counts it if so.
  bool TakeTooEarly();

  // ---- Changes.
  void SetReady(bool ready);
  void SetBehaviour(Behaviour behaviour);
  void SetToken(std::string token) { options_.token = std::move(token); }
  void SetTicking(bool ticking) { ticking_ = ticking; }
  void SetSilent(bool silent) { silent_ = silent; }
  void SetWork(int64_t work, bool tell);
  // Tells whether work is taken in.
  void TellSuspension();

  // ---- To all clients.
  // To those past their handshake, or of those only to the ones that may read.
  void Broadcast(const std::string& event,
                 const std::optional<std::string>& payload,
                 bool to_readers_only = false, const std::string& more = "");
  void ForEach(const std::function<void(FakeConversation&)>& visit);
  void CloseAll(uint16_t code, const std::string& reason);
  void DropAll();
  // As the real one does it in its own process: announces, closes, and comes
  // back with another boot id.
  void Restart(std::chrono::milliseconds delay);
  // Announces if wished, closes all, takes nobody in any more; then calls the
  // exit hook.
  void ShutDown(bool announce);

  // Stops listening, and drops all.
  void Leave();

  // A conversation is over, and may be destroyed.
  void Forget(FakeConversation& conversation);

 private:
  absl::Status Listen(uint16_t port);
  void Accept();
  void Tick();
  void ScheduleReady(std::chrono::milliseconds delay);
  void ExitOnce();

  boost::asio::io_context& io_;
  FakeGatewayOptions options_;
  FakeRecord& record_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer ready_timer_;
  boost::asio::steady_timer exit_timer_;
  std::set<std::shared_ptr<FakeConversation>> conversations_;
  FakeDevices devices_;
  std::vector<std::string> triggers_ = {"openclaw", "claude", "computer"};
  std::vector<std::string> system_events_;
  FakeSuspension suspension_;
  uint16_t port_ = 0;
  bool ready_ = true;
  bool draining_ = false;
  bool silent_ = false;
  bool ticking_ = true;
  bool exited_ = false;
};

// A new random identifier.
std::string MakeUuid();
// The machine's clock, in ms since 1970.
int64_t NowMs();

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_SERVER_H_
