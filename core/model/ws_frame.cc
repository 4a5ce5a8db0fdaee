#include "core/model/ws_frame.h"

#include <utility>

#include "core/model/text.h"
#include "core/model/utf8.h"

namespace clawplane::core {
namespace {

constexpr uint8_t kLastBit = 0x80;
constexpr uint8_t kReservedBits = 0x70;
constexpr uint8_t kOpcodeBits = 0x0f;
constexpr uint8_t kMaskBit = 0x80;
constexpr uint8_t kSizeBits = 0x7f;

// In place of a size: it follows, in two or in eight bytes.
constexpr uint8_t kSizeInTwo = 126;
constexpr uint8_t kSizeInEight = 127;

constexpr size_t kMaskBytes = 4;

uint8_t At(std::string_view bytes, size_t index) {
  return static_cast<uint8_t>(bytes[index]);
}

uint64_t BigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

bool IsOpcode(uint8_t value) {
  switch (static_cast<WsOpcode>(value)) {
    case WsOpcode::kContinuation:
    case WsOpcode::kText:
    case WsOpcode::kBinary:
    case WsOpcode::kClose:
    case WsOpcode::kPing:
    case WsOpcode::kPong:
      return true;
  }
  return false;
}

// Whether a close frame may carry the code (RFC 6455, 7.4, and the registry
// that it founds).
bool IsCloseCode(uint16_t code) {
  if (code >= 1000 && code <= 1014) {
    return code < 1004 || code > kWsNoHandshake;
  }
  return code >= 3000 && code <= 4999;
}

WsBreach Breach(std::string what) { return {kWsProtocolError, what}; }

// What the first two bytes of a header show.
std::variant<WsFrameHeader, WsBreach> ReadFirstBytes(uint8_t first,
                                                     uint8_t second) {
  const uint8_t opcode = first & kOpcodeBits;
  const uint8_t size = second & kSizeBits;
  if ((first & kReservedBits) != 0) {
    return Breach(Concat("a frame with reserved bits set, which begins with ",
                         uint32_t{first}));
  }
  if (!IsOpcode(opcode)) {
    return Breach(Concat("a frame of the reserved kind ", uint32_t{opcode}));
  }
  if ((second & kMaskBit) != 0) return Breach("a masked frame of a server");
  WsFrameHeader header{.opcode = static_cast<WsOpcode>(opcode),
                       .last = (first & kLastBit) != 0,
                       .size = size,
                       .header_size = 2};
  if (header.is_control() && !header.last) {
    return Breach("a control frame in fragments");
  }
  if (header.is_control() && size > kWsMaxControlBytes) {
    return Breach("a control frame of more than 125 bytes");
  }
  if (size == kSizeInTwo) header.header_size += 2;
  if (size == kSizeInEight) header.header_size += 8;
  return header;
}

}  // namespace

WsClientHeader MakeWsClientHeader(WsOpcode opcode, uint64_t payload_size) {
  WsClientHeader header;
  const auto append = [&header](uint8_t byte) {
    header.memory[header.size++] = static_cast<char>(byte);
  };
  const auto append_size = [&](int bytes) {
    for (int i = bytes - 1; i >= 0; --i) {
      append(static_cast<uint8_t>(payload_size >> (8 * i)));
    }
  };
  append(kLastBit | static_cast<uint8_t>(opcode));
  if (payload_size < kSizeInTwo) {
    append(kMaskBit | static_cast<uint8_t>(payload_size));
  } else if (payload_size <= UINT16_MAX) {
    append(kMaskBit | kSizeInTwo);
    append_size(2);
  } else {
    append(kMaskBit | kSizeInEight);
    append_size(8);
  }
  for (size_t i = 0; i < kMaskBytes; ++i) append(0);
  return header;
}

std::string WsClosePayload(uint16_t code, std::string_view reason) {
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code)};
  size_t end = reason.size();
  if (end > kWsMaxControlBytes - payload.size()) {
    end = kWsMaxControlBytes - payload.size();
    while (end > 0 && (At(reason, end) & 0xc0) == 0x80) --end;
  }
  return payload.append(reason.substr(0, end));
}

std::variant<WsIncomplete, WsFrameHeader, WsBreach> ReadWsHeader(
    std::string_view bytes) {
  if (bytes.size() < 2) return WsIncomplete{};
  auto first = ReadFirstBytes(At(bytes, 0), At(bytes, 1));
  if (auto* breach = std::get_if<WsBreach>(&first)) return std::move(*breach);
  WsFrameHeader header = std::get<WsFrameHeader>(first);
  if (header.header_size == 2) return header;
  if (bytes.size() < header.header_size) return WsIncomplete{};
  const uint64_t least = header.size == kSizeInTwo ? kSizeInTwo : 65536;
  header.size = BigEndian(bytes.substr(2, header.header_size - 2));
  if (header.size < least) {
    return Breach(Concat("a size of ", header.size, " in ",
                         header.header_size - 2, " bytes"));
  }
  if (header.size > INT64_MAX) {
    return Breach(Concat("a frame of ", header.size, " bytes"));
  }
  return header;
}

std::variant<WsClose, WsBreach> ReadWsClose(std::string_view payload) {
  if (payload.empty()) return WsClose{};
  if (payload.size() == 1) return Breach("a close frame with half a code");
  WsClose close;
  close.code = static_cast<uint16_t>(BigEndian(payload.substr(0, 2)));
  close.reason = payload.substr(2);
  if (!IsCloseCode(close.code)) {
    return Breach(Concat("a close frame with the code ", close.code));
  }
  if (!IsUtf8(close.reason)) {
    return WsBreach{kWsNotUtf8, "the reason of a close is not UTF-8"};
  }
  return close;
}

}  // namespace clawplane::core
