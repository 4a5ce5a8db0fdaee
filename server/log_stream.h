// One `StreamLogs` call.

#ifndef CLAWPLANE_SERVER_LOG_STREAM_H_
#define CLAWPLANE_SERVER_LOG_STREAM_H_

#include <cstdint>
#include <optional>

#include "clawplane/v1/gateway.pb.h"
#include "server/stream_call.h"

namespace clawplane::server {

// Sends lines of the gateway's output from a position on. A reader that falls
// behind what is held is told how many it missed.
//
// On the strand, but for the constructor.
class LogStream final : public StreamCall<v1::StreamLogsResponse> {
 public:
  // The most lines that can be asked for.
  static constexpr uint32_t kMaxTailLines = 100'000;

  // No `tail_lines` means all that are held.
  LogStream(core::CoreStrand& strand, core::GatewayManager& gateway,
            std::optional<uint32_t> tail_lines, bool follow)
      : StreamCall(strand, gateway, core::Topic::kLogs),
        tail_lines_(tail_lines),
        follow_(follow) {}

 private:
  void OnBegin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;
  bool Next(v1::StreamLogsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_) override;

  const std::optional<uint32_t> tail_lines_;
  const bool follow_;
  // The number of the next line to send.
  uint64_t next_ ABSL_GUARDED_BY(strand_) = 0;
  // Without `follow`: the number to end at.
  uint64_t until_ ABSL_GUARDED_BY(strand_) = 0;
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_LOG_STREAM_H_
