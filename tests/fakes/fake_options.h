// How a fake gateway is set up.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_OPTIONS_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/fake_behaviour.h"

namespace clawplane::testing {

// What a fake gateway does to the process around it. Empty functions make the
// methods that need them answer with an error. Called on the gateway's thread.
struct FakeProcessHooks {
  // `fake.exit`, and the end of a shutdown (code 0).
  std::function<void(int code)> exit;
  // `fake.abort`.
  std::function<void()> abort;
  // `fake.print` and `fake.print_token`; the stream is "stdout" or "stderr".
  std::function<void(std::string_view stream, std::string_view text)> print;
  // An HTTP request came in; a connect request did; hello-ok was sent.
  std::function<void()> on_request;
  std::function<void()> on_connect;
  std::function<void()> on_hello;
  // The time of `ready_delay` or `restart_delay` is over.
  std::function<void()> on_ready;
};

// How the gateways of a version treat devices.
struct DeviceRules {
  // Who names none gets no scopes.
  bool demanded = false;
  // One that is paired gets a token of its own.
  bool gives_tokens = false;
  // Refusals have codes in their details.
  bool gives_details = true;
  // A new one is let in at once, as from the gateway's own machine.
  bool pairs_silently = true;
};

struct FakeGatewayOptions {
  // 0 takes a free one.
  uint16_t port = 0;
  // Empty lets everybody in.
  std::string token = "fake-token";
  Behaviour behaviour = {};
  std::string version = "2026.9.6";
  // The one protocol spoken; 3 refuses as the older gateways do.
  int64_t protocol = 4;
  DeviceRules devices = {};
  // Empty makes one.
  std::string boot_id = {};
  // Granted instead of those asked for.
  std::optional<std::vector<std::string>> scopes = {};
  // Between two `tick` events, as announced; 0 never ticks.
  std::chrono::milliseconds tick_interval{30000};
  std::chrono::milliseconds ping_interval{25000};
  // Announced, and kept: a longer message from the client closes with 1009.
  size_t max_payload = 26214400;
  size_t max_payload_before_hello = 65536;
  // A client that has not connected by then is closed with 1000.
  std::chrono::milliseconds handshake_timeout{15000};
  // Not ready for so long after the start.
  std::chrono::milliseconds ready_delay{0};
  // Not ready for so long in `fake.restart`.
  std::chrono::milliseconds restart_delay{200};
  // What a starting gateway tells clients to wait.
  int64_t retry_after_ms = 500;
  // Between the two answers to `agent`.
  std::chrono::milliseconds agent_delay{20};
  // Off for long runs, where keeping each frame would take too much memory.
  bool record_frames = true;
  FakeProcessHooks hooks = {};
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_OPTIONS_H_
