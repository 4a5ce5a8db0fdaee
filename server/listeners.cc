#include "server/listeners.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "core/io/unique_fd.h"
#include "core/model/text.h"
#include "server/socket_group.h"

namespace clawplane::server {
namespace {

using core::Concat;

constexpr std::string_view kUnix = "unix:";

bool IsUnix(std::string_view address) { return address.starts_with(kUnix); }

std::string_view HostOf(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

// gRPC tells no cause, so the same is tried once more. 0 if it works now.
int ErrorOfBinding(const std::string& address) {
  std::string host(HostOf(address));
  const std::string port = address.substr(host.size() + 1);
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    return EADDRNOTAVAIL;
  }
  const core::UniqueFd socket(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool bound =
      ::bind(socket.get(), found->ai_addr, found->ai_addrlen) == 0 &&
      ::listen(socket.get(), 1) == 0;
  const int error = bound ? 0 : errno;
  ::freeaddrinfo(found);
  return error;
}

std::string WhyNotTcp(const std::string& setting, const std::string& address) {
  switch (const int error = ErrorOfBinding(address); error) {
    case 0:
      return Concat("another program may be using it; set ", setting,
                    " to another one");
    case EADDRINUSE:
      return Concat("another program is using it; stop that, or set ", setting,
                    " to another one");
    case EADDRNOTAVAIL:
      return Concat("this machine has no such address; set ", setting,
                    " to one that it has, or to 0.0.0.0 or [::] for all");
    case EACCES:
      return Concat("this user may not use that port; set ", setting,
                    " to one above 1023");
    default:
      return Concat(strerror(error), "; set ", setting, " to another one");
  }
}

std::string WhyNotUnix(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  struct stat stat;
  if (::stat(folder.c_str(), &stat) != 0 || !S_ISDIR(stat.st_mode)) {
    return Concat("there is no directory ", folder,
                  "; make it, or set socket to another one");
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    return Concat("the directory ", folder,
                  " cannot be written; set socket to another one");
  }
  if (::lstat(path.c_str(), &stat) == 0 && !S_ISSOCK(stat.st_mode)) {
    return "there is a file that is no socket; remove it, or set socket to "
           "another one";
  }
  return "another program may be using it; set socket to another one";
}

}  // namespace

absl::Status Listeners::Prepare() {
  if (config_.listen != "none") {
    wanted_.push_back(
        {"listen", config_.listen, grpc::InsecureServerCredentials()});
  }
  if (config_.socket != "none") {
    wanted_.push_back({"socket", Concat(kUnix, config_.socket),
                       grpc::InsecureServerCredentials()});
    if (!config_.socket_group.empty()) {
      const auto group = FindGroup(config_.socket_group);
      if (!group.ok()) return group.status();
      const absl::Status may_give =
          CheckMayGive(config_.socket, config_.socket_group, *group);
      if (!may_give.ok()) return may_give;
      group_ = *group;
    }
  }
  if (config_.tls.listen == "none") return absl::OkStatus();
  auto files = TlsFiles::Open(config_.tls);
  if (!files.ok()) return files.status();
  tls_files_ = *std::move(files);
  using enum TlsCredentials::ClientCertificate;
  const auto client_certificate = config_.tls.client_ca_file.empty() ? kIgnored
                                  : config_.tls.require_client_certificate
                                      ? kRequired
                                      : kVerified;
  wanted_.push_back(
      {"tls.listen", config_.tls.listen,
       std::make_shared<TlsCredentials>(*tls_files_, client_certificate)});
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<grpc::Server>> Listeners::Open(
    grpc::ServerBuilder& builder) {
  const absl::Status prepared = Prepare();
  if (!prepared.ok()) return prepared;
  for (Wanted& wanted : wanted_) {
    builder.AddListeningPort(wanted.address, wanted.credentials, &wanted.port);
  }
  // The socket's mode is its credential.
  const mode_t mask = ::umask(0177);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ::umask(mask);
  if (server == nullptr) return Fault();
  if (group_) {
    const absl::Status given = GiveToGroup(config_.socket, *group_);
    if (!given.ok()) {
      server->Shutdown(std::chrono::system_clock::now());
      return given;
    }
  }
  Announce();
  return server;
}

// A port is told only once it is had, and the first failure ends it all.
absl::Status Listeners::Fault() const {
  for (const auto& [setting, address, credentials, port] : wanted_) {
    if (port > 0) continue;
    const std::string name =
        IsUnix(address) ? address.substr(kUnix.size()) : address;
    return absl::FailedPreconditionError(
        Concat("cannot listen on ", name, ": ",
               IsUnix(address) ? WhyNotUnix(name) : WhyNotTcp(setting, name)));
  }
  return absl::InternalError("the server could not be started");
}

void Listeners::Announce() {
  for (const Wanted& wanted : wanted_) {
    if (IsUnix(wanted.address)) {
      addresses_.push_back(wanted.address);
    } else {
      addresses_.push_back(Concat(wanted.setting == "listen" ? "" : "tls:",
                                  HostOf(wanted.address), ":", wanted.port));
    }
  }
}

std::string Listeners::Warning() const {
  if (core::IsOnLoopback(config_.listen)) return {};
  return Concat(
      addresses_.front(),
      " takes calls in plain text from the network (insecure_bind): whoever "
      "can read the network reads every token and every answer, and can do "
      "with a token all that its owner can; use tls.listen for other machines");
}

}  // namespace clawplane::server
