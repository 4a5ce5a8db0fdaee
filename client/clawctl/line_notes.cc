#include "client/clawctl/line_notes.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace clawplane::clawctl {

void LineNotes::IsUp() {
  if (std::exchange(is_down_, false)) {
    session_.Note(absl::StrCat("the server at ",
                               session_.connection.target().address,
                               " is there again"));
  }
}

void LineNotes::Broke(const client::Interruption& interruption) {
  if (!std::exchange(is_down_, true)) {
    session_.Note(
        absl::StrCat(session_.Reworded(interruption.error), "; trying again"));
  }
}

}  // namespace clawplane::clawctl
