// One connection to an HTTP listener, byte by byte.

#ifndef CLAWPLANE_TESTS_HTTP_CLIENT_H_
#define CLAWPLANE_TESTS_HTTP_CLIENT_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace clawplane::testing {

// Says what it is told to, and keeps all that comes. Thread-compatible.
class HttpClient {
 public:
  // To "http://127.0.0.1:PORT".
  explicit HttpClient(const std::string& url)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port =
        htons(static_cast<uint16_t>(::atoi(url.c_str() + url.rfind(':') + 1)));
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address),
                           sizeof address) == 0;
  }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient() { ::close(fd_); }

  bool connected() const { return connected_; }
  // All that has come and was not taken.
  const std::string& received() const { return received_; }

  // False once the other side has gone.
  bool Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t size = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      text.remove_prefix(static_cast<size_t>(size));
    }
    return true;
  }

  // Reads what comes within that time; false if that is nothing, or the end.
  bool Receive(std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    pollfd wanted = {fd_, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) {
      return false;
    }
    std::array<char, 4096> bytes;
    const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
    ended_ = size <= 0;
    if (!ended_) received_.append(bytes.data(), static_cast<size_t>(size));
    return !ended_;
  }

  // Reads to the end; false if that does not come.
  bool ReadToTheEnd() {
    while (Receive()) {
    }
    return ended_;
  }

  // One whole answer with its body, taken off what was received; empty if the
  // connection ends before.
  std::string TakeAnswer() {
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    constexpr std::string_view kEnd = "\r\n\r\n";
    do {
      const size_t header = received_.find(kEnd);
      const size_t length = received_.find(kLength);
      if (header == received_.npos || length == received_.npos) continue;
      const size_t size = header + kEnd.size() +
                          static_cast<size_t>(::atoi(received_.c_str() +
                                                     length + kLength.size()));
      if (received_.size() < size) continue;
      const std::string answer = received_.substr(0, size);
      received_.erase(0, size);
      return answer;
    } while (Receive());
    return {};
  }

  // Asks for a page; `lines` are further lines of the header.
  std::string Get(const std::string& path, const std::string& lines = "") {
    Send("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + lines + "\r\n");
    return TakeAnswer();
  }

 private:
  const int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string received_;
};

// One page, on a connection of its own.
inline std::string GetPage(const std::string& url, const std::string& path,
                           const std::string& lines = "") {
  return HttpClient(url).Get(path, lines);
}

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_HTTP_CLIENT_H_
