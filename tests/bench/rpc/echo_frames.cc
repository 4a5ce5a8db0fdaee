#include "tests/bench/rpc/echo_frames.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>

#include "core/model/text.h"

namespace clawplane::testing {
namespace {

using core::Concat;

uint64_t BigEndian(const char* data, size_t bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < bytes; ++i) {
    number = number << 8 | static_cast<unsigned char>(data[i]);
  }
  return number;
}

// Eight bytes at a time; the compiler makes more of it.
void Unmask(char* data, size_t size, const char* mask) {
  uint32_t once = 0;
  std::memcpy(&once, mask, 4);
  if (once == 0) return;
  const uint64_t twice = uint64_t{once} << 32 | once;
  size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, data + at, 8);
    word ^= twice;
    std::memcpy(data + at, &word, 8);
  }
  for (; at < size; ++at) data[at] ^= mask[at % 4];
}

void Keep(EchoRequest& request, std::string_view key, std::string_view value) {
  if (key == "\"id\"") request.id = value;
  if (key == "\"method\"") request.method = value;
}

}  // namespace

std::optional<EchoFrame> TakeFrame(char* data, size_t size, size_t& needed) {
  needed = 2;
  if (size < needed) return std::nullopt;
  size_t length = data[1] & 0x7f;
  const bool masked = (data[1] & 0x80) != 0;
  size_t header = 2;
  if (length >= 126) {
    const size_t more = length == 126 ? 2 : 8;
    needed = header + more;
    if (size < needed) return std::nullopt;
    length = BigEndian(data + header, more);
    header += more;
  }
  if (masked) header += 4;
  needed = header + length;
  if (size < needed) return std::nullopt;
  if (masked) Unmask(data + header, length, data + header - 4);
  return EchoFrame{(data[0] & 0x80) != 0, static_cast<Opcode>(data[0] & 0xf),
                   std::string_view(data + header, length), needed};
}

std::string FrameHeader(Opcode opcode, size_t payload_bytes) {
  std::string header(1, static_cast<char>(0x80 | static_cast<int>(opcode)));
  size_t more = 0;
  if (payload_bytes < 126) {
    header += static_cast<char>(payload_bytes);
  } else {
    more = payload_bytes < 65536 ? 2 : 8;
    header += static_cast<char>(more == 2 ? 126 : 127);
  }
  while (more-- > 0) {
    header += static_cast<char>(payload_bytes >> (8 * more) & 0xff);
  }
  return header;
}

EchoRequest ReadRequest(std::string_view text) {
  EchoRequest request;
  constexpr size_t kNone = std::string_view::npos;
  // From the front, to the params: `{"key":"value","key":...`
  size_t at = 1;
  while (at < text.size()) {
    const size_t key_end = text.find('"', at + 1);
    if (key_end == kNone) return request;
    const std::string_view key = text.substr(at, key_end + 1 - at);
    const size_t value = key_end + 2;
    if (key == "\"params\"") {
      at = value;
      break;
    }
    const size_t value_end = text.find('"', value + 1);
    if (value_end == kNone) return request;
    Keep(request, key, text.substr(value, value_end + 1 - value));
    at = value_end + 2;
  }
  if (at >= text.size()) return request;
  // From the back, to the params: `...,"key":"value"}`
  size_t end = text.size() - 1;
  while (end > at && text[end - 1] == '"') {
    const size_t value = text.rfind('"', end - 2);
    const size_t key = text.rfind('"', value - 3);
    Keep(request, text.substr(key, value - 1 - key),
         text.substr(value, end - value));
    end = key - 1;
  }
  request.params = text.substr(at, end - at);
  return request;
}

std::string AcceptKey(std::string_view key) {
  const std::string text = Concat(key, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(),
             nullptr);
  std::array<unsigned char, 64> base64;
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), size);
  return std::string(reinterpret_cast<const char*>(base64.data()), length);
}

}  // namespace clawplane::testing
