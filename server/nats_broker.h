// A stream of NATS JetStream as the broker of events.

#ifndef CLAWPLANE_SERVER_NATS_BROKER_H_
#define CLAWPLANE_SERVER_NATS_BROKER_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "core/io/core_strand.h"
#include "core/model/config.h"
#include "server/event_broker.h"

namespace clawplane::server {

// The subject of an event of this kind, of the instance with this name:
// "clawplane.NAME.events.KIND". In the name all but letters, digits, '-' and
// '_' become '_'.
std::string NatsSubject(std::string_view name, std::string_view kind);

// The message id by which JetStream knows duplicates: "EPOCH-SEQUENCE", with
// "-lost" behind it for a range that is lost up to there.
std::string NatsMessageId(const Publication& publication);
// The position that is in such an id.
std::optional<core::EventPosition> PositionOfNatsId(std::string_view id);

// The text of a message: `clawplane.v1.Event` or, for a lost range, `EventGap`,
// in protobuf's JSON. Without the event's payload where that is left out.
std::string NatsText(const Publication& publication, core::EventForm form);

// Publishes on a thread of its own, one message after the other: each waits
// until JetStream has acknowledged the one before. So the last message of ours
// in the stream says what the stream has, whatever was lost on the way, and is
// where a new connection goes on; for as long as there is none, a file is.
//
// A message over the server's limit is published without its payload.
//
// On the strand, but for the constructor, and the destructor, which comes when
// the strand does not run any more. The strand must outlive it.
class NatsBroker final : public EventBroker {
 public:
  // `position_file` is made, and replaced whenever messages are taken.
  NatsBroker(core::CoreStrand& strand, const core::NatsConfig& config,
             const std::string& name, std::string position_file);
  // Waits for the message that is under way, for two seconds at most.
  ~NatsBroker() override;
  NatsBroker(const NatsBroker&) = delete;
  NatsBroker& operator=(const NatsBroker&) = delete;

  // EventBroker:
  void Begin(BrokerReports reports) override;
  void Publish(std::vector<Publication> publications) override;

 private:
  // The connection, and what belongs to it.
  class Session;

  // ---- On the thread
  void Run();
  // Publishes what is given until that fails, or the end comes.
  absl::Status Serve(Session& session);
  // Waits for something to publish, a second at most; false at the end.
  bool Take(std::vector<Publication>& publications);
  bool Pause(std::chrono::milliseconds pause);
  void Remember(const core::EventPosition& position) const;
  std::optional<core::EventPosition> Remembered() const;
  template <typename Report>
  void Tell(Report report);

  core::CoreStrand& strand_;
  const core::NatsConfig config_;
  const std::string name_;
  const std::string position_file_;
  std::shared_ptr<BrokerReports> reports_;
  // The connection that the strand has heard of last: what it publishes is for
  // that one.
  uint64_t heard_session_ = 0;
  // The present one; the thread's own.
  uint64_t session_ = 0;

  // `mutex_` guards what is below, but for the thread.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Publication> waiting_;
  uint64_t waiting_session_ = 0;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_NATS_BROKER_H_
