// The key by which gateways know this control plane.

#ifndef CLAWPLANE_CORE_IO_DEVICE_IDENTITY_H_
#define CLAWPLANE_CORE_IO_DEVICE_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/model/device.h"
#include "core/model/fault.h"

namespace clawplane::core {

// Keeps, in a folder that one process holds, an Ed25519 key (`device.key`, PEM)
// and what gateways gave for it (`device-PORT.token`). All files are 0600, and
// whole or not there at all. Blocks on the file system, and is asked once for
// each connection.
//
// Thread-compatible. Holds nothing in memory but the folder's name; the device
// that it gives holds the key.
class DeviceIdentity {
 public:
  explicit DeviceIdentity(std::string folder);

  // The key that is kept; made if there is none. One that is damaged, or that
  // others may read, is a fault that says what to do, and is never replaced:
  // the gateways know this one.
  std::variant<Device, Fault> Get() const;

  // What the gateway on this port gave for the key; empty if nothing. What
  // cannot be read counts as nothing, for the shared token replaces it.
  std::string Token(uint16_t port) const;

  // Keeps that, in the place of what was kept; an empty one forgets it.
  std::optional<Fault> Keep(uint16_t port, std::string_view token) const;

 private:
  std::string TokenFile(uint16_t port) const;

  const std::string folder_;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_DEVICE_IDENTITY_H_
