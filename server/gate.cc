#include "server/gate.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/model/text.h"
#include "proto/code_name.h"
#include "server/peer_identity.h"

namespace clawplane::server {
namespace {

using std::chrono::steady_clock;
using std::chrono::system_clock;

// The trace that the caller is in; empty if it told none that is in order.
std::string TraceOf(const grpc::ServerContextBase& context) {
  constexpr size_t kBegin = 3, kSize = 32;  // "00-TRACE-..."
  const std::string parent = TraceParentOf(context);
  return parent.empty() ? parent : parent.substr(kBegin, kSize);
}

}  // namespace

std::optional<core::Fault> Pass::GoOnTo(const grpc::ServerContextBase& context,
                                        std::string_view method) {
  core::ApiCall call = call_;
  call.method = method;
  auto refusal =
      gate_->policy_.load()->Refusal(caller_.name, caller_.role, call);
  if (refusal) {
    return gate_->Deny(MakeRecord(context, method), *std::move(refusal));
  }
  if (gate_->IsWritten(call)) BeginRecord(context, call);
  return std::nullopt;
}

AuditRecord Pass::MakeRecord(const grpc::ServerContextBase& context,
                             std::string_view method) const {
  AuditRecord record;
  record.time = system_clock::now();
  record.client = caller_.name;
  // Of nobody known there is none.
  if (!caller_.name.empty()) record.role = caller_.role;
  record.peer = address_;
  record.method = call_.name;
  record.gateway_method = method;
  record.trace_id = TraceOf(context);
  return record;
}

void Pass::BeginRecord(const grpc::ServerContextBase& context,
                       const core::ApiCall& call) {
  began_ = steady_clock::now();
  is_act_ = core::AccessPolicy::IsAct(call);
  record_ = std::make_unique<AuditRecord>(MakeRecord(context, call.method));
  record_->id = gate_->NextId();
}

void Pass::BeforeActing(core::CoreStrand& strand, const Next& next) {
  if (record_ == nullptr || !is_act_) {
    next(std::nullopt);
    return;
  }
  record_->phase = AuditRecord::Phase::kBefore;
  AuditLog& audit = gate_->audit_;
  audit.Write(ToJsonLine(*record_), [&strand, &audit, next](bool is_written) {
    std::optional<core::Fault> fault;
    if (!is_written) {
      fault = core::Fault{
          core::Reason::kAuditFailed,
          core::Concat("nothing was done, because it could not be written into "
                       "the audit log: ",
                       audit.failure()),
          "make room or set audit.file to another one"};
    }
    strand.Post([next, fault = std::move(fault)] { next(fault); });
  });
}

void Pass::End(const grpc::Status& status) {
  place_ = CallPlaces::Place();
  if (record_ == nullptr) return;
  record_->time = system_clock::now();
  record_->phase = AuditRecord::Phase::kAfter;
  record_->outcome = CodeName(status.error_code());
  record_->duration = steady_clock::now() - began_;
  gate_->audit_.Write(ToJsonLine(*record_));
  record_ = nullptr;
}

std::string Gate::NextId() { return core::Concat(run_, "-", ++last_id_); }

bool Gate::IsWritten(const core::ApiCall& call) const {
  return audit_reads_ || core::AccessPolicy::IsAct(call);
}

core::Fault Gate::Refused(core::Fault fault) {
  const auto* const at = std::ranges::find(kRefusals, fault.reason);
  if (at != kRefusals.end()) ++refused_[at - kRefusals.begin()];
  return fault;
}

std::array<uint64_t, Gate::kRefusals.size()> Gate::refused() const {
  std::array<uint64_t, kRefusals.size()> refused;
  std::ranges::copy(refused_, refused.begin());
  return refused;
}

core::Fault Gate::Deny(AuditRecord record, core::Fault fault) {
  record.phase = AuditRecord::Phase::kDenied;
  record.reason = core::Name(fault.reason);
  denials_.Add(std::move(record), steady_clock::now());
  return Refused(std::move(fault));
}

std::variant<Pass, core::Fault> Gate::Enter(
    const grpc::ServerContextBase& context, const core::ApiCall& call,
    CallPlaces::Kind kind) {
  PeerIdentity peer = IdentifyPeer(context);
  auto identified = access_.Identify(context, peer);
  Pass pass(*this, call, std::move(peer.address));
  if (auto* fault = std::get_if<core::Fault>(&identified)) {
    complain_(context.peer());
    return Deny(pass.MakeRecord(context, call.method), std::move(*fault));
  }
  pass.caller_ = std::get<Caller>(std::move(identified));
  auto refusal =
      policy_.load()->Refusal(pass.caller_.name, pass.caller_.role, call);
  if (refusal) {
    return Deny(pass.MakeRecord(context, call.method), *std::move(refusal));
  }
  auto place =
      places_.Take(kind, core::Concat(pass.caller_.name, "@", pass.address_));
  if (auto* fault = std::get_if<core::Fault>(&place)) {
    return Deny(pass.MakeRecord(context, call.method), std::move(*fault));
  }
  pass.place_ = std::get<CallPlaces::Place>(std::move(place));
  // What an `Rpc` is for is not known yet.
  if (call.kind != core::ApiCall::Kind::kMethod && IsWritten(call)) {
    pass.BeginRecord(context, call);
  }
  return pass;
}

std::variant<Pass, core::Fault> Gate::EnterOpen(
    const grpc::ServerContextBase& context) {
  complain_(context.peer());
  PeerIdentity peer = IdentifyPeer(context);
  auto place = places_.Take(CallPlaces::Kind::kOpen, peer.address);
  if (auto* fault = std::get_if<core::Fault>(&place)) {
    return Refused(std::move(*fault));
  }
  Pass pass;
  pass.place_ = std::get<CallPlaces::Place>(std::move(place));
  return pass;
}

}  // namespace clawplane::server
