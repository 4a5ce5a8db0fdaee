// The shell around the pure core: carries out what the machine decides.

#ifndef CLAWPLANE_CORE_IO_GATEWAY_MANAGER_H_
#define CLAWPLANE_CORE_IO_GATEWAY_MANAGER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "core/io/core_strand.h"
#include "core/io/device_identity.h"
#include "core/io/event_keeper.h"
#include "core/io/gateway_link.h"
#include "core/io/health_check.h"
#include "core/io/ports.h"
#include "core/model/audience.h"
#include "core/model/config.h"
#include "core/model/drain_talk.h"
#include "core/model/event_log.h"
#include "core/model/gateway_counts.h"
#include "core/model/gateway_machine.h"
#include "core/model/liveness.h"
#include "core/model/log_buffer.h"
#include "core/model/pending_calls.h"
#include "core/model/run_history.h"
#include "core/model/secret_mask.h"
#include "core/model/state_record.h"
#include "core/model/trace.h"

namespace clawplane::core {

// What a subscriber follows.
enum class Topic { kStatus, kEvents, kLogs };

// How an order ended.
struct OrderResult {
  // None if it was fulfilled.
  std::optional<Fault> fault;
  GatewayStatus status;
  // The process when the order was given, and what it was.
  std::optional<int> old_pid;
  std::string old_boot_id;
  bool was_running = false;
  Duration took{};
  // The exit that the order brought about.
  std::optional<ProcessEnd> exit;
};

// What the gateway said of itself, and when.
struct Description {
  Hello hello;
  WallTime as_of;
};

// The only owner of the core's mutable state. It feeds the machine with what
// orders, processes, connections and the clock bring, and applies the effects
// in one switch; it decides nothing about the gateway's life itself.
//
// On the strand: each method is called there, each completion and report comes
// there. It must outlive what was posted, and be destroyed on the strand or
// after its thread ended.
class GatewayManager {
 public:
  // The outside world. All must outlive the manager.
  struct World {
    ProcessLauncher& launcher;
    Connector& connector;
    Prober& prober;
    Alarm& alarm;
    // Gives the token that the gateway wants; may make one if asked to.
    std::function<std::variant<std::string, Fault>(bool may_make)> token;
    // Says how to launch.
    std::function<std::variant<LaunchSpec, Fault>(const std::string& token)>
        plan;
    // Says how to run the gateway's own repair.
    std::function<std::variant<LaunchSpec, Fault>()> plan_repair;
    // Who holds the lock of the gateway's state, for people; empty if nobody.
    std::function<std::string()> lock_holder;
    // Sends a signal to the process that listens on the gateway's port, or says
    // why not.
    std::function<std::optional<Fault>(int pid, int signal)> signal_listener;
    // Stores what the next control plane has to know: whether the gateway is
    // wanted up, before anything is done about it, and what runs.
    std::function<std::optional<Fault>(const StateRecord& record)> store;
    // Numbers from 0 up to but without 1.
    std::function<double()> random;
    // What each step of the machine came to, for the log; without a secret.
    std::function<void(const Decision&)> log;
    // Who we are to the gateway; none: no device is named.
    const DeviceIdentity* device = nullptr;
    // Takes what is to be in the log as a warning; without a secret.
    std::function<void(const std::string&)> warn = [](const std::string&) {};
  };

  using OrderCompletion = std::function<void(const OrderResult&)>;

  GatewayManager(CoreStrand& strand, const Config& config, std::string version,
                 std::string epoch, World world);
  GatewayManager(const GatewayManager&) = delete;
  GatewayManager& operator=(const GatewayManager&) = delete;

  // Goes on where an earlier control plane ended: takes its gateway over, where
  // it left one, and wants it up or down as then. `autostart` counts where no
  // wish is stored. Called at most once, before anything else.
  void Resume(const StateRecord& found, bool autostart);

  // Keeps events in `store` from now on, and goes on where it was left. At most
  // once, before anything else. The store must outlive the strand's last task.
  void KeepEvents(EventStore& store, LogBeginning beginning);

  // ---- Orders. The completion is called once, later or before the return,
  // unless the order was forgotten.
  OrderId Start(OrderCompletion done);
  struct EndTerms {
    // None means the configured one.
    std::optional<Duration> grace = {};
    bool force = false;
    // Let the gateway finish its work first.
    bool drain = false;
    // Of a stop: the gateway is still wanted by the next control plane.
    bool keep_wish = false;
  };
  OrderId Stop(const EndTerms& terms, OrderCompletion done);
  OrderId Restart(const EndTerms& terms, OrderCompletion done);
  // The giver no longer wants to know; the order stands.
  void Forget(OrderId order);

  // ---- Calls. The completion is called once, later or before the return,
  // unless the call was cancelled. It must not call back.
  CallId Call(CallRequest request, PendingCalls::Completion done);
  // What `Call` will return next.
  CallId next_call() const;
  void CancelCall(CallId call);

  // ---- What is known
  const GatewayStatus& status() const;
  const std::optional<Description>& description() const;
  const EventLog& events() const;
  // What brings them to the disk, and back.
  EventKeeper& event_keeper();
  const EventKeeper& event_keeper() const;
  const LogBuffer& logs() const;
  const RunHistory& runs() const;
  const PendingCalls& calls() const;
  const GatewayCounts& counts() const;
  // What the system shows of the gateway's process, as far as it can be seen.
  std::optional<ProcessVitals> vitals() const;
  const Config& config() const;
  Instant Now() const { return world_.alarm.Now(); }

  // What can be configured anew counts from now on, or from the next start of
  // the gateway on: `Setting::reload` says which is which.
  void Use(const Config& config);

  // ---- Following it
  // Is closed at once if the streams are. The filter counts for events only.
  void Subscribe(Topic topic, Subscriber& subscriber,
                 const EventFilter& filter = {});
  void Unsubscribe(Topic topic, Subscriber& subscriber);
  // How many follow it.
  size_t followers(Topic topic) const;
  // How many events the reader furthest behind has not looked at yet.
  uint64_t event_lag() const;
  // A follower was sent a response; a reader of events was told of a gap of its
  // own.
  void CountResponse(Topic topic);
  void CountReaderGap();
  // It has read all there is, and is to be woken once: for the status and the
  // logs as soon as there is more; for events at the end of the task that
  // brought them, or soon after that if many wait; and for want of any within
  // 10 s as idle.
  void Await(Topic topic, Subscriber& subscriber);
  // It follows the events and has not looked at all of them: it is woken again
  // when others have had their turn.
  void YieldToOthers(Subscriber& subscriber);

  // ---- The end
  // How long the answers to calls are waited for before a gateway is left.
  static constexpr Duration kLastAnswers = std::chrono::seconds(5);

  // Refuses orders and calls from now on, stops a gateway of ours or leaves it
  // running (`gateway.on_exit`), says goodbye to another one, then calls
  // `stopped`. A second call forces that.
  void Shutdown(std::function<void()> stopped);
  // Ends all streams, and those that come later.
  void CloseStreams();
  // Gives up all that keeps the strand busy, but for a goodbye in progress,
  // which ends within 2 s. After it one may only take back what was asked:
  // cancel, forget, unsubscribe.
  void Release();

 private:
  struct Order {
    OrderCompletion done;
    TimePoint given_at;
    std::optional<int> old_pid;
    std::string old_boot_id;
    bool was_running;
  };

  template <typename MakeInput>
  OrderId Give(OrderCompletion done, MakeInput make_input)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // Why nothing more is taken in.
  static Fault ShuttingDown();
  OrderId RefuseOrder(const OrderCompletion& done)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Step(Input input) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // The one place that acts.
  void Apply(const LookAtPort& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const Launch& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const Connect& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const DropLink& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const FailCalls& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const Terminate& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const Kill& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const AskForRestart& effect)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const BeginDrain& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const SignalForeign& effect)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const RecordExit& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const RecordRepair& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const RecordError& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const RecordState& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const Publish& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Apply(const FinishOrder& effect) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void HideEnvironment() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  std::variant<LaunchSpec, Fault> PlanGateway()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  ProcessReports ProcessReportsFor(Generation generation);
  GatewayLink::Reports LinkReportsFor(Generation generation);
  void OpenLink(Generation generation, ConnectParams params)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnVerdict(Generation generation, Handshake::Verdict verdict)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnAgain(Generation generation, Handshake::Again again)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnAccepted(Generation generation, Handshake::Accepted accepted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void KeepDeviceToken(std::string_view token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnEvent(EventDraft draft) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnLine(LogSource source, std::string_view text, size_t cut)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  std::string LastWords() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  // What is seen of the gateway; see `Liveness`.
  void OnHeard() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnHttpAnswer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void BeginCheck(bool thorough) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void ConcludeCheckIfComplete() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void ConcludeCheck() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void SampleProcess() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  ProcessSigns SignsOfProcess() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Ends what watches a gateway that is gone.
  void StopWatchingIfGone() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void WatchUntil(TimePoint now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);

  void CountPhase(const GatewayStatus& before)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void StoreIfChanged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // False if it cannot be proven to be the one.
  bool Adopt(const LeftGateway& gateway, bool wanted_up)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void TellNotAdopted(const Fault& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Takes in nothing more, and ends all but the gateway once the calls with it
  // are answered, or after `kLastAnswers`.
  void BeginLeaving(std::function<void()> left)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void LeaveIfAnswered() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Leave() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void AskAboutDrain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnDrainAnswer(Generation link, const CallResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void TellError(const Fault& fault) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Append(EventDraft draft) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void UpdateAdmission() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void SendWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void Wake(Topic topic) ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void WakeEventReadersLater() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void WakeEventReaders() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  // Sets the one alarm to what comes first.
  void Rearm() ABSL_EXCLUSIVE_LOCKS_REQUIRED(strand_);
  void OnAlarm();

  CoreStrand& strand_;
  Config config_ ABSL_GUARDED_BY(strand_);
  const std::string version_;
  const World world_;

  GatewayMachine machine_ ABSL_GUARDED_BY(strand_);
  PendingCalls calls_ ABSL_GUARDED_BY(strand_);
  EventLog events_ ABSL_GUARDED_BY(strand_);
  EventKeeper keeper_ ABSL_GUARDED_BY(strand_);
  LogBuffer logs_ ABSL_GUARDED_BY(strand_);
  RunHistory runs_ ABSL_GUARDED_BY(strand_);
  GatewayCounts counts_ ABSL_GUARDED_BY(strand_);
  std::optional<Description> description_ ABSL_GUARDED_BY(strand_);

  std::deque<Input> inputs_ ABSL_GUARDED_BY(strand_);
  bool stepping_ ABSL_GUARDED_BY(strand_) = false;
  bool ending_ ABSL_GUARDED_BY(strand_) = false;
  // While it is being left: until when answers are waited for, and what then.
  std::optional<TimePoint> leave_by_ ABSL_GUARDED_BY(strand_);
  std::function<void()> after_leaving_ ABSL_GUARDED_BY(strand_);
  // Whether the gateway was left running, so that nothing is decided any more.
  bool left_ ABSL_GUARDED_BY(strand_) = false;
  bool streams_closed_ ABSL_GUARDED_BY(strand_) = false;
  bool released_ ABSL_GUARDED_BY(strand_) = false;
  OrderId next_order_ ABSL_GUARDED_BY(strand_) = 1;
  std::map<OrderId, Order> orders_ ABSL_GUARDED_BY(strand_);
  std::map<Topic, Audience> audiences_ ABSL_GUARDED_BY(strand_);
  // Whether a task that wakes event readers is under way.
  bool waking_ ABSL_GUARDED_BY(strand_) = false;

  // What is struck out of the gateway's output.
  SecretMask mask_ ABSL_GUARDED_BY(strand_);
  std::unique_ptr<Process> process_ ABSL_GUARDED_BY(strand_);
  // What the next control plane has to know of it, if it may be left.
  std::optional<LeftGateway> may_be_left_ ABSL_GUARDED_BY(strand_);
  // What was stored last.
  StateRecord stored_ ABSL_GUARDED_BY(strand_);
  // Whether somebody has said if the gateway is wanted.
  bool wish_known_ ABSL_GUARDED_BY(strand_) = false;
  // Whether the gateway may have spoken before this control plane listened.
  bool taken_over_ ABSL_GUARDED_BY(strand_) = false;
  // The drain in progress, and the link it is talked about on.
  std::optional<DrainTalk> drain_ ABSL_GUARDED_BY(strand_);
  Generation drain_link_ ABSL_GUARDED_BY(strand_) = 0;
  std::unique_ptr<Probe> probe_ ABSL_GUARDED_BY(strand_);
  std::unique_ptr<GatewayLink> link_ ABSL_GUARDED_BY(strand_);
  // One that is saying goodbye.
  std::unique_ptr<GatewayLink> closing_ ABSL_GUARDED_BY(strand_);
  // What the end of the control plane leaves until that is said.
  std::function<void()> after_closing_ ABSL_GUARDED_BY(strand_);
  Liveness liveness_ ABSL_GUARDED_BY(strand_);
  // The check in progress.
  std::unique_ptr<HealthCheck> check_ ABSL_GUARDED_BY(strand_);
  std::optional<TimePoint> sample_at_ ABSL_GUARDED_BY(strand_);
  std::optional<TimePoint> alarm_at_ ABSL_GUARDED_BY(strand_);
  std::optional<TimePoint> idle_tick_at_ ABSL_GUARDED_BY(strand_);
  // The first line of output of the run in progress.
  uint64_t first_line_of_run_ ABSL_GUARDED_BY(strand_) = 0;
};

}  // namespace clawplane::core

#endif  // CLAWPLANE_CORE_IO_GATEWAY_MANAGER_H_
