// Responses of a stream of events, for tests.

#ifndef CLAWPLANE_TESTS_CLIENT_RESPONSES_H_
#define CLAWPLANE_TESTS_CLIENT_RESPONSES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clawplane/v1/gateway.pb.h"

namespace clawplane::client {

inline v1::EventPosition At(const std::string& epoch, uint64_t sequence) {
  v1::EventPosition position;
  position.set_epoch(epoch);
  position.set_sequence(sequence);
  return position;
}

inline v1::StreamEventsResponse Bookmark(const std::string& epoch,
                                         uint64_t sequence) {
  v1::StreamEventsResponse response;
  *response.mutable_bookmark() = At(epoch, sequence);
  return response;
}

inline v1::StreamEventsResponse Gap(const v1::EventPosition& lost_after,
                                    const v1::EventPosition& resumed_after) {
  v1::StreamEventsResponse response;
  *response.mutable_gap()->mutable_lost_after() = lost_after;
  *response.mutable_gap()->mutable_resumed_after() = resumed_after;
  return response;
}

// Events with these numbers.
inline v1::StreamEventsResponse Events(const std::string& epoch,
                                       const std::vector<uint64_t>& numbers) {
  v1::StreamEventsResponse response;
  for (const uint64_t number : numbers) {
    v1::Event& event = *response.add_events();
    event.set_epoch(epoch);
    event.set_sequence(number);
    event.mutable_received_at()->set_seconds(1'700'000'000);
    event.set_kind(v1::EVENT_KIND_NOTIFICATION);
    event.set_name("presence");
    event.mutable_notification()->mutable_payload()->set_json(
        "{\"number\":" + std::to_string(number) + "}");
  }
  return response;
}

}  // namespace clawplane::client

#endif  // CLAWPLANE_TESTS_CLIENT_RESPONSES_H_
