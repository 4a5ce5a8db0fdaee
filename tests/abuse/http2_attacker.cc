#include "tests/abuse/http2_attacker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace clawplane::testing {
namespace {

constexpr size_t kFrameHeaderBytes = 9;

std::string BigEndian(uint32_t number) {
  return {static_cast<char>(number >> 24), static_cast<char>(number >> 16),
          static_cast<char>(number >> 8), static_cast<char>(number)};
}

uint32_t FromBigEndian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes) {
    number = number << 8 | static_cast<uint8_t>(byte);
  }
  return number;
}

int ConnectToUnix(const std::string& path) {
  sockaddr_un peer{};
  peer.sun_family = AF_UNIX;
  std::strncpy(peer.sun_path, path.c_str(), sizeof peer.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 ||
      ::connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

int ConnectToTcp(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(
      static_cast<uint16_t>(std::strtoul(&address[colon + 1], nullptr, 10)));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) !=
      1) {
    return -1;
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 ||
      ::connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer) == 0) {
    return fd;
  }
  ::close(fd);
  return -1;
}

}  // namespace

std::string Frame(FrameType type, uint8_t flags, uint32_t stream,
                  std::string_view payload) {
  std::string frame =
      BigEndian(static_cast<uint32_t>(payload.size())).substr(1);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  frame += BigEndian(stream);
  frame += payload;
  return frame;
}

std::string HpackNumber(uint8_t first, int bits, uint64_t number) {
  const uint64_t most = (1u << bits) - 1;
  if (number < most) return {static_cast<char>(first | number)};
  std::string text = {static_cast<char>(first | most)};
  for (number -= most; number >= 128; number >>= 7) {
    text += static_cast<char>(number | 128);
  }
  text += static_cast<char>(number);
  return text;
}

std::string Literal(std::string_view name, std::string_view value) {
  std::string text(1, '\0');
  text += HpackNumber(0, 7, name.size());
  text += name;
  text += HpackNumber(0, 7, value.size());
  text += value;
  return text;
}

std::string HeaderBlock(const Headers& headers) {
  std::string block;
  for (const auto& [name, value] : headers) block += Literal(name, value);
  return block;
}

std::string HeaderFrames(uint32_t stream, uint8_t flags,
                         std::string_view block) {
  std::string frames;
  FrameType type = FrameType::kHeaders;
  do {
    const std::string_view part = block.substr(0, kFrameBytes);
    block.remove_prefix(part.size());
    const uint8_t end = block.empty() ? kEndHeaders : kNoFlags;
    frames += Frame(type, flags | end, stream, part);
    type = FrameType::kContinuation;
    flags = kNoFlags;
  } while (!block.empty());
  return frames;
}

Headers CallHeaders(const std::string& method, const Headers& more) {
  Headers headers = {{":method", "POST"}, {":scheme", "http"},
                     {":path", method},   {":authority", "localhost"},
                     {"te", "trailers"},  {"content-type", "application/grpc"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

std::string MessageBegin(uint32_t stream, uint32_t size,
                         std::string_view bytes) {
  std::string payload(1, '\0');
  payload += BigEndian(size);
  payload += bytes;
  return Frame(FrameType::kData, kNoFlags, stream, payload);
}

Http2Attacker::Http2Attacker(const std::string& address) {
  constexpr std::string_view kUnix = "unix:";
  fd_ = address.starts_with(kUnix) ? ConnectToUnix(address.substr(kUnix.size()))
                                   : ConnectToTcp(address);
}

Http2Attacker::~Http2Attacker() { Close(); }

Http2Attacker::Http2Attacker(Http2Attacker&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_deaf_(other.is_deaf_),
      unread_(std::move(other.unread_)),
      counts_(other.counts_),
      goaway_code_(other.goaway_code_) {}

void Http2Attacker::Close() {
  if (is_open()) ::close(std::exchange(fd_, -1));
}

bool Http2Attacker::Begin() {
  return Send(std::string(kPreface) + Frame(FrameType::kSettings, kNoFlags, 0) +
              Frame(FrameType::kSettings, kAck, 0));
}

bool Http2Attacker::Send(std::string_view bytes,
                         std::chrono::milliseconds patience) {
  while (!bytes.empty() && Step(bytes, patience)) {
  }
  return bytes.empty();
}

bool Http2Attacker::ReadMore(std::chrono::milliseconds patience) {
  std::string_view nothing;
  return Step(nothing, patience);
}

bool Http2Attacker::WaitFor(FrameType type, size_t frames,
                            std::chrono::milliseconds patience) {
  while (count(type) < frames && ReadMore(patience)) {
  }
  return count(type) >= frames;
}

bool Http2Attacker::WaitForEnd(std::chrono::milliseconds patience) {
  while (ReadMore(patience)) {
  }
  return !is_open();
}

bool Http2Attacker::Step(std::string_view& unsent,
                         std::chrono::milliseconds patience) {
  if (!is_open()) return false;
  const int reading = is_deaf_ ? 0 : POLLIN;
  const int writing = unsent.empty() ? 0 : POLLOUT;
  pollfd wanted{fd_, static_cast<short>(reading | writing), 0};
  if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return false;
  if (!is_deaf_ && (wanted.revents & ~POLLOUT) != 0) Read();
  if (!is_open() || (wanted.revents & POLLOUT) == 0) return is_open();
  const ssize_t sent =
      ::send(fd_, unsent.data(), unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) unsent.remove_prefix(static_cast<size_t>(sent));
  if (sent < 0 && errno != EAGAIN && errno != EINTR) Close();
  return is_open();
}

void Http2Attacker::Read() {
  std::array<char, 65'536> bytes;
  const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size > 0) {
    unread_.append(bytes.data(), static_cast<size_t>(size));
    TakeFrames();
  } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
    Close();
  }
}

void Http2Attacker::TakeFrames() {
  size_t at = 0;
  while (unread_.size() - at >= kFrameHeaderBytes) {
    const std::string_view frame = std::string_view(unread_).substr(at);
    const size_t size = kFrameHeaderBytes + FromBigEndian(frame.substr(0, 3));
    if (frame.size() < size) break;
    const auto type = static_cast<uint8_t>(frame[3]);
    ++counts_[type];
    if (type == static_cast<uint8_t>(FrameType::kGoAway)) {
      goaway_code_ = FromBigEndian(frame.substr(13, 4));
    }
    at += size;
  }
  unread_.erase(0, at);
}

}  // namespace clawplane::testing
