#!/bin/bash
# ./dev run [--check]: a gateway under Clawplane on free ports, with all of its
# state in .dev/state. Until Ctrl-C, or with --check through one round of what
# the control plane does, ending with a look for anything left over.
# shellcheck disable=SC2317 # what only a trap calls looks unreachable
set -euo pipefail
. deploy/dev/install.sh

check=
case ${1:-} in
  '') ;;
  --check) check=1 ;;
  *) die "run knows --check, and not '$1'" ;;
esac

state=$dev/state
bin=$root/build/dev/bin
# What the user set for another Clawplane would outdo the file written here.
unset "${!CLAWPLANE_@}"
socket=$state/clawplane.sock
server=      # the pid of clawplaned, while it runs
follower=    # the pid of the clawctl that is waited for, while it runs
events=      # the same, of one that runs beside
family=      # the pids of clawplaned and all that it started, once it is to end
up=          # set when all that is left to do is to follow the events

# A Unix socket's address holds 107 bytes. Better known now than after a build.
[[ $(printf '%s' "$socket" | wc -c) -le 107 ]] ||
  die "the path of this checkout is too long for a Unix socket (at most 107 bytes): $socket"

ctl=("$bin/clawctl" --state-dir "$state")

# --- What runs, as the kernel tells it; ps need not be installed.

# The pids of the children of process $1, theirs, and so on.
descendants() {
  local child
  while read -r child; do
    printf '%s\n' "$child"
    descendants "$child"
  done < <(grep -Hs "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status |
    cut -d/ -f3 || :)
}

# The pids of the clawplaned of this checkout, and of all that it ever started:
# they have its configuration as argument, or their HOME or folder in .dev/state.
users_of_state() {
  local folder
  for folder in /proc/[0-9]*; do
    if grep -qszxF -- "HOME=$state/home" "$folder/environ" ||
      grep -qszxF -- "$state/clawplane.yaml" "$folder/cmdline" ||
      [[ $(readlink "$folder/cwd" 2>/dev/null)/ == "$state"/home/* ]]; then
      printf '%s\n' "${folder#/proc/}"
    fi
  done
}

# Says what the processes $1 are.
show() {
  local pid line
  while read -r pid; do
    line=$(tr '\0\n' '  ' 2>/dev/null <"/proc/$pid/cmdline" || :)
    [[ -z $line ]] || say "  $pid $line" >&2
  done < <(sort -nu <<<"$1")
}

# Whether process $1 runs; a zombie is gone but for its parent's notice.
alive() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
  stat=${stat##*) }
  [[ $stat != [ZX]* ]]
}

# Waits for the child $1, at most $2 seconds if given, for its exit code. Not
# with `wait` alone: a trap that interrupts that runs with children unseen.
await() {
  local start=$SECONDS
  while alive "$1"; do
    ((SECONDS - start < ${2:-SECONDS + 1})) || return 124
    pause 0.1
  done
  wait "$1" 2>/dev/null
}

# Runs clawctl so that a signal ends the wait, unlike with a foreground command.
call() {
  local code=0
  "${ctl[@]}" "$@" </dev/null &
  follower=$!
  await "$follower" || code=$?
  follower=
  return "$code"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- The end. The first signal stops everything in order; a second one does not
# wait for it.

# Starts no process: a trap in the middle of another one had better not.
kill_family() {
  local pid
  say "killing what is left"
  for pid in $family; do
    kill -KILL "$pid" 2>/dev/null || :
  done
}

# Ends clawplaned, which ends the gateway; its exit code is that of this.
stop_server() {
  local code=0 pid=$server
  [[ -n $pid ]] || return 0
  family="$pid $(descendants "$pid")"
  trap kill_family INT TERM HUP
  kill -TERM "$pid" 2>/dev/null || :
  await "$pid" || code=$?
  server=
  return "$code"
}

stop_followers() {
  local pid
  for pid in $follower $events; do
    kill -TERM "$pid" 2>/dev/null || :
    await "$pid" || :
  done
}

finish() {
  local code=$?
  trap - EXIT
  end_ticker
  stop_followers
  stop_server || {
    say "clawplaned ended with exit code $?; its log is .dev/log/clawplaned.log"
    code=1
  }
  exit "$code"
}

on_signal() {
  printf '\n'
  [[ -z $server ]] || say "stopping; once more Ctrl-C kills"
  # Once everything is up, this is the way to end.
  [[ -z $up ]] || exit 0
  exit 130
}

trap finish EXIT
trap on_signal INT TERM HUP

# --- The start.

# A port on which nothing answers; nobody's 18789.
free_port() {
  local port try
  for try in {1..100}; do
    port=$((20000 + RANDOM % 10000))
    answers "$port" || {
      printf '%s\n' "$port"
      return
    }
  done
  die "no free port found between 20000 and 30000 in $try attempts"
}

lock() {
  # Held by clawplaned too, so that one left behind by a killed script counts.
  exec {running}<>"$dev/run.lock"
  flock -n "$running" || {
    show "$(cat "$dev/run.lock"; users_of_state)"
    die "another ./dev run is active in this checkout, or was killed and left these processes; stop it first"
  }
  printf '%s\n' "$$" >"$dev/run.lock"
}

configure() {
  mkdir -p "$state/home"
  chmod 700 "$state"
  cat >"$state/clawplane.yaml" <<YAML
name: dev
state_dir: "$state"
listen: "127.0.0.1:0"
ops:
  listen: "127.0.0.1:0"
gateway:
  mode: launch
  port: $1
  dir: "$gateway_dir"
  node: "$gateway_node"
  home: "$state/home"
  dev: true
  allow_unconfigured: true
  skip_channels: true
YAML
}

# In a session of its own, so that Ctrl-C reaches this script alone and the end
# has an order.
start_server() {
  local out=$logs/clawplaned.out code=0 start=$SECONDS
  : >"$out"
  setsid "$bin/clawplaned" --config "$state/clawplane.yaml" \
    </dev/null >"$out" 2>"$logs/clawplaned.log" &
  server=$!
  until grep -q '^clawplaned ready:' "$out"; do
    if ! alive "$server"; then
      await "$server" || code=$?
      server=
      tail -n 25 "$logs/clawplaned.log" >&2
      die "clawplaned ended at once with exit code $code; its log is .dev/log/clawplaned.log"
    fi
    ((SECONDS - start < 30)) ||
      die "clawplaned was not ready within 30 s; its log is .dev/log/clawplaned.log"
    pause 0.1
  done
  cat "$out"
}

# field NAME FILE: one field of the status in the JSON that clawctl printed;
# `position` is the position of the event log as clawctl takes it.
field() {
  # shellcheck disable=SC2016 # JavaScript
  "$gateway_node" -e '
    const [name, file] = process.argv.slice(1);
    const status = JSON.parse(require("fs").readFileSync(file, "utf8")).status;
    const at = status.log_position ?? {};
    console.log(name === "position" ? `${at.epoch}:${at.sequence ?? 0}`
                                    : String(status[name] ?? ""));
  ' "$1" "$2"
}

# --- The check: each part says what it saw and how long it took.

since=0
passed() {
  say "ok    $(took "$since")  $1"
  since=$SECONDS
}
missed() {
  say "FAIL  $(took "$since")  $1"
  say "the logs are .dev/log/clawplaned.log and .dev/log/check.log"
  exit 1
}

check_all() {
  local log=$logs/check.log json=$logs/status.json port=$1
  local old_pid old_boot position code=0 before
  : >"$log"
  since=$SECONDS

  call status --json >"$json" 2>>"$log" || missed "the status cannot be read"
  [[ $(field state "$json") == STATE_RUNNING ]] ||
    missed "the state is $(field state "$json") and not STATE_RUNNING"
  answers "$port" || missed "nothing answers on the gateway's port $port"
  old_pid=$(field pid "$json")
  old_boot=$(field boot_id "$json")
  passed "running: process $old_pid on port $port"

  call call health >>"$log" 2>&1 || missed "the call of health failed"
  passed "called health"

  position=$(field position "$json")
  "${ctl[@]}" --json events --after "$position" --name voicewake.changed --count 1 \
    </dev/null >"$logs/event.json" 2>>"$log" &
  events=$!
  call call voicewake.set '{"triggers":["hello"]}' >>"$log" 2>&1 ||
    missed "the call of voicewake.set failed"
  await "$events" 30 || missed "no event voicewake.changed came"
  events=  # its pid may be somebody else's from now on
  grep -q voicewake.changed "$logs/event.json" ||
    missed "what came is not the event voicewake.changed"
  passed "saw the event that a call caused"

  call restart >>"$log" 2>&1 || missed "the restart failed"
  call status --json >"$json" 2>>"$log" || missed "the status cannot be read"
  [[ $(field pid "$json"),$(field boot_id "$json") != "$old_pid,$old_boot" ]] ||
    missed "after the restart process and boot id are the same as before"
  call call health >>"$log" 2>&1 ||
    missed "the call of health after the restart failed"
  passed "restarted: process $(field pid "$json")"

  before=$(descendants "$server")
  call stop >>"$log" 2>&1 || missed "the stop failed"
  call status --json >"$json" 2>>"$log" || missed "the status cannot be read"
  [[ $(field state "$json") == STATE_STOPPED ]] ||
    missed "after the stop the state is $(field state "$json")"
  ! answers "$port" || missed "after the stop the port $port still answers"
  passed "stopped: the port is closed"

  stop_server || code=$?
  ((code == 0)) || missed "clawplaned ended with exit code $code"
  passed "clawplaned ended"

  nothing_left "$before" || missed "processes are left over"
  passed "no process is left"
}

# None of the pids $1 and no user of .dev/state is there. The last ones may take
# a moment to go.
nothing_left() {
  local start=$SECONDS left pid
  while :; do
    left=$(
      for pid in $1; do
        ! alive "$pid" || printf '%s\n' "$pid"
      done
      users_of_state
    )
    [[ -n $left ]] || return 0
    ((SECONDS - start < 5)) || break
    pause 0.2
  done
  show "$left"
  return 1
}

# --- All of it.

need_packages build test run
need_gateway
lock
left=$(users_of_state)
[[ -z $left ]] || {
  show "$left"
  die "these processes of an earlier run still use .dev/state; end them first"
}
build dev clawplaned clawctl

port=$(free_port)
configure "$port"
start_server
begun=$SECONDS
call start || die "the gateway did not start; the log is .dev/log/clawplaned.log"
say "the gateway is up after $(took "$begun")"

if [[ -n $check ]]; then
  check_all "$port"
  say "check: all held, $SECONDS s in all"
  exit 0
fi

call status
prefix=$(printf '%q ' "${ctl[@]}")
cat <<TEXT

Try, in another terminal:

  ${prefix}status
  ${prefix}call voicewake.set '{"triggers":["hello"]}'
  ${prefix}logs -f

The gateway's events follow. Ctrl-C stops everything.

TEXT
up=1
"${ctl[@]}" events </dev/null &
follower=$!
while alive "$server" && alive "$follower"; do
  pause 0.3
done
code=0
if alive "$server"; then
  await "$follower" || code=$?
  follower=
  die "clawctl events ended with exit code $code"
fi
await "$server" || code=$?
server=
die "clawplaned ended by itself with exit code $code; its log is .dev/log/clawplaned.log"
