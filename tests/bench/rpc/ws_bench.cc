// A bare WebSocket echo by Beast and the load on it: what the gateway's side of
// a bridge could do alone.
//
// ws_bench --serve PORT: echoes all messages; 0 lets the system choose, and
// `port N` is printed. ws_bench --port PORT ...: as rpc_load, over one
// connection. Both are tuned as Beast's documentation shows: no compression,
// one frame for each message, a cheap mask.

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/model/text.h"
#include "tests/bench/rpc/params.h"
#include "tests/bench/rpc/plan_flags.h"
#include "tests/bench/rpc/tally.h"

namespace clawplane::testing {
namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

using Stream = websocket::stream<tcp::socket, false>;

void Tune(Stream& stream) {
  stream.next_layer().set_option(tcp::no_delay(true));
  stream.text(true);
  stream.auto_fragment(false);
  stream.secure_prng(false);
  stream.write_buffer_bytes(64 * 1024);
  stream.read_message_max(0);
}

// One client of the echo. It owns itself, by its pending operation.
//
// Thread-compatible.
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : stream_(std::move(socket)) {}

  void Start() {
    Tune(stream_);
    stream_.async_accept([self = shared_from_this()](error_code error) {
      if (!error) self->Read();
    });
  }

 private:
  void Read() {
    stream_.async_read(buffer_,
                       [self = shared_from_this()](error_code error, size_t) {
                         if (!error) self->Write();
                       });
  }

  void Write() {
    stream_.async_write(buffer_.data(), [self = shared_from_this()](
                                            error_code error, size_t size) {
      if (error) return;
      self->buffer_.consume(size);
      self->Read();
    });
  }

  Stream stream_;
  boost::beast::flat_buffer buffer_;
};

void Accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
    if (!error) std::make_shared<Session>(std::move(socket))->Start();
    Accept(acceptor);
  });
}

int Serve(uint16_t port) {
  asio::io_context io(1);
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  Accept(acceptor);
  std::cout << "port " << acceptor.local_endpoint().port() << std::endl;
  io.run();
  return 0;
}

// Sends messages and checks that they come back.
//
// Thread-compatible.
class Load {
 public:
  explicit Load(const LoadPlan& plan)
      : message_(GatewayLikeParams(plan.size)),
        in_flight_(plan.in_flight),
        tally_(plan.tally),
        stream_(io_) {}

  // False, with words on stderr, if something failed.
  bool Run(uint16_t port) {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    Tune(stream_);
    stream_.handshake("127.0.0.1", "/");
    Read();
    for (size_t i = 0; i < in_flight_; ++i) Begin();
    io_.run();
    return tally_.over();
  }

  std::string Json() { return tally_.Json(); }

 private:
  void Begin() {
    began_.push_back(Tally::Clock::now());
    if (unwritten_++ == 0) Write();
  }

  void Write() {
    stream_.async_write(asio::buffer(message_),
                        [this](error_code error, size_t) {
                          if (error) return Fail(error.message());
                          if (--unwritten_ > 0) Write();
                        });
  }

  void Read() {
    stream_.async_read(buffer_, [this](error_code error, size_t size) {
      if (error) return Fail(error.message());
      OnAnswer(size);
    });
  }

  void OnAnswer(size_t size) {
    const auto now = Tally::Clock::now();
    if (size != message_.size() || (!looked_ && !SaysTheSame())) {
      return Fail("an answer is not what was sent");
    }
    looked_ = true;
    buffer_.consume(size);
    const auto began = began_.front();
    began_.pop_front();
    if (tally_.Add(began, now)) Begin();
    if (!began_.empty()) Read();
  }

  bool SaysTheSame() const {
    const auto bytes = buffer_.cdata();
    return std::string_view(static_cast<const char*>(bytes.data()),
                            bytes.size()) == message_;
  }

  void Fail(const std::string& why) {
    std::cerr << why << std::endl;
    io_.stop();
  }

  const std::string message_;
  const size_t in_flight_;
  Tally tally_;
  asio::io_context io_{1};
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  bool looked_ = false;
  size_t unwritten_ = 0;
  std::deque<Tally::Clock::time_point> began_;
};

int Main(int argc, char** argv) {
  CLI::App app("A WebSocket echo by Beast, and a load on it.");
  LoadPlan plan;
  uint16_t serve = 0;
  uint16_t port = 0;
  const auto* const serves = app.add_option("--serve", serve, "echo there");
  app.add_option("--port", port, "make a load there");
  DeclarePlan(app, plan);
  CLI11_PARSE(app, argc, argv);
  if (serves->count() > 0) return Serve(serve);
  Load load(plan);
  if (!load.Run(port)) return 1;
  std::cout << core::Concat(R"({"form":"websocket","size":)", plan.size,
                            R"(,"in_flight":)", plan.in_flight, ",",
                            load.Json(), "}")
            << std::endl;
  return 0;
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  try {
    return clawplane::testing::Main(argc, argv);
  } catch (const boost::system::system_error& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
