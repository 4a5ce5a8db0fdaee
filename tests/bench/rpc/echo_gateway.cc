// The gateway that all bridges of the benchmark carry calls to.
//
// echo_gateway PORT: listens on the loopback interface and prints `port N`; 0
// lets the system choose. It answers /readyz and /health, takes every
// handshake, answers `connect`, `health` and `last-heartbeat`, and any other
// request with its own params, without checking anything. All answers to what
// one recv brought leave with one send, so that the gateway costs the bridges
// that share its machine little. Ends with SIGTERM.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/model/text.h"
#include "tests/bench/rpc/echo_frames.h"

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
constexpr std::chrono::seconds kTickInterval{30};
constexpr char kHello[] =
    R"({"type":"hello-ok","protocol":4,"server":{"version":"2026.9.6",)"
    R"("buildId":"echo","bootId":"6c1f","connId":"0b2d"},"features":)"
    R"({"methods":["health","last-heartbeat"],"events":["tick"]},"snapshot":)"
    R"({"presence":[],"health":{},"stateVersion":{"presence":1,"health":1},)"
    R"("uptimeMs":1},"auth":{"role":"operator","scopes":["operator.read",)"
    R"("operator.write","operator.admin","operator.approvals",)"
    R"("operator.pairing"]},"policy":{"maxPayload":26214400,)"
    R"("maxBufferedBytes":52428800,"tickIntervalMs":30000}})";

// One client, from its HTTP request to its end.
//
// Thread-compatible. It owns its socket.
class Client {
 public:
  explicit Client(int socket) : socket_(socket) {}
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Reads once and answers what came; false once the client is to go.
  bool Read();
  // Goes on writing what the socket did not take; false as above.
  bool Write();
  bool has_unwritten() const { return !out_.empty(); }
  // Puts a tick among what is to be written, as the real one does.
  void Tick() {
    if (upgraded_ && !close_) Put(Opcode::kText, kTick);
  }

 private:
  // Upgrades, or answers and has `close_` set. Takes the request off `in_`.
  void OnHttp();
  void OnFrames();
  void OnFrame(const EchoFrame& frame);
  void OnMessage(std::string_view text);
  void Reply(std::string_view id, std::string_view payload);
  void Put(Opcode opcode, std::string_view payload);
  // Sends what waits, and then these.
  void SendLarge(std::string_view head, std::string_view body,
                 std::string_view tail);

  const int socket_;
  bool upgraded_ = false;
  bool close_ = false;
  // What was received, from `begin_` to `end_`.
  std::vector<char> in_ = std::vector<char>(2 * kRoomForOneRead);
  size_t begin_ = 0;
  size_t end_ = 0;
  // Of the frame that is being received, as far as known.
  size_t needed_ = 0;
  // The message of which fragments have come.
  std::string fragments_;
  std::string out_;
  // How much of it is gone.
  size_t written_ = 0;
};

bool Client::Read() {
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

bool Client::Write() {
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

void Client::OnHttp() {
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

void Client::OnFrames() {
  while (!close_) {
    const auto frame = TakeFrame(in_.data() + begin_, end_ - begin_, needed_);
    if (!frame) return;
    begin_ += frame->bytes;
    needed_ = 0;
    OnFrame(*frame);
  }
}

void Client::OnFrame(const EchoFrame& frame) {
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

void Client::OnMessage(std::string_view text) {
  const EchoRequest request = ReadRequest(text);
  if (request.method == "\"connect\"") {
    Reply(request.id, kHello);
  } else if (request.method == "\"health\"") {
    Reply(request.id, R"({"ok":true,"durationMs":1,"channels":{}})");
  } else if (request.method == "\"last-heartbeat\"") {
    Reply(request.id, "null");
  } else {
    Reply(request.id, request.params.empty() ? "null" : request.params);
  }
}

void Client::Reply(std::string_view id, std::string_view payload) {
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

void Client::Put(Opcode opcode, std::string_view payload) {
  out_.append(FrameHeader(opcode, payload.size())).append(payload);
}

void Client::SendLarge(std::string_view head, std::string_view body,
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

// Takes clients and serves them, all on one thread.
//
// Thread-compatible.
class Gateway {
 public:
  // Port 0: any. -1 if it cannot be had.
  int Listen(uint16_t port);
  [[noreturn]] void Serve();

 private:
  void Watch(int socket, bool write, int how);
  void Accept();
  void OnEvents(int socket, uint32_t events);
  // Settles with a client that was used; `lives` is what that said.
  void After(int socket, bool wrote, bool lives);
  void TickAll();

  int listener_ = -1;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::map<int, std::unique_ptr<Client>> clients_;
};

int Gateway::Listen(uint16_t port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (::bind(listener_, any, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, any, &size) != 0) {
    return -1;
  }
  Watch(listener_, false, EPOLL_CTL_ADD);
  return ntohs(address.sin_port);
}

void Gateway::Watch(int socket, bool write, int how) {
  epoll_event event = {};
  event.events = EPOLLIN | (write ? static_cast<uint32_t>(EPOLLOUT) : 0u);
  event.data.fd = socket;
  ::epoll_ctl(epoll_, how, socket, &event);
}

void Gateway::Accept() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return;
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  clients_.emplace(socket, std::make_unique<Client>(socket));
  Watch(socket, false, EPOLL_CTL_ADD);
}

void Gateway::OnEvents(int socket, uint32_t events) {
  if (socket == listener_) {
    Accept();
    return;
  }
  Client& client = *clients_.at(socket);
  const bool wrote = client.has_unwritten();
  bool lives = true;
  if ((events & EPOLLOUT) != 0) lives = client.Write();
  if (lives && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) {
    lives = client.Read();
  }
  After(socket, wrote, lives);
}

void Gateway::After(int socket, bool wrote, bool lives) {
  if (!lives) {
    clients_.erase(socket);
  } else if (clients_.at(socket)->has_unwritten() != wrote) {
    Watch(socket, !wrote, EPOLL_CTL_MOD);
  }
}

void Gateway::TickAll() {
  for (auto at = clients_.begin(); at != clients_.end();) {
    const auto& [socket, client] = *at++;
    const bool wrote = client->has_unwritten();
    client->Tick();
    After(socket, wrote, client->Write());
  }
}

void Gateway::Serve() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point tick_at = Clock::now() + kTickInterval;
  for (;;) {
    epoll_event events[16];
    const int count = ::epoll_wait(epoll_, events, std::size(events), 1000);
    for (int i = 0; i < count; ++i)
      OnEvents(events[i].data.fd, events[i].events);
    if (Clock::now() < tick_at) continue;
    tick_at += kTickInterval;
    TickAll();
  }
}

}  // namespace
}  // namespace clawplane::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: echo_gateway PORT" << std::endl;
    return 2;
  }
  clawplane::testing::Gateway gateway;
  const int port = gateway.Listen(static_cast<uint16_t>(std::atoi(argv[1])));
  if (port < 0) {
    std::cerr << "cannot listen on port " << argv[1] << std::endl;
    return 1;
  }
  std::cout << "port " << port << std::endl;
  gateway.Serve();
}
