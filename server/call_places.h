// How many calls there may be at a time.

#ifndef CLAWPLANE_SERVER_CALL_PLACES_H_
#define CLAWPLANE_SERVER_CALL_PLACES_H_

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/model/config.h"
#include "core/model/fault.h"

namespace clawplane::server {

// Counts the calls that are open, of each client and in all, and refuses those
// that are too many, so that no client takes the place of others. It holds
// nothing of a client that has no call.
//
// Thread-safe. It outlives the places.
class CallPlaces {
 public:
  enum class Kind {
    kCall,    // that is answered once
    kStream,  // that is answered again and again
    kOpen,    // of the services that are open to all
  };
  static constexpr size_t kKinds = 3;

  // A place that a call has, given back with it. Thread-compatible.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)),
          kind_(other.kind_),
          client_(std::move(other.client_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(kind_, other.kind_);
      std::swap(client_, other.client_);
      return *this;
    }
    ~Place() {
      if (places_ != nullptr) places_->GiveBack(kind_, client_);
    }

   private:
    friend class CallPlaces;
    Place(CallPlaces& places, Kind kind, std::string client)
        : places_(&places), kind_(kind), client_(std::move(client)) {}

    CallPlaces* places_ = nullptr;
    Kind kind_ = Kind::kCall;
    std::string client_;
  };

  explicit CallPlaces(const core::CallLimits& limits);
  CallPlaces(const CallPlaces&) = delete;
  CallPlaces& operator=(const CallPlaces&) = delete;

  // How many calls of each kind are open, and may be.
  struct Open {
    uint64_t now = 0;
    uint64_t most = 0;
  };
  std::array<Open, kKinds> open();

  // A place for a call of this client, or why there is none.
  std::variant<Place, core::Fault> Take(Kind kind, std::string client);

 private:
  using Counts = std::array<uint64_t, kKinds>;

  void GiveBack(Kind kind, const std::string& client);

  const Counts most_of_client_;
  const Counts most_;
  absl::Mutex mutex_;
  std::unordered_map<std::string, Counts> clients_ ABSL_GUARDED_BY(mutex_);
  Counts all_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace clawplane::server

#endif  // CLAWPLANE_SERVER_CALL_PLACES_H_
