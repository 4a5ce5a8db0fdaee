#include "server/probe.h"

#include <gtest/gtest.h>

#include "core/model/config.h"

namespace clawplane::testing {
namespace {

using server::ChooseProbeTarget;
using Protocol = server::ProbeTarget::Protocol;

core::Config With(const std::string& socket, const std::string& listen,
                  const std::string& ops) {
  core::Config config;
  config.socket = socket;
  config.listen = listen;
  config.ops.listen = ops;
  return config;
}

TEST(ProbeTargetTest, IsTheFirstThatThereIs) {
  const auto expect = [](const core::Config& config, Protocol protocol,
                         const std::string& address) {
    const auto target = ChooseProbeTarget(config);
    EXPECT_EQ(target.protocol, protocol) << address;
    EXPECT_EQ(target.address, address);
  };
  expect(With("/s", "127.0.0.1:1", "127.0.0.1:2"), Protocol::kGrpc, "unix:/s");
  expect(With("none", "127.0.0.1:1", "127.0.0.1:2"), Protocol::kGrpc,
         "127.0.0.1:1");
  expect(With("none", "none", "127.0.0.1:2"), Protocol::kHttp, "127.0.0.1:2");
  expect(With("none", "127.0.0.1:0", "127.0.0.1:2"), Protocol::kHttp,
         "127.0.0.1:2");
  expect(With("none", "none", "none"), Protocol::kNone, "");
  expect(With("none", "none", "[::1]:0"), Protocol::kNone, "");
}

TEST(ProbeTargetTest, IsOnThisMachineWhereAllAddressesAreServed) {
  EXPECT_EQ(ChooseProbeTarget(With("none", "0.0.0.0:10", "none")).address,
            "127.0.0.1:10");
  EXPECT_EQ(ChooseProbeTarget(With("none", "none", "[::]:20")).address,
            "[::1]:20");
  EXPECT_EQ(ChooseProbeTarget(With("none", "none", "192.0.2.1:3")).address,
            "192.0.2.1:3");
}

}  // namespace
}  // namespace clawplane::testing
