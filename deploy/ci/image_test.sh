#!/bin/bash
# image_test.sh BASE CONTROL WHOLE: runs the images CONTROL (`clawplaned`, which
# was built on BASE) and WHOLE (`all-in-one`) as strictly as a container can be,
# and looks whether they keep what README.md promises of them.
set -euo pipefail
base=$1 control=$2 whole=$3
. deploy/ci/containers.sh

name=
ctl() { podman exec "$name" /usr/local/bin/clawctl "$@"; }
probe() { podman exec "$name" /usr/local/bin/clawplaned "--probe=$1"; }
main_pid() { podman inspect "$name" --format '{{.State.Pid}}'; }
exit_code() { podman inspect "$name" --format '{{.State.ExitCode}}'; }
health() { podman inspect "$name" --format '{{.State.Healthcheck.Status}}'; }
is_over() { [[ $(podman inspect "$name" --format '{{.State.Running}}') == false ]]; }
wrote() { has "$(podman logs "$name" 2>&1)" "$1"; }

# begin NAME [OPTION...] IMAGE [ARGUMENT...]
begin() {
  name=clawplane-ci-$1
  shift
  podman rm -f -t 0 -v "$name" >/dev/null 2>&1 || :
  pieces+=("rm -f -t 0 -v $name")
  watched+=("$name")
  # It has much to say of a machine without systemd, which repeats the checks.
  podman run -d --name "$name" "${strict[@]}" "$@" >"$place/run.log" 2>&1 || {
    cat "$place/run.log"
    missed "podman cannot run the image"
  }
}

# --- What is told of the image.

inspect() { podman image inspect "$control" --format "$1"; }

check_image() {
  local bound=45 more version
  more=$((($(inspect '{{.Size}}') - $(podman image inspect "$base" --format '{{.Size}}')) / 1000))
  ((more <= bound * 1000)) ||
    missed "$control is $more kB larger than its base; the bound is $bound MB"
  passed "size: $((more / 1000)).$((more % 1000 / 100)) MB more than the base (bound: $bound MB); all-in-one: $(($(podman image inspect "$whole" --format '{{.Size}}') / 1000000)) MB"

  version=$(podman run --rm --network none "$control" --version 2>/dev/null)
  [[ $version == "clawplaned $(inspect '{{index .Labels "org.opencontainers.image.version"}}')" ]] ||
    missed "the image's label has another version than the program: $version"
  [[ $(inspect '{{index .Labels "org.opencontainers.image.licenses"}}') == Apache-2.0 ]] ||
    missed "the image's label has no licence"
  [[ $(inspect '{{.User}} {{.Config.StopSignal}} {{.HealthCheck.Test}}') == \
    "1000:1000 SIGTERM [CMD /usr/local/bin/clawplaned --probe]" ]] ||
    missed "user, stop signal or health check: $(inspect '{{.User}} {{.Config.StopSignal}} {{.HealthCheck}}')"
  passed "labels, user, stop signal and health check of $version"
}

# --- The control plane with a fake gateway that ignores SIGTERM.

check_control() {
  local start code
  fake_folder "$place/ci"
  cat >"$place/ci/stubborn.yaml" <<'YAML'
gateway:
  mode: launch
  autostart: true
  stop_grace: 5s
  command: [/ci/gateway, --port, "{port}", --ignore-sigterm]
YAML
  begin stubborn -v "$place/ci:/ci:ro" "$control" --config /ci/stubborn.yaml
  within 30 probe ready || missed "no fake gateway runs: $(probe ready 2>&1)"
  passed "runs a gateway, read-only and with no capabilities"

  podman healthcheck run "$name" || missed "the health check fails"
  kill -STOP "$(main_pid)"
  # Three in a row, and those of the first seconds do not count.
  for _ in {1..6}; do
    ! podman healthcheck run "$name" >/dev/null 2>&1 ||
      missed "a stopped clawplaned is taken for a healthy one"
    [[ $(health) != unhealthy ]] || break
  done
  [[ $(health) == unhealthy ]] || missed "after failed checks the container is $(health)"
  kill -CONT "$(main_pid)"
  within 10 podman healthcheck run "$name" || missed "it does not become healthy again"
  passed "healthy, then unhealthy while it is stopped (SIGSTOP), then healthy again"

  start=$SECONDS
  podman stop "$name" >/dev/null 2>&1
  code=$(exit_code)
  ((code == 0)) || missed "after SIGTERM the exit code is $code"
  ((SECONDS - start >= 5 && SECONDS - start < 12)) ||
    missed "a gateway that ignores SIGTERM was ended after $(took "$start"), with a grace of 5 s"
  passed "SIGTERM: a stubborn gateway is killed after its grace; exit code 0"

  podman start "$name" >/dev/null 2>&1
  within 30 probe ready || missed "no fake gateway runs after a restart: $(probe ready 2>&1)"
  start=$SECONDS
  podman kill --signal TERM "$name" >/dev/null
  within 5 wrote "a second signal kills it" || missed "the first SIGTERM is not told"
  podman kill --signal TERM "$name" >/dev/null
  within 10 is_over || missed "a second SIGTERM does not end it"
  ((SECONDS - start < 5)) || missed "the second SIGTERM did not hasten the end"
  ((($(exit_code)) == 0)) || missed "after two SIGTERM the exit code is $(exit_code)"
  passed "a second SIGTERM kills the gateway at once; exit code 0"

  mkdir -p "$place/foreign"
  begin foreign -v "$place/foreign:/var/lib/clawplane" "$control"
  within 10 is_over || missed "it runs with a state directory of somebody else"
  wrote "Permission denied" || missed "it does not tell why a foreign state directory is of no use"
  (($(exit_code) == 1)) || missed "the exit code is $(exit_code) and not 1"
  passed "a volume of another user's is refused in one line"
}

# --- All in one, with the real gateway.

status_of() { podman exec "$name" sh -c "cat /proc/1/status" | awk -v name="$1:" '$1 == name { print $2 }'; }
# No process of the name is left, not even as a zombie.
no_process() {
  local all
  all=$(podman exec "$name" sh -c 'cat /proc/[0-9]*/comm 2>/dev/null; :' 2>/dev/null) &&
    [[ -n $all ]] && ! grep -qx "$1" <<<"$all"
}
processes() {
  podman exec "$name" sh -c 'ls -d /proc/[0-9]* | wc -l'
}
pid_changed() {
  local now
  now=$(field "$(ctl status)" pid)
  [[ -n $now && $now != "$1" ]]
}

begin_whole() {
  begin whole --memory 1100m --memory-swap 1100m --pids-limit 200 "$whole"
  within 240 probe ready || missed "the gateway does not run: $(ctl status 2>&1)"
  passed "comes up RUNNING with empty volumes: read-only, no capabilities, 1100 MB, 200 pids"
}

check_walls() {
  local ids
  ids="$(podman exec "$name" cat /proc/1/comm) $(status_of Uid) $(status_of CapEff) $(status_of CapBnd) $(status_of NoNewPrivs)"
  [[ $ids == "clawplaned 1000 0000000000000000 0000000000000000 1" ]] ||
    missed "PID 1 with its user and capabilities: $ids"
  ! podman exec "$name" sh -c ': >/usr/local/bin/x' 2>/dev/null ||
    missed "the root can be written"
  # 18789 is 4965 in hexadecimal, 0A is a listening socket.
  ids=$(podman exec "$name" cat /proc/net/tcp /proc/net/tcp6 |
    awk '$4 == "0A" && $2 ~ /:4965$/ { print $2 }' | sort -u)
  [[ $ids == 0100007F:4965 || $ids == 00000000000000000000000001000000:4965$'\n'0100007F:4965 ]] ||
    missed "the gateway does not listen on loopback alone: $ids"
  passed "clawplaned is PID 1, user 1000, without capabilities; the gateway listens on loopback alone"

  ctl call health >/dev/null || missed "the gateway cannot be called"
  passed "clawctl calls the gateway"
  podman exec "$name" openclaw gateway call health >/dev/null || missed "openclaw cannot call the gateway"
  passed "and so does openclaw, in the same container"
}

check_orphans() {
  local before after
  # The shell ends at once, and its child is given to PID 1.
  podman exec "$name" sh -c 'sleep 3 >/dev/null 2>&1 &'
  ! no_process sleep || missed "the orphan is not there"
  within 10 no_process sleep || missed "an orphan is not reaped"
  passed "PID 1 reaps an orphan"

  before=$(processes)
  # More than fit. While there is no room left, nothing can be asked either.
  ! podman exec "$name" sh -c 'for i in $(seq 300); do sleep 3 & done' >/dev/null 2>&1 ||
    missed "there is no limit of processes"
  within 30 no_process sleep || missed "orphans are left over"
  after=$(processes)
  ((after <= before + 2)) || missed "there were $before processes and are $after"
  within 30 probe ready || missed "the gateway did not survive the limit of pids: $(ctl status)"
  passed "300 processes do not fit; what had fitted is reaped, and the gateway still runs"
}

check_memory() {
  local old main
  old=$(field "$(ctl status)" pid)
  main=$(main_pid)
  # `tail` holds what has no lines. Somebody is killed; the gateway is largest.
  podman exec "$name" sh -c 'head -c 550m /dev/zero | tail >/dev/null' || :
  within 120 pid_changed "$old" || missed "no process was killed, or none launched: $(ctl status)"
  within 240 probe ready || missed "the gateway was not launched again: $(ctl status)"
  [[ $(main_pid) == "$main" ]] || missed "the container was restarted"
  ctl runs | tee "$place/runs"
  grep -Eq "^$old .*signal 9" "$place/runs" || missed "the runs do not tell of the kill"
  passed "out of memory: the gateway is killed, told of and launched again; the control plane lives on"
}

is_starting() { has "$(ctl status 2>&1)" "state         starting"; }

check_end() {
  local start=$SECONDS
  podman stop "$name" >/dev/null 2>&1
  (($(exit_code) == 0)) || missed "after SIGTERM the exit code is $(exit_code)"
  ((SECONDS - start < 15)) || missed "the end took $(took "$start")"
  wrote "ended" || missed "the end is not told"
  ! wrote "ending now" || missed "the gateway was killed"
  passed "SIGTERM ends the gateway and then clawplaned; exit code 0"

  # The volumes are still there, and so is the wish to have it up.
  podman start "$name" >/dev/null 2>&1
  within 60 is_starting || missed "the gateway is not started again"
  podman stop "$name" >/dev/null 2>&1
  (($(exit_code) == 0)) || missed "a stop during a start has the exit code $(exit_code)"
  passed "started anew on its volumes, and stopped in the middle of that; exit code 0"
}

check_image
check_control
begin_whole
check_walls
check_orphans
check_memory
check_end
