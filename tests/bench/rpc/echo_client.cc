#include "tests/bench/rpc/echo_client.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "core/model/text.h"
#include "tests/bench/events/event_payload.h"

namespace clawplane::testing {
namespace {

using core::Concat;

constexpr size_t kRoomForOneRead = 256 * 1024;
// Params of this size are sent from where they were received.
constexpr size_t kLarge = 64 * 1024;

constexpr char kChallenge[] =
    R"({"type":"event","event":"connect.challenge","payload":)"
    R"({"nonce":"3a754c89","ts":1795365532351}})";
constexpr char kTick[] =
    R"({"type":"event","event":"tick","payload":{"ts":1795365532351}})";
constexpr char kHello[] =
    R"({"type":"hello-ok","protocol":4,"server":{"version":"2026.9.6",)"
    R"("buildId":"echo","bootId":"6c1f","connId":"0b2d"},"features":)"
    R"({"methods":["health","last-heartbeat"],"events":["tick"]},"snapshot":)"
    R"({"presence":[],"health":{},"stateVersion":{"presence":1,"health":1},)"
    R"("uptimeMs":1},"auth":{"role":"operator","scopes":["operator.read",)"
    R"("operator.write","operator.admin","operator.approvals",)"
    R"("operator.pairing"]},"policy":{"maxPayload":26214400,)"
    R"("maxBufferedBytes":52428800,"tickIntervalMs":30000}})";

}  // namespace

bool EchoClient::Read() {
  if (begin_ == end_) begin_ = end_ = 0;
  const size_t wanted = std::max(begin_ + needed_, end_ + kRoomForOneRead);
  if (wanted > in_.size() && begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (in_.size() < std::max(needed_, end_ + kRoomForOneRead)) {
    in_.resize(std::max(needed_, end_ + kRoomForOneRead));
  }
  const ssize_t got =
      ::recv(socket_, in_.data() + end_, in_.size() - end_, MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  end_ += got;
  if (!upgraded_) OnHttp();
  if (upgraded_) OnFrames();
  return Write();
}

bool EchoClient::Write() {
  while (written_ < out_.size()) {
    const ssize_t took =
        ::send(socket_, out_.data() + written_, out_.size() - written_,
               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (took < 0 && errno == EAGAIN) return true;
    if (took < 0 && errno != EINTR) return false;
    if (took > 0) written_ += took;
  }
  out_.clear();
  written_ = 0;
  return !close_;
}

void EchoClient::OnHttp() {
  const std::string_view text(in_.data() + begin_, end_ - begin_);
  const size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return;
  const std::string_view head = text.substr(0, end + 2);
  begin_ += end + 4;
  for (const std::string_view name :
       {"\r\nSec-WebSocket-Key: ", "\r\nsec-websocket-key: "}) {
    const size_t at = head.find(name);
    if (at == head.npos) continue;
    const std::string_view key = head.substr(at + name.size());
    out_ += Concat(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: ",
        AcceptKey(key.substr(0, key.find('\r'))), "\r\n\r\n");
    upgraded_ = true;
    Put(Opcode::kText, kChallenge);
    return;
  }
  constexpr std::string_view kBody = R"({"ready":true,"failing":[]})";
  out_ += Concat(
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      "Connection: close\r\nContent-Length: ",
      kBody.size(), "\r\n\r\n", kBody);
  close_ = true;
}

void EchoClient::OnFrames() {
  while (!close_) {
    const auto frame = TakeFrame(in_.data() + begin_, end_ - begin_, needed_);
    if (!frame) return;
    begin_ += frame->bytes;
    needed_ = 0;
    OnFrame(*frame);
  }
}

void EchoClient::OnFrame(const EchoFrame& frame) {
  switch (frame.opcode) {
    case Opcode::kText:
    case Opcode::kBinary:
      if (frame.final) {
        OnMessage(frame.payload);
      } else {
        fragments_ = frame.payload;
      }
      return;
    case Opcode::kContinuation:
      fragments_ += frame.payload;
      if (frame.final) OnMessage(fragments_);
      return;
    case Opcode::kPing:
      Put(Opcode::kPong, frame.payload);
      return;
    case Opcode::kPong:
      return;
    case Opcode::kClose:
      Put(Opcode::kClose, frame.payload);
      close_ = true;
      return;
  }
}

void EchoClient::OnMessage(std::string_view text) {
  const EchoRequest request = ReadRequest(text);
  if (request.method == "\"connect\"") {
    Reply(request.id, kHello);
    greeted_ = true;
  } else if (request.method == "\"health\"") {
    Reply(request.id, R"({"ok":true,"durationMs":1,"channels":{}})");
  } else if (request.method == "\"last-heartbeat\"") {
    Reply(request.id, "null");
  } else {
    Reply(request.id, request.params.empty() ? "null" : request.params);
  }
}

void EchoClient::Tick() {
  if (upgraded_ && !close_) Put(Opcode::kText, kTick);
}

void EchoClient::PutEvent(std::string_view payload) {
  if (!greeted_ || close_) return;
  Put(Opcode::kText, EventMessage(payload, ++seq_));
}

void EchoClient::Reply(std::string_view id, std::string_view payload) {
  const std::string head =
      Concat(R"({"type":"res","id":)", id, R"(,"ok":true,"payload":)");
  const std::string header =
      FrameHeader(Opcode::kText, head.size() + payload.size() + 1);
  if (payload.size() >= kLarge) {
    SendLarge(header + head, payload, "}");
    return;
  }
  out_.append(header).append(head).append(payload).append("}");
}

void EchoClient::Put(Opcode opcode, std::string_view payload) {
  out_.append(FrameHeader(opcode, payload.size())).append(payload);
}

void EchoClient::SendLarge(std::string_view head, std::string_view body,
                           std::string_view tail) {
  size_t sent = 0;
  if (Write() && out_.empty()) {
    iovec parts[] = {{const_cast<char*>(head.data()), head.size()},
                     {const_cast<char*>(body.data()), body.size()},
                     {const_cast<char*>(tail.data()), tail.size()}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = std::size(parts);
    const ssize_t took =
        ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (took > 0) sent = took;
  }
  for (const std::string_view part : {head, body, tail}) {
    const size_t gone = std::min(sent, part.size());
    out_ += part.substr(gone);
    sent -= gone;
  }
}

}  // namespace clawplane::testing
