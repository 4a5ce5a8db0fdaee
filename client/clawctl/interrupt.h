// The ends of a command that come from outside: Ctrl-C, and a reader that left.

#ifndef CLAWPLANE_CLIENT_CLAWCTL_INTERRUPT_H_
#define CLAWPLANE_CLIENT_CLAWCTL_INTERRUPT_H_

#include <grpcpp/client_context.h>

#include <atomic>
#include <functional>
#include <set>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace clawplane::clawctl {

// Cancels the calls in progress upon SIGINT, and the streams among them also
// when nobody reads standard output any more (a stream may have nothing to
// write for hours, and would not notice). A second SIGINT, or one without a
// call in progress, ends the process at once. A SIGINT that was ignored at the
// start stays ignored.
//
// Make it before any other thread, because SIGINT is blocked in the threads
// that follow; one for each process. Thread-safe.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Whether Ctrl-C was pressed.
  bool pressed() const { return pressed_; }
  // Whether the reader of standard output is known to be gone, and that alone
  // has ended the streams.
  bool only_reader_left() const { return reader_left_ && !pressed_; }

  enum class EndsWith { kInterrupt, kInterruptOrReader };

  // Puts a call under the interrupt's power for as long as this object lives.
  // The context or stream outlives it, and is cancelled in another thread.
  class Scope {
   public:
    Scope(Interrupt& interrupt, grpc::ClientContext& context, EndsWith ends)
        : Scope(
              interrupt, [&context] { context.TryCancel(); }, ends) {}
    // A stream of the client library, which a reader that left ends as well.
    template <typename Stream>
    Scope(Interrupt& interrupt, Stream& stream)
        : Scope(
              interrupt, [&stream] { stream.Cancel(); },
              EndsWith::kInterruptOrReader) {}
    // What has no call of its own at times, such as work on many servers: a
    // first SIGINT leaves it the time to end. `cancel` may do nothing.
    Scope(Interrupt& interrupt, std::function<void()> cancel, EndsWith ends);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Interrupt;

    Interrupt& interrupt_;
    const std::function<void()> cancel_;
  };

 private:
  void Watch();
  void Pressed();
  void ReaderLeft();

  const int signal_fd_;
  const int stop_fd_;
  std::atomic<bool> pressed_ = false;
  std::atomic<bool> reader_left_ = false;
  absl::Mutex mutex_;
  std::set<const Scope*> calls_ ABSL_GUARDED_BY(mutex_);
  std::set<const Scope*> streams_ ABSL_GUARDED_BY(mutex_);
  std::thread watcher_;
};

}  // namespace clawplane::clawctl

#endif  // CLAWPLANE_CLIENT_CLAWCTL_INTERRUPT_H_
