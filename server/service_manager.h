// What the service manager that started us (systemd) is told.

#ifndef CLAWPLANE_SERVER_SERVICE_MANAGER_H_
#define CLAWPLANE_SERVER_SERVICE_MANAGER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace clawplane::server {

// Tells it by sd_notify when we serve, reload and stop, and what the gateway
// does, in words. Where nobody asked for it (there is no NOTIFY_SOCKET) nothing
// happens at all.
//
// The watchdog is fed at half of its time, and only if each of our own parts
// has answered a question that was put to it since it was fed last. What the
// gateway does is of no account: one that hangs is our work, not our end. While
// we stop, the same answers win more time, so that a gateway with a long grace
// gets it.
//
// A life: constructed -> `Ready` -> (`Reloading` -> `Ready`)... -> `Stopping`
// -> `End`. These are the main thread's; `Status` is for any thread. All that
// is sent is sent by a thread of its own, so that a service manager that does
// not read keeps nobody waiting.
class ServiceManager {
 public:
  // Has one of our parts call `answer` as soon as it gets to it, on its own
  // thread, never from inside the question. There is one at a time.
  using Question = std::function<void(std::function<void()> answer)>;

  // What is asked must live until `End`.
  explicit ServiceManager(std::vector<Question> questions);
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
  ~ServiceManager();

  void Ready();
  void Reloading();
  void Stopping();
  // What `systemctl status` shows; one line.
  void Status(const std::string& text);
  // Says what is still to be said, and asks nothing any more.
  void End();

 private:
  struct Talk;

  void Say(std::string message);
  void Run();
  void Send(const std::string& message);
  void Ask();

  const std::vector<Question> questions_;
  // How often it is asked.
  std::chrono::microseconds period_{};
  bool feeds_ = false;
  // Shared with the answers, which may come late.
  const std::shared_ptr<Talk> talk_;
  std::thread thread_;
  bool has_complained_ = false;  // of that thread
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_SERVICE_MANAGER_H_
