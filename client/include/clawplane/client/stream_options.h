// How streams deal with a connection that is lost.

#ifndef CLAWPLANE_CLIENT_STREAM_OPTIONS_H_
#define CLAWPLANE_CLIENT_STREAM_OPTIONS_H_

#include "absl/time/time.h"
#include "clawplane/client/call_error.h"

namespace clawplane::client {

// When a broken stream is opened again. Thread-compatible.
struct StreamOptions {
  // The pause after the first failure. It doubles with each further one up to
  // the longest; up to a fifth of it is left out at random, so that many
  // clients do not come at once. A longer pause that the server asked for
  // (`google.rpc.RetryInfo`) is kept. Less than a millisecond counts as one.
  //
  // The row of failures ends with a stream that gave more than one response, or
  // lived for as long as the longest pause after its first one; a stream that
  // breaks right after that is a failure as well.
  absl::Duration first_pause = absl::Milliseconds(100);
  absl::Duration longest_pause = absl::Seconds(5);

  // After so many failures in a row the stream ends; 0 means never.
  int max_failures = 0;

  // A stream on which nothing came for so long is taken for dead, as it is when
  // the other machine went without a word, and opened anew on a connection of
  // its own. The server is never silent for longer than 20 s on a stream of
  // events; on one of statuses it may be, so that a new one is then opened on
  // the same connection, without a word to the caller unless that gets no
  // answer either. The limit also bounds how long one message may take to
  // arrive. Zero, less, or infinite: there is none.
  absl::Duration silence_limit = absl::Seconds(45);
};

// Word of a stream that broke and is opened again. Nothing is lost by it once
// `EventStream::position` has a value; a stream from now on whose first
// bookmark never came begins anew from then. Thread-compatible.
struct Interruption {
  CallError error;
  // How many attempts have failed in a row, this one included.
  int failures = 0;
  // The pause before the next one.
  absl::Duration retry_in;
};

// Nothing came in the time that the caller gave.
struct DeadlinePassed {};

}  // namespace clawplane::client

#endif  // CLAWPLANE_CLIENT_STREAM_OPTIONS_H_
