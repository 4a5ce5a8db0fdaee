#include "tests/fakes/fake_socket.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <utility>

namespace clawplane::testing {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using Error = boost::system::error_code;

constexpr uint16_t kAbnormal = 1006;
constexpr std::chrono::seconds kCloseTime{5};
constexpr size_t kLongestReason = 123;

class BeastSocket : public FakeSocket,
                    public std::enable_shared_from_this<BeastSocket> {
 public:
  BeastSocket(asio::ip::tcp::socket connection, FakeSocketOwner& owner)
      : owner_(&owner),
        stream_(std::move(connection)),
        pings_(stream_.get_executor()),
        pause_(stream_.get_executor()) {}

  void Serve() override {
    Error ignored;
    stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
    ReadRequest();
  }

  void Babble(std::string text) override {
    auto kept = std::make_shared<std::string>(std::move(text));
    asio::async_write(
        stream_.next_layer(), asio::buffer(*kept),
        [self = shared_from_this(), kept](Error, size_t) { self->Drain(); });
  }

  void SendText(std::string text) override {
    Enqueue({std::move(text), Item::kText, 0});
  }

  void SendBinary(std::string bytes) override {
    Enqueue({std::move(bytes), Item::kBinary, 0});
  }

  void Close(uint16_t code, std::string reason) override {
    if (!upgraded_) return Drop();
    reason.resize(std::min(reason.size(), kLongestReason));
    Enqueue({std::move(reason), Item::kClose, code});
  }

  void Drop() override {
    Error ignored;
    auto& socket = stream_.next_layer();
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
    pings_.cancel();
    pause_.cancel();
  }

  void LimitMessages(size_t bytes) override { stream_.read_message_max(bytes); }

  void PingEvery(std::chrono::milliseconds interval) override {
    pings_.expires_after(interval);
    pings_.async_wait([self = shared_from_this(), interval](Error error) {
      if (error || !self->stream_.is_open()) return;
      self->stream_.async_ping({}, [self, interval](Error failed) {
        if (!failed) self->PingEvery(interval);
      });
    });
  }

  void PauseReading(std::chrono::milliseconds time) override {
    pause_for_ = time;
  }

  void Freeze() override {
    frozen_ = true;
    pings_.cancel();
  }

  void SendBytes(const std::string& bytes) override {
    Error ignored;
    asio::write(stream_.next_layer(), asio::buffer(bytes), ignored);
  }

 private:
  struct Item {
    enum Kind { kText, kBinary, kClose };
    std::string text;
    Kind kind;
    uint16_t code;
  };

  void ReadRequest() {
    request_ = {};
    http::async_read(stream_.next_layer(), buffer_, request_,
                     [self = shared_from_this()](Error error, size_t) {
                       self->OnRequest(error);
                     });
  }

  void OnRequest(Error error) {
    if (error) return Finish(kAbnormal);
    HttpAsk ask;
    ask.method = std::string(request_.method_string());
    ask.target = std::string(request_.target());
    ask.origin = std::string(request_[http::field::origin]);
    ask.upgrade = websocket::is_upgrade(request_);
    if (std::optional<HttpAnswer> answer = owner_->OnHttp(ask)) {
      return Respond(*answer);
    }
    websocket::stream_base::timeout timeout{
        kCloseTime, websocket::stream_base::none(), false};
    stream_.set_option(timeout);
    // The real gateway sends each message as one frame, of any size.
    stream_.auto_fragment(false);
    stream_.async_accept(request_, [self = shared_from_this()](Error failed) {
      self->OnAccepted(failed);
    });
  }

  void Respond(const HttpAnswer& answer) {
    auto response = std::make_shared<http::response<http::string_body>>();
    response->version(request_.version());
    response->result(answer.status);
    response->set(http::field::content_type, answer.content_type);
    response->keep_alive(request_.keep_alive() && answer.status < 500);
    response->body() = answer.body;
    response->prepare_payload();
    if (request_.method() == http::verb::head) response->body().clear();
    http::async_write(
        stream_.next_layer(), *response,
        [self = shared_from_this(), response](Error error, size_t) {
          if (error || !response->keep_alive()) {
            return self->Finish(kAbnormal);
          }
          self->ReadRequest();
        });
  }

  void OnAccepted(Error error) {
    if (error) return Finish(kAbnormal);
    buffer_.clear();
    upgraded_ = true;
    stream_.control_callback(
        [this](websocket::frame_type kind, beast::string_view) {
          if (kind == websocket::frame_type::ping && owner_ != nullptr) {
            owner_->OnPing();
          }
        });
    owner_->OnUpgraded();
    ReadMessage();
  }

  void ReadMessage() {
    if (frozen_) return;
    if (pause_for_.count() > 0) {
      pause_.expires_after(std::exchange(pause_for_, {}));
      pause_.async_wait(
          [self = shared_from_this()](Error) { self->ReadMessage(); });
      return;
    }
    stream_.async_read(buffer_,
                       [self = shared_from_this()](Error error, size_t) {
                         self->OnMessage(error);
                       });
  }

  void OnMessage(Error error) {
    if (error) {
      const bool closed = error == websocket::error::closed;
      return Finish(closed ? stream_.reason().code : kAbnormal);
    }
    std::string message = beast::buffers_to_string(buffer_.data());
    buffer_.consume(buffer_.size());
    owner_->OnMessage(std::move(message));
    ReadMessage();
  }

  void Enqueue(Item item) {
    if (closing_ || frozen_ || !upgraded_) return;
    closing_ = item.kind == Item::kClose;
    queue_.push_back(std::move(item));
    if (queue_.size() == 1) SendNext();
  }

  void SendNext() {
    const Item& item = queue_.front();
    if (item.kind == Item::kClose) {
      const websocket::close_reason reason(
          static_cast<websocket::close_code>(item.code), item.text);
      stream_.async_close(reason, [self = shared_from_this()](Error) {});
      return;
    }
    stream_.binary(item.kind == Item::kBinary);
    stream_.async_write(asio::buffer(item.text),
                        [self = shared_from_this()](Error error, size_t) {
                          self->OnSent(error);
                        });
  }

  void OnSent(Error error) {
    queue_.pop_front();
    if (error) queue_.clear();
    if (!queue_.empty()) SendNext();
  }

  void Drain() {
    auto rest = std::make_shared<std::array<char, 512>>();
    stream_.next_layer().async_read_some(
        asio::buffer(*rest),
        [self = shared_from_this(), rest](Error error, size_t) {
          if (error) return self->Finish(kAbnormal);
          self->Drain();
        });
  }

  void Finish(uint16_t code) {
    FakeSocketOwner* owner = std::exchange(owner_, nullptr);
    pings_.cancel();
    Error ignored;
    stream_.next_layer().close(ignored);
    if (owner != nullptr) owner->OnClosed(code);
  }

  FakeSocketOwner* owner_;
  websocket::stream<asio::ip::tcp::socket> stream_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  asio::steady_timer pings_;
  asio::steady_timer pause_;
  std::chrono::milliseconds pause_for_{0};
  std::deque<Item> queue_;
  bool upgraded_ = false;
  bool closing_ = false;
  bool frozen_ = false;
};

}  // namespace

std::shared_ptr<FakeSocket> MakeFakeSocket(asio::ip::tcp::socket connection,
                                           FakeSocketOwner& owner) {
  return std::make_shared<BeastSocket>(std::move(connection), owner);
}

}  // namespace clawplane::testing
