#include "tests/e2e/event_ledger.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace clawplane::testing {
namespace {

std::string Show(const v1::EventPosition& position) {
  return absl::StrCat(position.epoch(), ":", position.sequence());
}

}  // namespace

void EventLedger::Take(const v1::Event& event) {
  v1::EventPosition place;
  place.set_epoch(event.epoch());
  place.set_sequence(event.sequence());
  if (at_ && (place.epoch() != at_->epoch() ||
              place.sequence() != at_->sequence() + 1)) {
    faults_.push_back(
        absl::StrCat("event ", Show(place), " comes after ", Show(*at_)));
  }
  at_ = place;
  if (event.kind() == v1::EVENT_KIND_GAP) {
    gap_since_ = true;
    ++gateway_gaps_;
  }
  const auto number = NumberIn(event.notification().payload().json());
  if (number) TakeNumber(*number);
}

void EventLedger::Take(const v1::EventGap& gap) {
  if (at_ && Show(gap.lost_after()) != Show(*at_)) {
    faults_.push_back(absl::StrCat("a gap after ", Show(gap.lost_after()),
                                   " comes after ", Show(*at_)));
  }
  at_ = gap.resumed_after();
  gap_since_ = true;
  ++stream_gaps_;
}

void EventLedger::Take(const v1::EventPosition& bookmark) {
  if (at_ && Show(bookmark) != Show(*at_)) {
    faults_.push_back(absl::StrCat("a bookmark at ", Show(bookmark),
                                   " comes after ", Show(*at_)));
  }
  at_ = bookmark;
}

void EventLedger::TakeNumber(int64_t number) {
  const bool is_repeated = number == last_number_;
  if (is_repeated && repeats_ == Repeats::kAreNormal) return;
  const bool is_next = number == last_number_ + 1;
  if (!is_next && !(number > last_number_ && gap_since_)) {
    faults_.push_back(absl::StrCat("number ", number, " comes after ",
                                   last_number_,
                                   gap_since_ ? "" : " without a gap"));
  }
  last_number_ = number;
  gap_since_ = false;
  ++numbers_;
}

std::optional<int64_t> NumberIn(const std::string& text) {
  constexpr char kWord[] = "number";
  std::optional<int64_t> highest;
  for (size_t at = text.find(kWord); at != text.npos;
       at = text.find(kWord, at + 1)) {
    const size_t digits =
        text.find_first_not_of("\": ", at + sizeof(kWord) - 1);
    if (digits == text.npos || text[digits] < '0' || text[digits] > '9') {
      continue;
    }
    const int64_t number = std::atoll(text.c_str() + digits);
    highest = std::max(highest.value_or(number), number);
  }
  return highest;
}

}  // namespace clawplane::testing
