// The one entry of all calls.

#ifndef CLAWPLANE_SERVER_GATE_H_
#define CLAWPLANE_SERVER_GATE_H_

#include <grpcpp/grpcpp.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/io/core_strand.h"
#include "core/model/access_policy.h"
#include "core/model/fault.h"
#include "server/access.h"
#include "server/audit_log.h"
#include "server/audit_record.h"
#include "server/call_places.h"
#include "server/denials.h"

namespace clawplane::server {

class Gate;

// What a call has that was let in, from its admission to its end: a place among
// those of its client, and its lines in the audit log.
//
// Thread-compatible. The gate must outlive it.
class Pass {
 public:
  // Of a call that was let in without a question.
  Pass() = default;
  Pass(Pass&&) = default;
  Pass& operator=(Pass&&) = default;

  const Caller& caller() const { return caller_; }

  // Whether the call, an `Rpc`, may go on to this method of the gateway; or why
  // not.
  std::optional<core::Fault> GoOnTo(const grpc::ServerContextBase& context,
                                    std::string_view method);

  // Calls `next` on the strand once it is written down what the call is about
  // to do, or with the reason why that could not be. At once where nothing is
  // to be written.
  using Next = std::function<void(std::optional<core::Fault>)>;
  void BeforeActing(core::CoreStrand& strand, const Next& next);

  // The call has ended so.
  void End(const grpc::Status& status);

 private:
  friend class Gate;
  Pass(Gate& gate, const core::ApiCall& call, std::string address)
      : gate_(&gate), call_(call), address_(std::move(address)) {}

  AuditRecord MakeRecord(const grpc::ServerContextBase& context,
                         std::string_view method) const;
  void BeginRecord(const grpc::ServerContextBase& context,
                   const core::ApiCall& call);

  Gate* gate_ = nullptr;
  core::ApiCall call_;
  std::string address_;
  Caller caller_;
  CallPlaces::Place place_;
  // Of a call that is to be written down; the two after it are too.
  std::unique_ptr<AuditRecord> record_;
  bool is_act_ = false;
  std::chrono::steady_clock::time_point began_;
};

// Decides on every call before anything is done for it: who calls, whether the
// role allows it, whether there is a place, and that it will be known. (gRPC's
// own hooks are not it: an interceptor cannot refuse a call, and an
// authentication processor ends the process of Debian's gRPC on one malformed
// request.) Health and reflection, which tell nothing that is secret, ask for a
// place alone.
//
// Thread-safe. Its parts must outlive it, and it the server's calls.
class Gate {
 public:
  // Told of the peer, as gRPC names it, of each call that nobody vouches for.
  using Complain = std::function<void(const std::string& peer)>;

  // `run` is the name of this life of the server, by which the calls of one in
  // the audit log differ from those of another.
  Gate(const Access& access, const core::Config& config, std::string run,
       AuditLog& audit, Complain complain)
      : access_(access),
        policy_(std::make_shared<const core::AccessPolicy>(config.access)),
        audit_reads_(config.audit.reads),
        run_(std::move(run)),
        audit_(audit),
        complain_(std::move(complain)),
        places_(config.limits),
        denials_(audit) {}
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // What roles may do from now on; calls that are open go on.
  void Use(const core::AccessConfig& config) {
    policy_ = std::make_shared<const core::AccessPolicy>(config);
  }

  // Lets a call in, or says why not. `call.name` must live as long as the gate.
  std::variant<Pass, core::Fault> Enter(const grpc::ServerContextBase& context,
                                        const core::ApiCall& call,
                                        CallPlaces::Kind kind);

  // The same for a call of the services that are open to all.
  std::variant<Pass, core::Fault> EnterOpen(
      const grpc::ServerContextBase& context);

  // Why it refuses calls.
  static constexpr std::array<core::Reason, 4> kRefusals = {
      core::Reason::kTokenRequired, core::Reason::kRoleRequired,
      core::Reason::kMethodDenied, core::Reason::kTooManyCalls};
  // How many it refused for each of these.
  std::array<uint64_t, kRefusals.size()> refused() const;
  std::array<CallPlaces::Open, CallPlaces::kKinds> open_calls() {
    return places_.open();
  }

  // Writes down what is still held of denials. To be called every few seconds.
  void Flush() { denials_.Flush(std::chrono::steady_clock::now()); }

 private:
  friend class Pass;

  // Counts it, and gives it back.
  core::Fault Refused(core::Fault fault);
  core::Fault Deny(AuditRecord record, core::Fault fault);
  bool IsWritten(const core::ApiCall& call) const;
  std::string NextId();

  const Access& access_;
  std::atomic<std::shared_ptr<const core::AccessPolicy>> policy_;
  const bool audit_reads_;
  const std::string run_;
  AuditLog& audit_;
  const Complain complain_;
  CallPlaces places_;
  Denials denials_;
  std::atomic<uint64_t> last_id_ = 0;
  std::array<std::atomic<uint64_t>, kRefusals.size()> refused_ = {};
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_GATE_H_
