#include "core/io/ws_upgrade.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/system/error_code.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <string_view>
#include <utility>

#include "core/model/text.h"

namespace clawplane::core {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr int kSwitchingProtocols = 101;

std::string Base64(const unsigned char* bytes, size_t size) {
  // The library adds a zero byte.
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                  static_cast<int>(size));
  text.pop_back();
  return text;
}

// It tells a WebSocket server from one that repeats what it is told, and needs
// to be no secret.
std::string RandomKey() {
  std::random_device random;
  std::array<uint32_t, 4> numbers;
  for (uint32_t& number : numbers) number = random();
  std::array<unsigned char, sizeof numbers> bytes;
  std::memcpy(bytes.data(), numbers.data(), sizeof numbers);
  return Base64(bytes.data(), bytes.size());
}

// What a WebSocket server makes of the key (RFC 6455, 4.2.2).
std::string AcceptValue(std::string_view key) {
  const std::string text = Concat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest.data());
  return Base64(digest.data(), digest.size());
}

// One question and its answer.
//
// Shared by its pending operations. On the strand.
class Upgrade final : public std::enable_shared_from_this<Upgrade> {
 public:
  Upgrade(TcpSocket& socket, uint16_t port,
          std::function<void(UpgradeResult)> done)
      : socket_(socket),
        key_(RandomKey()),
        request_(Concat("GET / HTTP/1.1\r\nHost: 127.0.0.1:", port,
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade"
                        "\r\nSec-WebSocket-Key: ",
                        key_, "\r\nSec-WebSocket-Version: 13\r\n\r\n")),
        done_(std::move(done)) {}

  void Ask() {
    asio::async_write(socket_, asio::buffer(request_),
                      [self = shared_from_this()](error_code error, size_t) {
                        if (error) {
                          self->Fail(error);
                        } else {
                          self->Read();
                        }
                      });
  }

 private:
  void Read() {
    http::async_read_header(
        socket_, buffer_, answer_,
        [self = shared_from_this()](error_code error, size_t) {
          if (error) {
            self->Fail(error);
          } else {
            self->Judge();
          }
        });
  }

  void Judge() {
    const auto status = static_cast<int>(answer_.get().result_int());
    if (status != kSwitchingProtocols) {
      done_({Concat("upgrade declined with HTTP ", status), status, ""});
      return;
    }
    if (const char* fault = FaultOfAnswer()) {
      done_({Concat("the upgrade failed: ", fault), 0, ""});
      return;
    }
    done_({"", 0, boost::beast::buffers_to_string(buffer_.data())});
  }

  const char* FaultOfAnswer() const {
    const auto& fields = answer_.get();
    if (fields.version() < 11) return "the answer is older than HTTP 1.1";
    if (!boost::beast::iequals(fields[http::field::upgrade], "websocket")) {
      return "the answer is not about a WebSocket";
    }
    if (!http::token_list(fields[http::field::connection]).exists("upgrade")) {
      return "the answer does not change the connection";
    }
    if (fields[http::field::sec_websocket_accept] != AcceptValue(key_)) {
      return "the answer does not fit the key";
    }
    if (fields.count(http::field::sec_websocket_extensions) > 0 ||
        fields.count(http::field::sec_websocket_protocol) > 0) {
      return "the answer demands what was not offered";
    }
    return nullptr;
  }

  void Fail(error_code error) {
    done_({Concat("the upgrade failed: ", error.message()), 0, ""});
  }

  TcpSocket& socket_;
  const std::string key_;
  const std::string request_;
  const std::function<void(UpgradeResult)> done_;
  boost::beast::flat_buffer buffer_;
  http::response_parser<http::empty_body> answer_;
};

}  // namespace

void AskForWebSocket(TcpSocket& socket, uint16_t port,
                     std::function<void(UpgradeResult)> done) {
  std::make_shared<Upgrade>(socket, port, std::move(done))->Ask();
}

}  // namespace clawplane::core
