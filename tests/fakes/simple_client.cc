#include "tests/fakes/simple_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "absl/strings/str_cat.h"

namespace clawplane::testing {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using Error = boost::system::error_code;

bool Reach(asio::ip::tcp::socket& socket, uint16_t port) {
  Error error;
  socket.connect({asio::ip::address_v4::loopback(), port}, error);
  return !error;
}

}  // namespace

struct SimpleClient::Connection {
  asio::io_context io;
  websocket::stream<asio::ip::tcp::socket> stream{io};
};

SimpleClient::SimpleClient() : connection_(std::make_unique<Connection>()) {}

SimpleClient::~SimpleClient() = default;

bool SimpleClient::Open(uint16_t port) {
  if (!Reach(connection_->stream.next_layer(), port)) return false;
  connection_->stream.read_message_max(0);
  Error error;
  connection_->stream.handshake("127.0.0.1", "/", error);
  return !error;
}

bool SimpleClient::Connect(uint16_t port, const std::string& token) {
  if (!Open(port)) return false;
  Send(ConnectFrame(token));
  return !ReadUntil("hello-ok").empty();
}

void SimpleClient::Send(const std::string& text) {
  Error ignored;
  connection_->stream.write(asio::buffer(text), ignored);
}

std::string SimpleClient::Read() {
  beast::flat_buffer buffer;
  Error error;
  connection_->stream.read(buffer, error);
  return error ? "" : beast::buffers_to_string(buffer.data());
}

std::string SimpleClient::ReadUntil(const std::string& part) {
  while (true) {
    std::string message = Read();
    if (message.empty() || message.find(part) != std::string::npos) {
      return message;
    }
  }
}

std::string SimpleClient::ReadClose() {
  while (true) {
    beast::flat_buffer buffer;
    Error error;
    connection_->stream.read(buffer, error);
    if (!error) continue;
    if (error != websocket::error::closed) return "1006";
    const auto& reason = connection_->stream.reason();
    return absl::StrCat(static_cast<int>(reason.code), " ",
                        std::string(reason.reason.c_str()));
  }
}

std::string SimpleClient::Get(uint16_t port, const std::string& target) {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  if (!Reach(socket, port)) return " ";
  http::request<http::empty_body> request(http::verb::get, target, 11);
  request.set(http::field::host, "127.0.0.1");
  http::response<http::string_body> response;
  beast::flat_buffer buffer;
  Error error;
  http::write(socket, request, error);
  if (!error) http::read(socket, buffer, response, error);
  if (error) return " ";
  return absl::StrCat(response.result_int(), " ", response.body());
}

std::string SimpleClient::ConnectFrame(const std::string& token, int min,
                                       int max) {
  return absl::StrCat(
      R"({"type":"req","id":"c","method":"connect","params":{"minProtocol":)",
      min, R"(,"maxProtocol":)", max,
      R"(,"client":{"id":"gateway-client","version":"1","platform":"linux",)"
      R"("mode":"backend"},"auth":{"token":")",
      token,
      R"("},"role":"operator","scopes":["operator.read","operator.write",)"
      R"("operator.admin"]}})");
}

}  // namespace clawplane::testing
