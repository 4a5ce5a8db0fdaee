#include "server/nats_broker.h"

#include <google/protobuf/util/json_util.h>
#include <nats/nats.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "core/io/token_file.h"
#include "core/model/text.h"
#include "server/convert.h"

namespace clawplane::server {
namespace {

using core::Concat;
using std::chrono::milliseconds;

// For an acknowledgement, and for a connection.
constexpr int64_t kPatience = 2'000;
constexpr milliseconds kFirstPause(100);
constexpr milliseconds kLongestPause(10'000);

constexpr std::string_view kLost = "-lost";
constexpr std::string_view kLostKind = "lost";

template <auto Destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
template <typename T, auto Destroy>
using Owned = std::unique_ptr<T, Destroyer<Destroy>>;

absl::Status Failure(std::string_view what, natsStatus status,
                     jsErrCode code = static_cast<jsErrCode>(0)) {
  if (status == NATS_OK) return absl::OkStatus();
  std::string text = Concat("nats: ", what, ": ", natsStatus_GetText(status));
  if (code != 0) text += Concat(" (JetStream ", static_cast<int>(code), ")");
  // A word on the cause, if there is one.
  const char* const detail = nats_GetLastError(nullptr);
  if (detail != nullptr && *detail != '\0') text += Concat(": ", detail);
  return absl::UnavailableError(text);
}

std::string ToJson(const google::protobuf::Message& message) {
  std::string text;
  const auto status =
      google::protobuf::util::MessageToJsonString(message, &text);
  return status.ok() ? text : "{}";
}

std::string_view KindOf(const Publication& publication) {
  const auto* const event = std::get_if<core::Event>(&publication.what);
  return event == nullptr ? kLostKind : core::Name(event->what.kind);
}

}  // namespace

std::string NatsSubject(std::string_view name, std::string_view kind) {
  std::string token(name);
  for (char& c : token) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!is_plain) c = '_';
  }
  return Concat("clawplane.", token, ".events.", kind);
}

std::string NatsMessageId(const Publication& publication) {
  const bool is_event = std::holds_alternative<core::Event>(publication.what);
  return Concat(publication.position.epoch, "-", publication.position.sequence,
                is_event ? std::string_view() : kLost);
}

std::optional<core::EventPosition> PositionOfNatsId(std::string_view id) {
  if (id.ends_with(kLost)) id.remove_suffix(kLost.size());
  const size_t dash = id.rfind('-');
  if (dash == id.npos || dash == 0) return std::nullopt;
  core::EventPosition position{std::string(id.substr(0, dash)), 0};
  const char* const end = id.data() + id.size();
  const auto read =
      std::from_chars(id.data() + dash + 1, end, position.sequence);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return position;
}

std::string NatsText(const Publication& publication, core::EventForm form) {
  if (const auto* const event = std::get_if<core::Event>(&publication.what)) {
    return ToJson(ToProto(*event, publication.position.epoch, form));
  }
  const auto& loss = std::get<core::EventCursor::Loss>(publication.what);
  v1::EventGap gap;
  *gap.mutable_lost_after() = ToProto(loss.lost_after);
  *gap.mutable_resumed_after() = ToProto(loss.resumed_after);
  return ToJson(gap);
}

// ---- One connection

// Thread-compatible.
class NatsBroker::Session {
 public:
  Session(const core::NatsConfig& config, const std::string& name)
      : config_(config), name_(name) {}

  absl::Status Connect();
  // Sees that the stream is there.
  absl::Status FindStream();
  // The position of the last message of ours in the stream.
  absl::Status FindLast(std::optional<core::EventPosition>& last);
  absl::Status Publish(const Publication& publication);
  bool IsConnected() const {
    return natsConnection_Status(connection_.get()) ==
           NATS_CONN_STATUS_CONNECTED;
  }

 private:
  absl::Status Identify(natsOptions* options) const;
  natsStatus Send(const Publication& publication, core::EventForm form,
                  jsErrCode& code);

  const core::NatsConfig& config_;
  const std::string& name_;
  Owned<natsConnection, natsConnection_Destroy> connection_;
  Owned<jsCtx, jsCtx_Destroy> stream_;
};

absl::Status NatsBroker::Session::Connect() {
  natsOptions* made = nullptr;
  natsStatus status = natsOptions_Create(&made);
  const Owned<natsOptions, natsOptions_Destroy> options(made);
  if (status == NATS_OK) status = natsOptions_SetURL(made, config_.url.c_str());
  if (status == NATS_OK) status = natsOptions_SetTimeout(made, kPatience);
  if (status == NATS_OK) status = natsOptions_SetName(made, "clawplane");
  // A connection is given up when it breaks, so that each begins by looking at
  // what the stream has.
  if (status == NATS_OK) status = natsOptions_SetAllowReconnect(made, false);
  absl::Status failure = Failure("the settings", status);
  if (failure.ok()) failure = Identify(made);
  if (!failure.ok()) return failure;
  natsConnection* connection = nullptr;
  status = natsConnection_Connect(&connection, made);
  connection_.reset(connection);
  if (status != NATS_OK) return Failure("it cannot be reached", status);
  jsOptions how;
  jsOptions_Init(&how);
  how.Wait = kPatience;
  jsCtx* stream = nullptr;
  status = natsConnection_JetStream(&stream, connection, &how);
  stream_.reset(stream);
  return Failure("JetStream", status);
}

absl::Status NatsBroker::Session::Identify(natsOptions* options) const {
  natsStatus status = NATS_OK;
  if (!config_.token_file.empty()) {
    const auto token = core::ReadToken(config_.token_file);
    if (!token.ok()) return token.status();
    status = natsOptions_SetToken(options, token->c_str());
  }
  if (status == NATS_OK && !config_.credentials_file.empty()) {
    status = natsOptions_SetUserCredentialsFromFiles(
        options, config_.credentials_file.c_str(), nullptr);
  }
  if (status == NATS_OK &&
      (config_.url.starts_with("tls://") || !config_.ca_file.empty())) {
    status = natsOptions_SetSecure(options, true);
  }
  if (status == NATS_OK && !config_.ca_file.empty()) {
    status =
        natsOptions_LoadCATrustedCertificates(options, config_.ca_file.c_str());
  }
  return Failure("its credentials", status);
}

absl::Status NatsBroker::Session::FindStream() {
  const char* const stream = config_.stream.c_str();
  jsErrCode code = static_cast<jsErrCode>(0);
  jsStreamInfo* info = nullptr;
  natsStatus status =
      js_GetStreamInfo(&info, stream_.get(), stream, nullptr, &code);
  Owned<jsStreamInfo, jsStreamInfo_Destroy> found(info);
  if (status != NATS_NOT_FOUND) return Failure("the stream", status, code);
  // '>' takes more than one token.
  const std::string subjects = NatsSubject(name_, ">");
  if (!config_.create_stream) {
    return absl::NotFoundError(
        Concat("nats: there is no stream ", config_.stream,
               "; make one that takes the subjects ", subjects,
               " (nats stream add ", config_.stream, " --subjects='", subjects,
               "'), or set nats.create_stream"));
  }
  const char* const taken[] = {subjects.c_str()};
  jsStreamConfig wanted;
  jsStreamConfig_Init(&wanted);
  wanted.Name = stream;
  wanted.Subjects = const_cast<const char**>(taken);
  wanted.SubjectsLen = 1;
  info = nullptr;
  status = js_AddStream(&info, stream_.get(), &wanted, nullptr, &code);
  found.reset(info);
  return Failure("the stream cannot be made", status, code);
}

absl::Status NatsBroker::Session::FindLast(
    std::optional<core::EventPosition>& last) {
  jsErrCode code = static_cast<jsErrCode>(0);
  natsMsg* message = nullptr;
  const natsStatus status =
      js_GetLastMsg(&message, stream_.get(), config_.stream.c_str(),
                    NatsSubject(name_, ">").c_str(), nullptr, &code);
  const Owned<natsMsg, natsMsg_Destroy> found(message);
  if (status == NATS_NOT_FOUND) return absl::OkStatus();
  if (status != NATS_OK) return Failure("its last message", status, code);
  const char* id = nullptr;
  if (natsMsgHeader_Get(message, "Nats-Msg-Id", &id) == NATS_OK) {
    last = PositionOfNatsId(id);
  }
  return last ? absl::OkStatus()
              : absl::FailedPreconditionError(
                    Concat("nats: somebody else publishes under ",
                           NatsSubject(name_, ">"), "; change the name"));
}

absl::Status NatsBroker::Session::Publish(const Publication& publication) {
  jsErrCode code = static_cast<jsErrCode>(0);
  natsStatus status = Send(publication, core::EventForm::kJson, code);
  if (status == NATS_MAX_PAYLOAD) {
    status = Send(publication, core::EventForm::kWithoutPayload, code);
  }
  return Failure("an event was not taken", status, code);
}

natsStatus NatsBroker::Session::Send(const Publication& publication,
                                     core::EventForm form, jsErrCode& code) {
  const std::string subject = NatsSubject(name_, KindOf(publication));
  const std::string text = NatsText(publication, form);
  const std::string id = NatsMessageId(publication);
  jsPubOptions options;
  jsPubOptions_Init(&options);
  options.MsgId = id.c_str();
  options.MaxWait = kPatience;
  options.ExpectStream = config_.stream.c_str();
  return js_Publish(nullptr, stream_.get(), subject.c_str(), text.data(),
                    static_cast<int>(text.size()), &options, &code);
}

// ---- The broker

NatsBroker::NatsBroker(core::CoreStrand& strand, const core::NatsConfig& config,
                       const std::string& name, std::string position_file)
    : strand_(strand),
      config_(config),
      name_(name),
      position_file_(std::move(position_file)) {}

NatsBroker::~NatsBroker() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void NatsBroker::Begin(BrokerReports reports) {
  reports_ = std::make_shared<BrokerReports>(std::move(reports));
  // Signals are for other threads, and the library's own inherit that.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void NatsBroker::Publish(std::vector<Publication> publications) {
  const std::lock_guard lock(mutex_);
  waiting_ = std::move(publications);
  waiting_session_ = heard_session_;
  wake_.notify_one();
}

template <typename Report>
void NatsBroker::Tell(Report report) {
  strand_.Post([reports = std::weak_ptr(reports_), report = std::move(report)] {
    if (const auto heard = reports.lock()) report(*heard);
  });
}

void NatsBroker::Run() {
  milliseconds pause = kFirstPause;
  do {
    Session session(config_, name_);
    std::optional<core::EventPosition> last;
    absl::Status status = session.Connect();
    if (status.ok()) status = session.FindStream();
    if (status.ok()) status = session.FindLast(last);
    if (status.ok()) {
      pause = kFirstPause;
      if (!last) last = Remembered();
      ++session_;
      Tell([this, last, number = session_](const BrokerReports& reports) {
        heard_session_ = number;
        reports.on_connected(last);
      });
      status = Serve(session);
      if (status.ok()) return;
    }
    Tell([why = std::string(status.message())](const BrokerReports& reports) {
      reports.on_lost(why);
    });
    pause = std::min(2 * pause, kLongestPause);
  } while (Pause(pause));
}

absl::Status NatsBroker::Serve(Session& session) {
  std::vector<Publication> publications;
  while (Take(publications)) {
    if (!session.IsConnected()) {
      return absl::UnavailableError("nats: the connection is lost");
    }
    if (publications.empty()) continue;
    for (const Publication& publication : publications) {
      absl::Status status = session.Publish(publication);
      if (!status.ok()) return status;
    }
    Remember(publications.back().position);
    publications.clear();
    Tell([](const BrokerReports& reports) { reports.on_taken(); });
  }
  return absl::OkStatus();
}

bool NatsBroker::Take(std::vector<Publication>& publications) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::seconds(1),
                 [this] { return ending_ || !waiting_.empty(); });
  publications.swap(waiting_);
  waiting_.clear();
  // What was for an earlier connection is handed over again.
  if (waiting_session_ != session_) publications.clear();
  return !ending_;
}

bool NatsBroker::Pause(milliseconds pause) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, pause, [this] { return ending_; });
  return !ending_;
}

// The name is given to the whole file only, so that it is the old one or the
// new one, whenever this process is killed.
void NatsBroker::Remember(const core::EventPosition& position) const {
  const std::string next = position_file_ + ".new";
  {
    std::ofstream file(next, std::ios::trunc);
    ::chmod(next.c_str(), 0600);
    file << position.epoch << '-' << position.sequence;
    if (!file.flush()) return;
  }
  ::rename(next.c_str(), position_file_.c_str());
}

std::optional<core::EventPosition> NatsBroker::Remembered() const {
  std::ifstream file(position_file_);
  std::string id;
  file >> id;
  return PositionOfNatsId(id);
}

}  // namespace clawplane::server
