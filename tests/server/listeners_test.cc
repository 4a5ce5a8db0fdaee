// Where calls are taken, and who is told to have called.

#include "server/listeners.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "core/model/text.h"
#include "server/socket_group.h"
#include "tests/server/tls_fixture.h"

namespace clawplane::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Kind = server::PeerIdentity::Kind;

// Plain text on a port, and on a socket.
class ListenersTest : public TlsFixture {
 protected:
  ListenersTest() {
    config_.listen = "127.0.0.1:0";
    config_.socket = directory_ / "s";
    config_.tls.listen = "none";
  }

  std::string Refusal() { return std::string(Open().message()); }

  mode_t ModeOfSocket() const {
    struct stat stat {};
    ::stat(config_.socket.c_str(), &stat);
    return stat.st_mode & 07777;
  }
};

// Runs as a user without rights, which Linux knows of single threads.
template <typename Work>
void AsNobody(Work work) {
  std::thread([&] {
    constexpr long kNobody = 65534;
    if (::geteuid() == 0) {
      ::syscall(SYS_setgroups, 0, nullptr);
      ::syscall(SYS_setresgid, kNobody, kNobody, kNobody);
      ::syscall(SYS_setresuid, kNobody, kNobody, kNobody);
    }
    work();
  }).join();
}

TEST_F(ListenersTest, TellsItsAddressesAsClientsNameThem) {
  config_.tls.listen = "127.0.0.1:0";
  ASSERT_TRUE(Open().ok());

  EXPECT_THAT(listeners_->addresses(),
              ElementsAre(StartsWith("127.0.0.1:"), "unix:" + config_.socket,
                          StartsWith("tls:127.0.0.1:")));
  EXPECT_EQ(listeners_->Warning(), "");
}

TEST_F(ListenersTest, KnowsPlainConnectionsFromThoseOfTheSocket) {
  ASSERT_TRUE(Open().ok());

  ASSERT_TRUE(CallPlain(listeners_->addresses()[0]).ok());
  EXPECT_EQ(seen_.kind, Kind::kPlainTcp);
  EXPECT_EQ(seen_.address, "127.0.0.1");
  ASSERT_TRUE(CallPlain(listeners_->addresses()[1]).ok());
  EXPECT_EQ(seen_.kind, Kind::kUnixSocket);
  EXPECT_EQ(seen_.address, "");
}

TEST_F(ListenersTest, KnowsTheAddressOfAnIpv6Client) {
  config_.listen = "[::1]:0";
  if (!Open().ok()) GTEST_SKIP() << "this machine has no ::1";

  ASSERT_TRUE(CallPlain(listeners_->addresses()[0]).ok());

  EXPECT_EQ(seen_.address, "::1");
}

TEST_F(ListenersTest, WarnsOfPlainTextOnTheNetwork) {
  config_.listen = "0.0.0.0:0";
  ASSERT_TRUE(Open().ok());

  EXPECT_THAT(
      listeners_->Warning(),
      AllOf(StartsWith("0.0.0.0:"), HasSubstr("in plain text from the network"),
            HasSubstr("reads every token")));
}

TEST_F(ListenersTest, LeavesNoSocketBehindWhenAnotherListenerFails) {
  ASSERT_TRUE(Open().ok());
  core::Config config;
  config.listen = listeners_->addresses()[0];
  config.socket = directory_ / "other";
  config.tls = config_.tls;
  config.tls.listen = config.listen;
  config.listen = "none";
  {
    server::Listeners listeners(config);
    server::Acceptor acceptor;
    grpc::ServerBuilder builder;
    EXPECT_FALSE(listeners.Open(builder, acceptor).ok());
    EXPECT_TRUE(std::filesystem::exists(config.socket));
  }
  EXPECT_FALSE(std::filesystem::exists(config.socket));
}

TEST_F(ListenersTest, SaysWhichListenerFailedAndWhy) {
  ASSERT_TRUE(Open().ok());
  const std::string taken = listeners_->addresses()[0];
  core::Config config;
  config.socket = "none";
  const auto refusal = [&] {
    server::Listeners listeners(config);
    server::Acceptor acceptor;
    grpc::ServerBuilder builder;
    return std::string(listeners.Open(builder, acceptor).status().message());
  };

  config.listen = taken;
  EXPECT_EQ(refusal(),
            core::Concat("cannot listen on ", taken,
                         ": another program is using it; stop that, or set "
                         "listen to another one"));
  config.listen = "192.0.2.1:50061";
  EXPECT_THAT(refusal(),
              StartsWith("cannot listen on 192.0.2.1:50061: this machine has "
                         "no such address; set listen"));
  config.listen = "none";
  config.tls = config_.tls;
  config.tls.listen = taken;
  EXPECT_THAT(refusal(), AllOf(StartsWith("cannot listen on " + taken),
                               HasSubstr("set tls.listen to")));
  config.tls.listen = "none";
  config.socket = directory_ / "none/s";
  EXPECT_THAT(refusal(), HasSubstr("there is no directory "));
  config.socket = directory_.Write("file", "");
  EXPECT_THAT(refusal(), HasSubstr("there is a file that is no socket"));
}

TEST_F(ListenersTest, MakesASocketForItsOwnerAlone) {
  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(ModeOfSocket(), 0600u);
}

TEST_F(ListenersTest, GivesTheSocketToAGroup) {
  // The only group that every user may give to is one of their own.
  const gid_t mine = ::getegid();
  const group* const entry = ::getgrgid(mine);
  if (entry == nullptr) GTEST_SKIP() << "the group has no name";
  config_.socket_group = entry->gr_name;
  EXPECT_THAT(Refusal(), HasSubstr("only its owner may enter the directory " +
                                   directory_.path()));
  ::chmod(directory_.path().c_str(), 0711);

  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(ModeOfSocket(), 0660u);
  EXPECT_TRUE(CallPlain(listeners_->addresses()[1]).ok());
}

TEST_F(ListenersTest, RefusesAGroupThatThereIsNot) {
  config_.socket_group = "no-such-group";

  EXPECT_EQ(Refusal(),
            "socket_group is no-such-group, but there is no such group; make "
            "it with: groupadd no-such-group");
}

TEST(SocketGroup, IsRefusedWhereItIsNotOursToGive) {
  const TempDirectory directory;
  ::chmod(directory.path().c_str(), 0777);
  absl::Status may_give;

  AsNobody(
      [&] { may_give = server::CheckMayGive(directory / "s", "root", 0); });

  EXPECT_THAT(std::string(may_give.message()),
              AllOf(HasSubstr("cannot be given to socket_group root: Operation "
                              "not permitted"),
                    HasSubstr("must be in that group")));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(SocketGroup, DoesNotOpenWhatItCouldNotGive) {
  const TempDirectory directory;
  ::chmod(directory.path().c_str(), 0777);
  const std::string path = directory / "s";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  absl::Status given;

  AsNobody([&] {
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::chmod(path.c_str(), 0600);
    given = server::GiveToGroup(path, 0);
  });

  EXPECT_FALSE(given.ok());
  struct stat stat {};
  ASSERT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0600u);
  ::close(fd);
}

TEST(SocketGroup, IsNotGivenWhatIsNoSocket) {
  const TempDirectory directory;
  const std::string file = directory.Write("file", "");
  std::filesystem::create_symlink(file, directory / "link");

  EXPECT_FALSE(server::GiveToGroup(file, ::getegid()).ok());
  EXPECT_FALSE(server::GiveToGroup(directory / "link", ::getegid()).ok());
}

TEST(AddressOfPeer, IsThatWithoutThePort) {
  EXPECT_EQ(server::AddressOfPeer("ipv4:192.0.2.1:5"), "192.0.2.1");
  EXPECT_EQ(server::AddressOfPeer("ipv6:%5B2001:db8::1%5D:5"), "2001:db8::1");
  EXPECT_EQ(server::AddressOfPeer("ipv6:[::1]:5"), "::1");
  EXPECT_EQ(server::AddressOfPeer("ipv6:%5bfe80::1%25eth0%5d:5"),
            "fe80::1%eth0");
  EXPECT_EQ(server::AddressOfPeer("unix:/run/s:1"), "");
  EXPECT_EQ(server::AddressOfPeer("unix:"), "");
  EXPECT_EQ(server::AddressOfPeer("unix-abstract:x"), "");
  EXPECT_EQ(server::AddressOfPeer("odd"), "");
  EXPECT_EQ(server::AddressOfPeer(""), "");
  EXPECT_EQ(server::AddressOfPeer("ipv4:1%"), "1%");
}

}  // namespace
}  // namespace clawplane::testing
