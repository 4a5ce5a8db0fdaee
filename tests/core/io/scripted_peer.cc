#include "tests/core/io/scripted_peer.h"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/uuid/detail/sha1.hpp>

namespace clawplane::core {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// RFC 6455, 4.2.2.
std::string AcceptValue(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  boost::uuids::detail::sha1 sha1;
  sha1.process_bytes(text.data(), text.size());
  unsigned words[5];
  sha1.get_digest(words);
  for (unsigned& word : words) word = htonl(word);
  char encoded[32];
  const size_t size =
      boost::beast::detail::base64::encode(encoded, words, sizeof words);
  return {encoded, size};
}

std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text += static_cast<char>(value >> (8 * i));
  }
  return text;
}

}  // namespace

std::string ServerFrame(int opcode, std::string_view payload, bool last) {
  std::string frame(1, static_cast<char>((last ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else if (payload.size() < 65536) {
    frame += static_cast<char>(126) + BigEndian(payload.size(), 2);
  } else {
    frame += static_cast<char>(127) + BigEndian(payload.size(), 8);
  }
  return frame.append(payload);
}

std::string CloseFrame(uint16_t code, std::string_view reason) {
  return ServerFrame(kClose, BigEndian(code, 2).append(reason));
}

ScriptedPeer::ScriptedPeer(boost::asio::io_context& io, const char* address)
    : acceptor_(io, tcp::endpoint(boost::asio::ip::make_address(address), 0)),
      socket_(io),
      port_(acceptor_.local_endpoint().port()) {
  acceptor_.async_accept(
      socket_, [this, alive = std::weak_ptr(alive_)](error_code error) {
        if (error || alive.expired()) return;
        connected_ = true;
        if (reading_) Read();
      });
}

bool ScriptedPeer::has_request() const {
  return received_.find("\r\n\r\n") != std::string::npos;
}

std::vector<WireFrame> ScriptedPeer::frames() const {
  std::vector<WireFrame> frames;
  const auto* p = reinterpret_cast<const unsigned char*>(received_.data()) +
                  received_.find("\r\n\r\n") + 4;
  const auto* const end =
      reinterpret_cast<const unsigned char*>(received_.data()) +
      received_.size();
  const auto left = [&] { return static_cast<uint64_t>(end - p); };
  while (left() >= 2) {
    WireFrame frame;
    frame.last = (p[0] & 0x80) != 0;
    frame.opcode = p[0] & 0x7f;
    frame.masked = (p[1] & 0x80) != 0;
    uint64_t size = p[1] & 0x7f;
    const int more = size == 126 ? 2 : size == 127 ? 8 : 0;
    p += 2;
    if (left() < static_cast<uint64_t>(more) + 4) break;
    if (more > 0) size = 0;
    for (int i = 0; i < more; ++i) size = size << 8 | *p++;
    const unsigned char* const mask = p;
    if (frame.masked) p += 4;
    if (left() < size) break;
    frame.payload.assign(reinterpret_cast<const char*>(p), size);
    for (size_t i = 0; frame.masked && i < size; ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ mask[i % 4]);
    }
    p += size;
    frames.push_back(std::move(frame));
  }
  return frames;
}

void ScriptedPeer::StartReading() {
  reading_ = true;
  Read();
}

void ScriptedPeer::Read() {
  socket_.async_read_some(
      boost::asio::buffer(chunk_),
      [this, alive = std::weak_ptr(alive_)](error_code error, size_t count) {
        if (alive.expired()) return;
        received_.append(chunk_, count);
        if (error) {
          ended_ = true;
        } else if (reading_) {
          Read();
        }
      });
}

void ScriptedPeer::Write(std::string bytes) {
  bytes.resize(std::min(bytes.size(), room_));
  room_ -= bytes.size();
  outgoing_ += bytes;
  if (!writing_) Flush();
}

void ScriptedPeer::Flush() {
  if (outgoing_.empty()) return;
  writing_ = true;
  in_flight_ = std::move(outgoing_);
  outgoing_.clear();
  boost::asio::async_write(
      socket_, boost::asio::buffer(in_flight_),
      [this, alive = std::weak_ptr(alive_)](error_code error, size_t) {
        if (alive.expired()) return;
        writing_ = false;
        if (!error) Flush();
      });
}

void ScriptedPeer::AcceptUpgrade(const std::string& more) {
  const std::string name = "Sec-WebSocket-Key: ";
  const size_t start = received_.find(name) + name.size();
  const std::string key =
      received_.substr(start, received_.find("\r\n", start) - start);
  Write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
      AcceptValue(key) + "\r\n" + more + "\r\n");
}

void ScriptedPeer::Drop() { socket_.close(); }

void ScriptedPeer::Reset() {
  socket_.set_option(tcp::socket::linger(true, 0));
  socket_.close();
}

}  // namespace clawplane::core
