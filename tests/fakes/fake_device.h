// How gateways check who a device is, with real signatures.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_DEVICE_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_DEVICE_H_

#include <map>
#include <optional>
#include <string>

#include "tests/fakes/fake_json.h"
#include "tests/fakes/fake_options.h"

namespace clawplane::testing {

// What a gateway knows of the devices that came to it.
//
// Thread-compatible.
class FakeDevices {
 public:
  explicit FakeDevices(DeviceRules rules) : rules_(rules) {}

  // The error that answers a connect whose `device` does not prove who it is;
  // nothing if it does, or if there is none. What is signed has to hold the
  // `nonce` of this connection.
  std::optional<std::string> Judge(const Json& params,
                                   const std::string& nonce) const;

  // The error that answers one that nobody has approved; pairs it silently
  // where the rules let it.
  std::optional<std::string> Pair(const std::string& device);

  // Whether it is the token that was given to that device.
  bool Knows(const std::string& device, const std::string& token) const;

  // The token that the device gets; empty if none.
  std::string Give(const std::string& device);

  const DeviceRules& rules() const { return rules_; }

  // ---- What a person does
  void ForgetAll() { tokens_.clear(); }
  void SetApproving(bool approving) { rules_.pairs_silently = approving; }

 private:
  DeviceRules rules_;
  // Of those that are paired; empty where tokens are not given.
  std::map<std::string, std::string> tokens_;
};

// The id of the device that a connect names; empty if none.
std::string DeviceId(const Json& params);

// One that behaves as that version does: 2026.9.6, 2026.3.13, 2026.2.19 or
// 2026.1.24-3. Nothing for another.
std::optional<FakeGatewayOptions> LikeVersion(const std::string& version);

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_DEVICE_H_
