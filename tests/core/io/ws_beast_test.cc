// Our WebSocket against Beast's, which served before and is the yardstick.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/text.h"
#include "tests/core/io/ws_fixture.h"

namespace clawplane::core {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using ::testing::ElementsAre;

// A server of one connection, on the loop of the test.
class BeastPeer {
 public:
  explicit BeastPeer(asio::io_context& io)
      : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        port_(acceptor_.local_endpoint().port()),
        stream_(io) {
    stream_.read_message_max(64 * 1024 * 1024);
    stream_.control_callback(
        [this](websocket::frame_type type, boost::beast::string_view text) {
          if (type == websocket::frame_type::pong) {
            pongs.emplace_back(text.data(), text.size());
          }
        });
    acceptor_.async_accept(stream_.next_layer(), [this](error_code error) {
      if (error) return;
      stream_.async_accept([this](error_code failed) {
        if (failed) return;
        open = true;
        Read();
      });
    });
  }

  uint16_t port() const { return port_; }
  websocket::stream<tcp::socket>& stream() { return stream_; }

  // Sends messages one after another, in frames of up to so many bytes.
  void Send(std::string text, size_t frame_bytes, bool binary = false) {
    queue_.push_back({std::move(text), frame_bytes, binary});
    if (queue_.size() == 1) SendNext();
  }

  bool open = false;
  std::vector<std::string> received;
  std::vector<std::string> pongs;
  std::optional<error_code> ended;

 private:
  struct Outgoing {
    std::string text;
    size_t frame_bytes;
    bool binary;
    size_t sent = 0;
  };

  void Read() {
    stream_.async_read(buffer_, [this](error_code error, size_t) {
      if (error) {
        ended = error;
        return;
      }
      EXPECT_TRUE(stream_.got_text());
      received.push_back(boost::beast::buffers_to_string(buffer_.data()));
      buffer_.consume(buffer_.size());
      Read();
    });
  }

  void SendNext() {
    if (queue_.empty()) return;
    Outgoing& next = queue_.front();
    const size_t size =
        std::min(next.frame_bytes, next.text.size() - next.sent);
    const bool last = next.sent + size == next.text.size();
    stream_.auto_fragment(false);
    stream_.binary(next.binary);
    stream_.async_write_some(last, asio::buffer(&next.text[next.sent], size),
                             [this, size, last](error_code error, size_t) {
                               if (error) return;
                               queue_.front().sent += size;
                               if (last) queue_.pop_front();
                               SendNext();
                             });
  }

  tcp::acceptor acceptor_;
  const uint16_t port_;
  websocket::stream<tcp::socket> stream_;
  boost::beast::flat_buffer buffer_;
  std::deque<Outgoing> queue_;
};

class WsBeastTest : public WsTest {
 protected:
  void OpenBeast() {
    WsLimits limits = TestLimits();
    limits.max_message_bytes = 5'000'000;
    Connect(beast_.port(), limits);
    ASSERT_TRUE(Until([&] { return beast_.open && Count("open") == 1; }));
    reports_.clear();
  }
  static std::string Text(size_t size) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i) text += Concat(i, " ");
    text.resize(size);
    return text;
  }

  // Around each change of the header and of how a message is read.
  const std::vector<size_t> sizes_ = {
      0,     1,     124,   125,   126,   127,     65525,     65526,
      65527, 65535, 65536, 65537, 70000, 131'072, 1'000'000, 5'000'000};
  BeastPeer beast_{io_};
};

TEST_F(WsBeastTest, SendsMessagesOfAllSizes) {
  OpenBeast();

  OnStrand([&] {
    for (size_t i = 0; i < sizes_.size(); ++i) SendHere(Text(sizes_[i]), i);
  });

  ASSERT_TRUE(Until([&] { return beast_.received.size() == sizes_.size(); }));
  for (size_t i = 0; i < sizes_.size(); ++i) {
    EXPECT_TRUE(beast_.received[i] == Text(sizes_[i])) << sizes_[i];
    EXPECT_EQ(reports_[i], absl::StrCat("write ", i));
  }
}

TEST_F(WsBeastTest, TakesMessagesOfAllSizesInFramesOfAllSizes) {
  OpenBeast();
  std::vector<size_t> sent;
  for (const size_t size : sizes_) {
    for (const size_t frame : {1u, 100u, 65'530u, 1'000'000u, 5'000'000u}) {
      if (size / frame > 1000) continue;
      beast_.Send(Text(size), frame, frame == 100);
      sent.push_back(size);
    }
  }

  ASSERT_TRUE(Until([&] { return reports_.size() == sent.size(); }));
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_TRUE(reports_[i] == "message " + Text(sent[i])) << sent[i];
  }
}

TEST_F(WsBeastTest, AnswersPingsAndIsAnswered) {
  OpenBeast();

  for (const std::string& text : {std::string(), std::string(125, 'p')}) {
    bool sent = false;
    beast_.stream().async_ping(websocket::ping_data(text.data(), text.size()),
                               [&](error_code error) { sent = !error; });
    ASSERT_TRUE(Until([&] { return sent && !beast_.pongs.empty(); }));
    EXPECT_THAT(beast_.pongs, ElementsAre(text));
    beast_.pongs.clear();
  }
  Ping();

  EXPECT_TRUE(WaitForSign("pong"));
}

TEST_F(WsBeastTest, ClosesInGoodOrder) {
  OpenBeast();

  Close(1000, "bye");

  ExpectEnd(1000, "");
  ASSERT_TRUE(Until([&] { return beast_.ended.has_value(); }));
  EXPECT_EQ(*beast_.ended, websocket::error::closed);
  EXPECT_EQ(beast_.stream().reason().code, 1000);
  EXPECT_EQ(beast_.stream().reason().reason, "bye");
}

TEST_F(WsBeastTest, IsClosedInGoodOrder) {
  OpenBeast();
  std::optional<error_code> closed;

  beast_.stream().async_close({websocket::close_code::service_restart, "soon"},
                              [&](error_code error) { closed = error; });

  ExpectEnd(1012, "soon");
  ASSERT_TRUE(Until([&] { return closed.has_value(); }));
  EXPECT_FALSE(*closed) << closed->message();
}

}  // namespace
}  // namespace clawplane::core
