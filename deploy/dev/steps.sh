# shellcheck shell=bash
# What all parts of ./dev share: where things are, what they say, and how a
# long step shows its progress. Sourced from the project's root, never run.

root=$PWD
dev=$root/.dev
logs=$dev/log
jobs=$(nproc)
mkdir -p "$logs"

# No end without a word.
set -E
trap 'printf "./dev: a command failed unexpectedly in %s, line %s\n" "${BASH_SOURCE[0]}" "$LINENO" >&2' ERR

# A descriptor from which nothing ever comes, so that `read -t` on it is a
# pause without a process.
exec {nothing}<> <(:)
pause() { read -rt "$1" -u "$nothing" || :; }

say() { printf '%s\n' "$*"; }

die() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

# took START: the seconds since SECONDS was START, as people write them.
took() { printf '%d s' $((SECONDS - $1)); }

ticker=
end_ticker() {
  [[ -n $ticker ]] || return 0
  kill "$ticker" 2>/dev/null || :
  wait "$ticker" 2>/dev/null || :
  ticker=
}

# Shows TITLE with the seconds since START while this script lives, and how far
# a build has come. On a terminal in place, else as a line every half minute.
tick() {
  local title=$1 log=$2 start=$3 main=$$ done=''
  while [[ -d /proc/$main ]]; do
    if [[ -t 1 ]]; then
      done=$({ tail -c 400 "$log" | grep -o '^\[[0-9]*/[0-9]*\]' |
        tail -n 1; } 2>/dev/null || :)
      printf '\r\033[K%s… %s%s' "$title" "${done:+$done }" "$(took "$start")"
      pause 1
    else
      pause 30
      [[ ! -d /proc/$main ]] || printf '  … still at it, %s\n' "$(took "$start")"
    fi
  done
}

# try TITLE NAME COMMAND...: runs the command with its output in
# .dev/log/NAME.log and shows the time it takes. Fails as the command does.
try() {
  local title=$1 log=$logs/$2.log start=$SECONDS code=0
  shift 2
  : >"$log"
  [[ -t 1 ]] || say "$title…"
  tick "$title" "$log" "$start" &
  ticker=$!
  "$@" </dev/null >>"$log" 2>&1 || code=$?
  end_ticker
  if [[ -t 1 ]]; then
    printf '\r\033[K%s: %s\n' "$title" "$(took "$start")"
  elif ((SECONDS - start >= 5)); then
    say "  $(took "$start")"
  fi
  return "$code"
}

# step TITLE NAME FAILURE COMMAND...: as `try`; a failure ends the script with
# the end of the log and the sentence FAILURE.
step() {
  local title=$1 name=$2 failure=$3
  shift 3
  try "$title" "$name" "$@" && return
  tail -n 25 "$logs/$name.log" >&2
  die "$failure; the whole output is in .dev/log/$name.log"
}

# Builds the targets with a preset; configures it only where that never was.
build() {
  local preset=$1
  shift
  mkdir -p "build/$preset"
  exec {building}>"build/$preset/.lock"
  flock -n "$building" || {
    say "waiting for another build in build/$preset…"
    flock "$building"
  }
  if [[ ! -f build/$preset/build.ninja ]]; then
    step "configuring build/$preset" "configure-$preset" \
      "cannot configure build/$preset" cmake --preset "$preset"
  fi
  # What cannot be debugged does not know where it was compiled, so that an image
  # may take it from ccache.
  local anywhere=()
  [[ $preset != bench && $preset != release ]] ||
    anywhere=(env "CCACHE_BASEDIR=$root" CCACHE_NOHASHDIR=1)
  step "building ${*:-everything} in build/$preset" "build-$preset" \
    "the build in build/$preset failed" \
    "${anywhere[@]}" ninja -C "build/$preset" -j "$jobs" "$@"
  exec {building}>&-
}
