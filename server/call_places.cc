#include "server/call_places.h"

#include <algorithm>
#include <string_view>

#include "core/model/text.h"

namespace clawplane::server {
namespace {

// Of health and reflection, which ask for no token: a client needs one.
constexpr uint64_t kMostOpenOfClient = 64;
constexpr uint64_t kMostOpen = 1024;

struct Words {
  std::string_view calls;
  std::string_view key;
};

constexpr Words kWords[] = {{"calls", "limits.calls"},
                            {"streams", "limits.streams"},
                            {"calls of open services", ""}};

core::Fault TooMany(CallPlaces::Kind kind, uint64_t most, bool of_client) {
  const Words& words = kWords[static_cast<size_t>(kind)];
  std::string next_step = "end some first";
  if (!words.key.empty()) {
    next_step += core::Concat(", or have ", words.key,
                              of_client ? "_per_client" : "", " raised");
  }
  return {
      core::Reason::kTooManyCalls,
      core::Concat(of_client ? "this client has" : "all clients have", " ",
                   most, " ", words.calls, " open, and no more are allowed"),
      std::move(next_step)};
}

}  // namespace

CallPlaces::CallPlaces(const core::CallLimits& limits)
    : most_of_client_{limits.calls_per_client, limits.streams_per_client,
                      kMostOpenOfClient},
      most_{limits.calls, limits.streams, kMostOpen} {}

std::variant<CallPlaces::Place, core::Fault> CallPlaces::Take(
    Kind kind, std::string client) {
  const auto index = static_cast<size_t>(kind);
  {
    const absl::MutexLock lock(&mutex_);
    if (all_[index] >= most_[index]) {
      return TooMany(kind, most_[index], /*of_client=*/false);
    }
    Counts& counts = clients_[client];
    if (counts[index] >= most_of_client_[index]) {
      return TooMany(kind, most_of_client_[index], /*of_client=*/true);
    }
    ++counts[index];
    ++all_[index];
  }
  return Place(*this, kind, std::move(client));
}

std::array<CallPlaces::Open, CallPlaces::kKinds> CallPlaces::open() {
  const absl::MutexLock lock(&mutex_);
  std::array<Open, kKinds> open;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    open[kind] = {.now = all_[kind], .most = most_[kind]};
  }
  return open;
}

void CallPlaces::GiveBack(Kind kind, const std::string& client) {
  const auto index = static_cast<size_t>(kind);
  const absl::MutexLock lock(&mutex_);
  --all_[index];
  const auto found = clients_.find(client);
  --found->second[index];
  const auto is_zero = [](uint64_t count) { return count == 0; };
  if (std::all_of(found->second.begin(), found->second.end(), is_zero)) {
    clients_.erase(found);
  }
}

}  // namespace clawplane::server
