#include "core/io/listener_owner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/wait_for.h"

namespace clawplane::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// As printed on a little-endian machine, which is all we run on. Port 0x4965 is
// 18789.
constexpr char kHeader[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "
    "retrnsmt   uid  timeout inode\n";
constexpr char kRest[] = " 1 00000000fb248d34 100 0 0 10 0\n";

std::string Row(const std::string& local, const std::string& state, int user,
                int inode) {
  return absl::StrCat("   0: ", local, " 00000000:0000 ", state,
                      " 00000000:00000000 00:00000000 00000000  ", user,
                      "        0 ", inode, kRest);
}

const std::string kLoopback4 = "0100007F:4965";
const std::string kAny4 = "00000000:4965";
const std::string kLoopback6 = "00000000000000000000000001000000:4965";
const std::string kAny6 = "00000000000000000000000000000000:4965";
const std::string kMapped = "0000000000000000FFFF00000100007F:4965";

std::vector<Listener> Find4(const std::string& tcp, const std::string& tcp6) {
  return FindListeners(kHeader + tcp, kHeader + tcp6, Loopback::kIpv4, 18789);
}
std::vector<Listener> Find6(const std::string& tcp, const std::string& tcp6) {
  return FindListeners(kHeader + tcp, kHeader + tcp6, Loopback::kIpv6, 18789);
}

TEST(FindListenersTest, FindsTheListenerOfTheAddress) {
  EXPECT_THAT(Find4(Row(kLoopback4, "0A", 1000, 77), ""),
              ElementsAre(Listener{1000, 77}));
  EXPECT_THAT(Find6("", Row(kLoopback6, "0A", 1001, 78)),
              ElementsAre(Listener{1001, 78}));
}

TEST(FindListenersTest, PassesOverOtherPortsAddressesAndStates) {
  EXPECT_THAT(Find4(Row("0100007F:4966", "0A", 1000, 1) +
                        Row("0200007F:4965", "0A", 1000, 2) +
                        Row(kLoopback4, "01", 1000, 3),
                    Row(kLoopback6, "0A", 1000, 4)),
              IsEmpty());
  EXPECT_THAT(Find6(Row(kLoopback4, "0A", 1000, 1) + Row(kAny4, "0A", 1000, 2),
                    Row(kMapped, "0A", 1000, 3)),
              IsEmpty());
}

TEST(FindListenersTest, PrefersTheNarrowerAddress) {
  const std::string any4 = Row(kAny4, "0A", 3, 3);
  const std::string any6 = Row(kAny6, "0A", 4, 4);

  EXPECT_THAT(Find4(any4 + Row(kLoopback4, "0A", 1, 1), any6),
              ElementsAre(Listener{1, 1}));
  EXPECT_THAT(Find4(any4, any6 + Row(kMapped, "0A", 2, 2)),
              ElementsAre(Listener{2, 2}));
  EXPECT_THAT(Find4(any4, any6), ElementsAre(Listener{3, 3}));
  EXPECT_THAT(Find4("", any6), ElementsAre(Listener{4, 4}));
  EXPECT_THAT(Find6(any4, any6), ElementsAre(Listener{4, 4}));
  EXPECT_THAT(Find6(any4, any6 + Row(kLoopback6, "0A", 5, 5)),
              ElementsAre(Listener{5, 5}));
}

TEST(FindListenersTest, ReturnsAllThatShareTheAddress) {
  EXPECT_THAT(
      Find4(Row(kLoopback4, "0A", 1000, 1) + Row(kLoopback4, "0A", 1001, 2),
            ""),
      ElementsAre(Listener{1000, 1}, Listener{1001, 2}));
}

TEST(FindListenersTest, PassesOverRowsThatMakeNoSense) {
  const std::string good = Row(kLoopback4, "0A", 1000, 77);
  const std::string bad[] = {
      "",
      "\n\n",
      "   0: 0100007F:4965\n",
      Row("0100007F", "0A", 1000, 1),
      Row("0100007F:4965:1", "0A", 1000, 1),
      Row("0100007F:", "0A", 1000, 1),
      Row("0100007G:4965", "0A", 1000, 1),
      Row("0100007F:14965", "0A", 1000, 1),
      Row("100007F:4965", "0A", 1000, 1),
      Row("+100007F:4965", "0A", 1000, 1),
      Row(kLoopback4, "0A", -1, 1),
      Row(kLoopback4, "0A", 1000, -1),
      good.substr(0, good.find(" 77")),
  };
  for (const std::string& row : bad) {
    EXPECT_THAT(Find4(row, ""), IsEmpty()) << row;
    EXPECT_THAT(Find4(row + "\n" + good, row), ElementsAre(Listener{1000, 77}));
  }
}

TEST(FindListenersTest, SurvivesATableCutAnywhere) {
  const std::string table = kHeader + Row(kLoopback4, "0A", 1000, 77);
  for (size_t size = 0; size <= table.size(); ++size) {
    FindListeners(std::string_view(table).substr(0, size), "", Loopback::kIpv4,
                  18789);
  }
}

TEST(AllTrustedTest, TrustsOurselvesAndRootOnly) {
  EXPECT_TRUE(AllTrusted({{1000, 1}}, 1000));
  EXPECT_TRUE(AllTrusted({{0, 1}, {1000, 2}}, 1000));
  EXPECT_FALSE(AllTrusted({{1001, 1}}, 1000));
  EXPECT_FALSE(AllTrusted({{1000, 1}, {1001, 2}}, 1000));
  EXPECT_FALSE(AllTrusted({{1000, 1}}, 0));
  EXPECT_FALSE(AllTrusted({}, 0));
}

class LookUpListenerTest : public ::testing::Test {
 protected:
  boost::asio::ip::tcp::acceptor Listen(const char* address) {
    return {io_, {boost::asio::ip::make_address(address), 0}};
  }

  boost::asio::io_context io_;
};

TEST_F(LookUpListenerTest, NamesOurOwnProcess) {
  const std::string self =
      absl::StrCat("process ", ::getpid(), " (core_io_net");
  for (const auto& [address, loopback] :
       {std::pair{"127.0.0.1", Loopback::kIpv4},
        std::pair{"0.0.0.0", Loopback::kIpv4},
        std::pair{"::1", Loopback::kIpv6}, std::pair{"::", Loopback::kIpv4},
        std::pair{"::", Loopback::kIpv6}}) {
    const auto acceptor = Listen(address);

    const ListenerOwner owner =
        LookUpListener(loopback, acceptor.local_endpoint().port(), 0);

    EXPECT_TRUE(owner.trusted) << address;
    EXPECT_THAT(owner.description, StartsWith(self)) << address;
  }
}

TEST_F(LookUpListenerTest, FindsNothingWhereNothingListens) {
  auto acceptor = Listen("127.0.0.1");
  const uint16_t port = acceptor.local_endpoint().port();
  acceptor.close();

  const ListenerOwner owner = LookUpListener(Loopback::kIpv4, port, 0);

  EXPECT_FALSE(owner.trusted);
  EXPECT_EQ(owner.description, "");
}

TEST_F(LookUpListenerTest, DoesNotTrustAnotherUsersSocket) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  ::setfsuid(4711);
  const auto acceptor = Listen("127.0.0.1");
  ::setfsuid(0);

  const ListenerOwner owner =
      LookUpListener(Loopback::kIpv4, acceptor.local_endpoint().port(), 0);

  EXPECT_FALSE(owner.trusted);
  EXPECT_EQ(owner.description, "user 4711's process");
}

// A child of ours that waits for a signal, with or without a listener of ours.
class SignalListenerTest : public LookUpListenerTest {
 protected:
  ~SignalListenerTest() override {
    if (child_ > 0) End();
  }

  pid_t Fork(bool keeps_listener) {
    child_ = ::fork();
    if (child_ == 0) {
      if (!keeps_listener) ::close(acceptor_.native_handle());
      while (true) ::pause();
    }
    return child_;
  }
  // How the child ended; it is killed unless a signal is on its way.
  int End() {
    ::kill(child_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(child_, 0), &status, 0);
    return WTERMSIG(status);
  }
  uint16_t port() const { return acceptor_.local_endpoint().port(); }

  boost::asio::ip::tcp::acceptor acceptor_ = Listen("127.0.0.1");
  pid_t child_ = 0;
};

TEST_F(SignalListenerTest, SignalsTheProcessThatListens) {
  const pid_t child = Fork(/*keeps_listener=*/true);
  EXPECT_EQ(SignalListener(port(), child, SIGTERM), std::nullopt);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  child_ = 0;
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(SignalListenerTest, SignalsNobodyElse) {
  const pid_t child = Fork(/*keeps_listener=*/false);
  // The child has its own table of files as soon as fork returns, but closes
  // the listener a little later.
  ASSERT_TRUE(::clawplane::testing::WaitFor([&] {
    const auto fault = SignalListener(port(), child, 0);
    return fault && fault->message.find("does not listen") != std::string::npos;
  }));
  EXPECT_TRUE(SignalListener(port(), child, SIGTERM));
  EXPECT_EQ(End(), SIGKILL);
  EXPECT_TRUE(SignalListener(port(), child, SIGTERM)) << "it is gone";
}

}  // namespace
}  // namespace clawplane::core
