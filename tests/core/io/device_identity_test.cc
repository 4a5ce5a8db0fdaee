#include "core/io/device_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/temp_directory.h"

namespace clawplane::core {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class DeviceIdentityTest : public ::testing::Test {
 protected:
  Device Get() const {
    auto device = identity_.Get();
    if (const auto* fault = std::get_if<Fault>(&device)) {
      ADD_FAILURE() << fault->message;
      return {};
    }
    return std::get<Device>(std::move(device));
  }
  // Why there is none. Nothing of the key is told, and it is left as it is.
  Fault FaultOfGet() const {
    const std::string before = Read(key_file_);
    auto device = identity_.Get();
    EXPECT_EQ(Read(key_file_), before);
    if (std::holds_alternative<Device>(device)) {
      ADD_FAILURE() << "there is one";
      return {};
    }
    Fault fault = std::get<Fault>(std::move(device));
    EXPECT_THAT(fault.message + fault.next_step,
                AllOf(HasSubstr(key_file_), Not(HasSubstr("MC4C"))));
    return fault;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void WriteKey(const std::string& text) const {
    place_.Write("device.key", text);
    ASSERT_EQ(::chmod(key_file_.c_str(), 0600), 0);
  }

  testing::TempDirectory place_;
  const std::string key_file_ = place_ / "device.key";
  const DeviceIdentity identity_{place_.path()};
};

// Made with: openssl genpkey -algorithm ed25519
constexpr char kKey[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----\n";

TEST_F(DeviceIdentityTest, IsMadeOnce) {
  const Device made = Get();
  struct stat stat = {};
  ASSERT_EQ(::stat(key_file_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_THAT(made.id, MatchesRegex("[0-9a-f]{64}"));
  EXPECT_THAT(made.public_key, MatchesRegex("[A-Za-z0-9_-]{43}"));

  const Device read = Get();
  EXPECT_EQ(read.id, made.id);
  EXPECT_EQ(read.public_key, made.public_key);
  EXPECT_EQ(read.sign("text"), made.sign("text"));
}

// What other programs make of the same key: openssl pkey -pubout, sha256sum,
// openssl pkeyutl -sign -rawin.
TEST_F(DeviceIdentityTest, IsWhatOtherProgramsMakeOfTheKey) {
  WriteKey(kKey);
  const Device device = Get();
  EXPECT_EQ(device.public_key, "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg");
  EXPECT_EQ(device.id,
            "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c");
  EXPECT_EQ(device.sign("text"),
            "Qi73Dp16CGvRcMrKFj-pvLFfEZipa-QErbdz9S2UO9h8fJZhG2XlSHSsRn9uMkeW"
            "vL6JQrbg-28VdlhiBAHuBQ");
}

TEST_F(DeviceIdentityTest, IsNeverReplacedWhereItIsDamaged) {
  const std::string whole = kKey;
  for (const std::string& text :
       {std::string(), std::string("no key"), whole.substr(0, 60),
        std::string("-----BEGIN PRIVATE KEY-----\n"
                    "MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ"
                    "GhscHR4f\n-----END PRIVATE KEY-----\n")}) {
    WriteKey(text);
    const Fault fault = FaultOfGet();
    EXPECT_EQ(fault.reason, Reason::kTokenUnreadable);
    EXPECT_THAT(fault.message, HasSubstr("no Ed25519 key")) << text;
    EXPECT_THAT(fault.next_step, HasSubstr("mv " + key_file_));
  }
}

TEST_F(DeviceIdentityTest, IsRefusedWhereOthersMayReadIt) {
  WriteKey(kKey);
  ASSERT_EQ(::chmod(key_file_.c_str(), 0644), 0);
  EXPECT_THAT(FaultOfGet().next_step, HasSubstr("chmod 600"));
}

TEST_F(DeviceIdentityTest, SaysWhyNoneCanBeMade) {
  const DeviceIdentity identity(place_ / "none");
  EXPECT_THAT(std::get<Fault>(identity.Get()).message,
              HasSubstr("cannot be written"));
}

TEST_F(DeviceIdentityTest, KeepsATokenForEachPort) {
  EXPECT_EQ(identity_.Token(1), "");
  EXPECT_FALSE(identity_.Keep(1, "first").has_value());
  EXPECT_FALSE(identity_.Keep(2, "second").has_value());
  struct stat stat = {};
  ASSERT_EQ(::stat((place_ / "device-1.token").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  EXPECT_EQ(identity_.Token(1), "first");
  EXPECT_EQ(identity_.Token(2), "second");

  EXPECT_FALSE(identity_.Keep(1, "").has_value());
  EXPECT_FALSE(identity_.Keep(1, "").has_value());
  EXPECT_EQ(identity_.Token(1), "");
  EXPECT_EQ(identity_.Token(2), "second");
  EXPECT_FALSE(fs::exists(place_ / "device-1.token"));
}

TEST_F(DeviceIdentityTest, DoesWithoutATokenThatCannotBeUsed) {
  place_.Write("device-1.token", "two words");
  ASSERT_EQ(::chmod((place_ / "device-1.token").c_str(), 0600), 0);
  EXPECT_EQ(identity_.Token(1), "");
  place_.Write("device-1.token", "word\n");
  EXPECT_EQ(identity_.Token(1), "word");
  ASSERT_EQ(::chmod((place_ / "device-1.token").c_str(), 0644), 0);
  EXPECT_EQ(identity_.Token(1), "");
}

}  // namespace
}  // namespace clawplane::core
