// Who this control plane is to gateways that let only known devices in.

#ifndef CLAWPLANE_CORE_MODEL_DEVICE_H_
#define CLAWPLANE_CORE_MODEL_DEVICE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/model/json_scanner.h"

namespace clawplane::core {

// The public half of an Ed25519 key, and a way to use the other.
//
// Thread-compatible.
struct Device {
  // The SHA-256 of the public key in lower-case hexadecimal.
  std::string id;
  // Its 32 bytes in base64url without padding.
  std::string public_key;
  // Signs a text; the 64 bytes of the signature in base64url without padding.
  // Empty if that fails.
  std::function<std::string(const std::string& text)> sign;
};

// What a gateway sends first, for a device to sign.
struct Challenge {
  std::string nonce;
  // The gateway's clock, in milliseconds since 1970.
  int64_t at = 0;
};

// Reads the payload of `connect.challenge`. Nothing if it has nothing to sign.
std::optional<Challenge> ParseChallenge(JsonView payload);

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_MODEL_DEVICE_H_
