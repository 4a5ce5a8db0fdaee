#!/bin/bash
# pod_test.sh fake|real CONTROL WHOLE: plays deploy/ci/pod.yaml, drives the
# sidecar with clawctl from outside the pod over the Unix socket on a shared
# volume, kills the gateway's container, and looks whether all comes back.
set -euo pipefail
kind=$1 control=$2 whole=$3
. deploy/ci/containers.sh

pod=clawplane-ci
gateway=$pod-gateway sidecar=$pod-clawplaned
watched=("$gateway" "$sidecar")
pieces=("rm -f -t 0 -v $gateway $sidecar" "pod rm -f -t 0 $pod" "secret rm clawplane-ci-gateway")
ctl() {
  timeout 300 build/dev/bin/clawctl --target "unix:$place/state/clawplane.sock" "$@"
}
gateway_pid() { podman inspect "$gateway" --format '{{.State.Pid}}'; }
# The end of the log at present.
position() { ctl status | sed -n 's/^log position *//p'; }

# --- The volumes. That of the token is as Kubernetes mounts a Secret: files of
# root that the group may read, under links that are changed at one stroke.

prepare() {
  local token
  token=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  mkdir -p "$place/token/..2026_11_23" "$place/state" "$place/ci"
  printf '%s' "$token" >"$place/token/..2026_11_23/token"
  chown root:1000 "$place/token/..2026_11_23/token"
  chmod 440 "$place/token/..2026_11_23/token"
  ln -s ..2026_11_23 "$place/token/..data"
  ln -s ..data/token "$place/token/token"
  # As fsGroup leaves a volume.
  chown root:1000 "$place/state"
  chmod 2770 "$place/state"
  # podman takes the keys of a secret of Kubernetes from one of its own.
  podman secret rm clawplane-ci-gateway >/dev/null 2>&1 || :
  printf '{"token":"%s"}' "$(printf '%s' "$token" | base64 -w0)" |
    podman secret create clawplane-ci-gateway - >/dev/null

  sed "s|FOLDER|$place|; s|localhost/clawplane:.*|$whole|; s|localhost/clawplaned:.*|$control|" \
    deploy/ci/pod.yaml >"$place/pod.yaml"
  [[ $kind == real ]] || {
    fake_folder "$place/ci"
    # The program alone is another one.
    sed -i 's|^\( *\)- /usr/local/bin/node$|\1- /ci/gateway|; /- .*openclaw\.mjs$/d' \
      "$place/pod.yaml"
  }
}

play() {
  podman pod rm -f -t 0 "$pod" >/dev/null 2>&1 || :
  podman kube play --network none "$place/pod.yaml" >"$place/play.log" 2>&1 || {
    cat "$place/play.log"
    missed "podman cannot play the pod"
  }
  within 30 ctl status || missed "clawplaned is not reached over the shared volume"
  passed "clawplaned answers over the socket on the shared volume"
  ctl wait --for running --timeout 240s >"$place/wait.log" 2>&1 || {
    cat "$place/wait.log"
    missed "the gateway does not run: $(ctl status 2>&1)"
  }
  passed "RUNNING: the token came from a file as Kubernetes mounts it"
}

check_use() {
  local before
  before=$(position)
  ctl call health >/dev/null || missed "the gateway cannot be called"
  ctl call voicewake.set '{"triggers":["sidecar"]}' >/dev/null ||
    missed "voicewake.set cannot be called"
  ctl events --name voicewake.changed --count 1 --after "$before" >/dev/null 2>&1 ||
    missed "no event voicewake.changed came"
  passed "called the gateway, and saw the event that the call caused"
}

# A gateway that is not a child of clawplaned is known by what it says of itself.
boot_id() { ctl --json status | grep -o '"boot_id": *"[^"]*"' | cut -d'"' -f4; }

# The gateway is in another container, so that clawplaned can only ask it.
check_restart() {
  local old_boot
  ctl status | grep -q '^pid ' ||
    missed "clawplaned does not see the gateway's process, though they share a namespace"
  old_boot=$(boot_id)
  ctl restart >"$place/restart.log" 2>&1 || {
    cat "$place/restart.log"
    missed "the gateway did not restart itself"
  }
  grep -q 'another boot id proves the restart' "$place/restart.log" ||
    missed "the restart is not proven: $(tail -1 "$place/restart.log")"
  [[ $(boot_id) != "$old_boot" ]] || missed "the boot id is still $old_boot"
  passed "asked it to restart itself: $(tail -1 "$place/restart.log")"
}

check_kill() {
  local old old_boot new_boot losses gaps
  old=$(gateway_pid) old_boot=$(boot_id)
  # Those of the restart before are told too.
  losses=$(events_like 'running -> reconnecting') gaps=$(events_like ' gap')
  kill -KILL "$old"
  within 15 has_more_than "$losses" 'running -> reconnecting' ||
    missed "the loss is not told"
  passed "killed the gateway's container: reconnecting"
  ctl wait --for running --timeout 240s >/dev/null 2>&1 ||
    missed "the gateway did not come back: $(ctl status 2>&1)"
  new_boot=$(boot_id)
  [[ $(gateway_pid) != "$old" && -n $new_boot && $new_boot != "$old_boot" ]] ||
    missed "process and boot id were $old and $old_boot, and are $(gateway_pid) and $new_boot"
  has_more_than "$gaps" ' gap' || missed "the log has no further gap"
  passed "the pod's restart policy brought it back: process $old, then $(gateway_pid), with another boot id; the gap is told"
}
events_like() { timeline | grep -c -e "$1" || :; }
has_more_than() { (($(events_like "$2") > $1)); }

# Ends with the present end of the log, as a stream does not by itself.
timeline() {
  local end
  end=$(position)
  ctl -q events --from-oldest --count "${end##*:}" 2>/dev/null
}

# Each by itself: at the end of a pod podman kills what shares its processes.
check_end() {
  local gateway_before boot
  gateway_before=$(gateway_pid) boot=$(boot_id)
  podman stop -t 30 "$sidecar" >/dev/null
  [[ $(podman inspect "$sidecar" --format '{{.State.ExitCode}}') == 0 ]] ||
    missed "clawplaned ended with exit code $(podman inspect "$sidecar" --format '{{.State.ExitCode}}')"
  podman start "$sidecar" >/dev/null
  within 30 ctl status || missed "clawplaned is not reached after its restart"
  ctl wait --for running --timeout 60s >/dev/null 2>&1 ||
    missed "clawplaned did not find the gateway again: $(ctl status 2>&1)"
  [[ $(gateway_pid),$(boot_id) == "$gateway_before,$boot" ]] ||
    missed "the end of clawplaned was not without effect on the gateway"
  passed "clawplaned ended with exit code 0 and was started again; the gateway did not notice"
  podman stop -t 30 "$sidecar" "$gateway" >/dev/null
  passed "both are stopped"
}

prepare
play
check_use
check_restart
check_kill
timeline >"$place/timeline"
say "the timeline:"
cut -c1-150 "$place/timeline"
check_end
