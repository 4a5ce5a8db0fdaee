// The gateway's state in words, for `systemctl status`.

#ifndef CLAWPLANE_SERVER_STATUS_WORDS_H_
#define CLAWPLANE_SERVER_STATUS_WORDS_H_

#include <functional>
#include <string>
#include <utility>

#include "core/io/core_strand.h"
#include "core/io/gateway_manager.h"
#include "core/model/audience.h"
#include "core/model/gateway_status.h"

namespace clawplane::server {

// One line. Everybody on the machine may read it, so that of an error it has
// the reason alone: a message may quote what the gateway printed.
std::string InWords(const core::GatewayStatus& status);

// Tells the words whenever they have changed, until the streams are closed.
//
// On the strand, but for the constructor. The manager must outlive it.
class StatusWords final : public core::Subscriber {
 public:
  StatusWords(core::CoreStrand& strand, core::GatewayManager& gateway,
              std::function<void(const std::string&)> tell)
      : strand_(strand), gateway_(gateway), tell_(std::move(tell)) {}

  // Tells them for the first time.
  void Begin();

  void Wake(uint64_t from) override;
  void Close(const core::Fault& why) override;

 private:
  void TellAndAwait() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  core::CoreStrand& strand_;
  core::GatewayManager& gateway_;
  const std::function<void(const std::string&)> tell_;
  std::string told_ ABSL_GUARDED_BY(strand_);
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_STATUS_WORDS_H_
