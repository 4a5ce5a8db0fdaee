// What the fake gateway says to one client.

#ifndef CLAWPLANE_TESTS_FAKES_FAKE_CONVERSATION_H_
#define CLAWPLANE_TESTS_FAKES_FAKE_CONVERSATION_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fakes/fake_json.h"
#include "tests/fakes/fake_server.h"
#include "tests/fakes/fake_socket.h"

namespace clawplane::testing {

// Answers HTTP requests; after an upgrade sends the challenge, judges the
// connect, and hands requests to the methods. Ends by asking the server to
// forget it.
//
// Thread-compatible: on the server's thread. `server` must outlive it.
class FakeConversation : public FakeSocketOwner,
                         public std::enable_shared_from_this<FakeConversation> {
 public:
  explicit FakeConversation(FakeServer& server);

  void Begin(std::shared_ptr<FakeSocket> socket);

  // FakeSocketOwner:
  std::optional<HttpAnswer> OnHttp(const HttpAsk& ask) override;
  void OnUpgraded() override;
  void OnMessage(std::string message) override;
  void OnPing() override;
  void OnClosed(uint16_t code) override;

  FakeServer& server() { return server_; }
  FakeSocket& socket() { return *socket_; }
  const std::string& id() const { return id_; }
  // Past its handshake.
  bool connected() const { return connected_; }
  // Whether a method that needs this scope may be called.
  bool May(std::string_view scope) const;

  // `id`, `payload` and `error` are JSON texts.
  void Answer(const std::string& id, const std::optional<std::string>& payload);
  void Refuse(const std::string& id, const std::string& error);
  void SendEvent(const std::string& event,
                 const std::optional<std::string>& payload,
                 const std::string& more = "");
  // A frame as it is, unless the gateway has been told to be silent.
  void SendText(std::string text);
  void SendBinary(std::string bytes);
  void Close(uint16_t code, const std::string& reason);
  void Drop() { socket_->Drop(); }

  // Lets the next events leave out so many numbers.
  void SkipSeq(int64_t count) { seq_ += count; }
  // Keeps a call unanswered until `Release`, which echoes the params.
  void Hold(std::string id, std::string params);
  void Release(bool in_order);
  // Runs this later, unless the conversation is over by then.
  void Later(std::chrono::milliseconds delay, std::function<void()> action);

 private:
  void SendChallenge();
  void OnFirst(const std::string& message);
  void OnConnect(const std::string& id, const Json& params);
  void OnRequest(const std::string& message);

  FakeServer& server_;
  std::shared_ptr<FakeSocket> socket_;
  const std::string id_;
  // What a device has to sign.
  const std::string nonce_;
  std::string origin_;
  std::vector<std::string> scopes_;
  std::vector<std::pair<std::string, std::string>> held_;
  int64_t seq_ = 0;
  bool upgraded_ = false;
  bool connected_ = false;
  bool closing_ = false;
};

}  // namespace clawplane::testing

#endif  // CLAWPLANE_TESTS_FAKES_FAKE_CONVERSATION_H_
