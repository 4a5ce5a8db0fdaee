#!/bin/bash
# deb_test.sh DEB [FAKE_GATEWAY [NODE_MODULES]]: installs the Debian package in a
# container whose PID 1 is systemd, runs it there with the fake gateway (that of
# build/dev) and, if the folder into which npm installed one is given, with the
# real gateway, and removes and purges it. As root, with podman and buildah.
set -euo pipefail
. deploy/dev/steps.sh

deb=$(readlink -f "${1:?which .deb}")
fake=$(readlink -f "${2:-build/dev/bin/fake_gateway}")
modules=${3:+$(readlink -f "$3")}
[[ -f $deb ]] || die "there is no package $deb"
[[ -x $fake ]] || die "there is no fake gateway; build the target fake_gateway"
base=localhost/debian:bookworm-slim
image=localhost/clawplane-systemd
box=clawplane-deb-$$
export CONTAINERS_CONF=${CONTAINERS_CONF:-$root/deploy/ci/containers.conf}
state=/var/lib/clawplane
unit=clawplaned.service

# --- The container.

scratch=$(mktemp -d)
clean_up() {
  podman rm -f -t 0 "$box" >/dev/null 2>&1 || :
  rm -rf "$scratch"
}
trap clean_up EXIT

# What the package and the fake gateway need is in the image, so that the
# container needs no network. Built again only when that changes.
make_image() {
  local wanted
  wanted=$(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/,//g')
  cat >"$scratch/Dockerfile" <<TEXT
FROM $base
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y \
  --no-install-recommends systemd systemd-sysv dbus procps libatomic1 \
  libabsl20220623 $(xargs <<<"$wanted") && rm -rf /var/lib/apt/lists/*
TEXT
  buildah bud --pull-never --isolation chroot --network host --layers \
    --format docker -t "$image" "$scratch"
}

start_box() {
  local mounts=(-v "$deb:/srv/clawplane.deb:ro" -v "$fake:/srv/fake_gateway:ro")
  [[ -z $modules ]] || mounts+=(-v "$modules:/srv/node_modules:ro")
  podman run -d --name "$box" --network none --systemd=always \
    --cap-add SYS_ADMIN --security-opt seccomp=unconfined \
    --security-opt unmask=ALL "${mounts[@]}" "$image" /sbin/init
}

in_box() { podman exec "$box" "$@"; }
in_box_sh() { podman exec -i "$box" bash -euo pipefail; }

# --- What is looked at.

failed=0
ok() { say "  ok: $*"; }
bad() {
  say "  FAILED: $*"
  failed=1
}
# check TEXT COMMAND...
check() {
  local text=$1
  shift
  if "$@" >"$scratch/out" 2>&1; then ok "$text"; else
    bad "$text"
    sed 's/^/    /' "$scratch/out"
    in_box journalctl --no-pager -n 12 -u 'clawplaned*' | sed 's/^/    /'
  fi
}

property() { in_box systemctl show --value -p "$2" "$1"; }
is() { [[ $(property "$1" "$2") == "$3" ]]; }

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return
    pause 0.2
  done
}
status_says() {
  [[ $(property "$1" StatusText) =~ $2 ]] && is "$1" ActiveState active
}
runs() { until_true "${2:-60}" status_says "$1" '^gateway running'; }

# The configuration of the main service; lines on standard input.
configure() { podman exec -i "$box" tee /etc/clawplane/clawplane.yaml >/dev/null; }
drop_in() {
  in_box mkdir -p "/etc/systemd/system/$unit.d"
  podman exec -i "$box" tee "/etc/systemd/system/$unit.d/test.conf" >/dev/null
  in_box systemctl daemon-reload
}
restart() {
  in_box systemctl reset-failed
  in_box systemctl restart "$unit"
}

gateway_pid() {
  property "${1:-$unit}" StatusText | sed -n 's/.*pid \([0-9]*\).*/\1/p'
}
is_gone() { ! in_box test -e "/proc/$1"; }

# Every file that a package or a service may leave; what the test makes, and
# what changes on a system at rest, are left out.
list_files() {
  in_box find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp \
    -o -path /dev -o -path /srv -o -path /var/log -o -path /var/tmp \
    -o -path '/var/cache/*' -o -path '/var/lib/dpkg/*-old' \) -prune -o -print |
    sort
}

# --- The tests, in the order in which they build on each other.

test_install() {
  list_files >"$scratch/before"
  in_box dpkg -i /srv/clawplane.deb >"$scratch/dpkg" 2>&1 ||
    { cat "$scratch/dpkg"; die "the package cannot be installed"; }
  check "installed, enabled and active" in_box systemctl is-enabled "$unit"
  check "READY was told" until_true 20 is "$unit" ActiveState active
  check "its user is clawplane" is "$unit" User clawplane
  check "Type is notify" is "$unit" Type notify
  check "only the main process may notify" is "$unit" NotifyAccess main
  check "the watchdog's time is 30 s" is "$unit" WatchdogUSec 30s
  check "without a gateway it serves, and says so" until_true 20 \
    status_says "$unit" 'GATEWAY_NOT_INSTALLED'
  check "the state is closed to others" in_box_sh <<<"
    [[ \$(stat -c '%U %a' $state) == 'clawplane 700' ]]
    [[ \$(stat -c '%G %a' /etc/clawplane) == 'clawplane 750' ]]"
}

test_units() {
  local each exposure
  check "systemd-analyze verify has nothing to say" in_box_sh <<<"
    [[ -z \$(systemd-analyze verify $unit clawplaned@x.service 2>&1 |
      grep -i clawplaned) ]]"
  for each in "$unit" clawplaned@x.service; do
    exposure=$(in_box systemd-analyze security --no-pager --threshold=30 \
      --offline=true "/usr/lib/systemd/system/${each/@x/@}" |
      sed -n 's/.*exposure level[^:]*: \([0-9.]*\).*/\1/p') || exposure=
    check "the exposure of $each is ${exposure:-above} (under 3.0)" \
      test -n "$exposure"
  done
  # One text, but where the instance is named.
  check "the template differs only where it names the instance" in_box_sh <<'TEXT'
    cd /usr/lib/systemd/system
    plain() {
      sed -e 's|clawplane/%i\.yaml|clawplane/clawplane.yaml|; s|clawplane/%i$|clawplane|' \
        -e 's| (%i)$||; /^Environment=CLAWPLANE_NAME=%i$/d; 1,/^$/d' "$1"
    }
    diff <(plain clawplaned.service) <(plain clawplaned@.service)
TEXT
}

fake_configuration() {
  cat <<TEXT
gateway:
  autostart: true
  mode: launch
  command: [/srv/fake_gateway, gateway, run, --port, "{port}"]
TEXT
}

test_fake_gateway() {
  local pid
  fake_configuration | configure
  restart
  check "the fake gateway runs, and systemctl status says so" runs "$unit"
  pid=$(gateway_pid)
  check "root's clawctl reaches it" in_box clawctl status
  check "the probes say ready" in_box_sh <<<"
    runuser -u clawplane -- env STATE_DIRECTORY=$state clawplaned \
      --config /etc/clawplane/clawplane.yaml --probe=ready"
  check "the gateway's environment has nothing of systemd's" in_box_sh <<<"
    ! tr '\\0' '\\n' </proc/$pid/environ |
      grep -E '^(NOTIFY_SOCKET|WATCHDOG_|LISTEN_|CREDENTIALS_DIRECTORY|INVOCATION_ID|CLAWPLANE_)' |
      grep -v '^CLAWPLANE_RUN='"
  check "the gateway has no capability and no new privileges" in_box_sh <<<"
    grep -q '^CapEff:.*0000000000000000\$' /proc/$pid/status
    grep -q '^NoNewPrivs:.*1\$' /proc/$pid/status
    grep -q '^Seccomp:.*2\$' /proc/$pid/status"
}

test_reload() {
  local main
  main=$(property "$unit" MainPID)
  check "systemctl reload ends well" in_box systemctl reload "$unit"
  check "it is active afterwards" until_true 20 is "$unit" ActiveState active
  check "it read its files again" until_true 20 in_box_sh <<<"
    journalctl -u $unit | grep -q 'SIGHUP: '"
  check "it is the same process" is "$unit" MainPID "$main"
}

test_killed_daemon() {
  local gateway restarts start=$SECONDS
  gateway=$(gateway_pid)
  restarts=$(property "$unit" NRestarts)
  in_box kill -9 "$(property "$unit" MainPID)"
  check "a killed daemon is started again" until_true 30 \
    is "$unit" NRestarts $((restarts + 1))
  check "with a gateway of its own" runs "$unit"
  say "  after $((SECONDS - start)) s, of which RestartSec takes 2"
  check "the old gateway is gone" is_gone "$gateway"
}

test_watchdog() {
  local restarts seen
  drop_in <<<$'[Service]\nWatchdogSec=2\nTimeoutStopSec=4'
  restart
  check "it runs with a watchdog of 2 s" runs "$unit"

  restarts=$(property "$unit" NRestarts)
  in_box kill -STOP "$(gateway_pid)"
  # Four meals: twice the time after which one that is hungry is killed.
  for _ in 1 2 3 4; do
    seen=$(property "$unit" WatchdogTimestampMonotonic)
    until_true 10 watchdog_fed_since "$seen" || :
  done
  check "the watchdog is fed while the gateway hangs" watchdog_fed_since 1
  check "a gateway that hangs does not end the daemon" is "$unit" NRestarts \
    "$restarts"
  check "nor its life" is "$unit" ActiveState active

  local start=$SECONDS
  in_box systemctl stop "$unit"
  start=$((SECONDS - start))
  check "the stop of a hanging gateway takes its grace of 10 s, beyond TimeoutStopSec=4: $start s" \
    test "$start" -ge 9 -a "$start" -le 20
  check "and ends well" is "$unit" Result success

  in_box systemctl start "$unit"
  check "it runs again" runs "$unit"
  in_box kill -STOP "$(property "$unit" MainPID)"
  check "a daemon that hangs is ended by the watchdog and started again" \
    until_true 40 in_box_sh <<<"
    journalctl -u $unit | grep -q 'Watchdog timeout' &&
      [[ \$(systemctl show --value -p NRestarts $unit) -gt 0 ]]"
  check "it runs then" runs "$unit"
  in_box rm -r "/etc/systemd/system/$unit.d"
  in_box systemctl daemon-reload
}
watchdog_fed_since() {
  (($(property "$unit" WatchdogTimestampMonotonic) > $1))
}

test_wrong_configuration() {
  configure <<<'gateway: {prot: 1}'
  restart >/dev/null 2>&1 || :
  check "a wrong configuration fails at once" until_true 20 \
    is "$unit" ActiveState failed
  check "and is not tried again" is "$unit" NRestarts 0
}

test_credentials() {
  drop_in <<TEXT
[Service]
LoadCredential=gateway-token:/etc/credstore/clawplane.gateway-token
Environment=CLAWPLANE_GATEWAY_TOKEN_FILE=%d/gateway-token
TEXT
  in_box_sh <<<'umask 077; mkdir -p /etc/credstore
    echo a-token-of-the-store >/etc/credstore/clawplane.gateway-token'
  fake_configuration | configure
  restart
  check "it runs with a token from systemd" runs "$unit"
  check "which is the gateway's" in_box_sh <<<"
    grep -qz '^OPENCLAW_GATEWAY_TOKEN=a-token-of-the-store\$' \
      /proc/$(gateway_pid)/environ"
  in_box rm -r "/etc/systemd/system/$unit.d" /etc/credstore
  in_box systemctl daemon-reload
}

test_left_running() {
  local gateway restarts example=./usr/share/doc/clawplane/examples/leave-running.conf
  # From the archive, because a slim image leaves documentation out.
  dpkg-deb --fsys-tarfile "$deb" | tar -xO "$example" >"$scratch/drop-in"
  check "the drop-in comes with the package" test -s "$scratch/drop-in"
  drop_in <"$scratch/drop-in"
  fake_configuration | sed '$a\  on_exit: leave_running' | configure
  restart
  check "it runs with on_exit: leave_running" runs "$unit"
  gateway=$(gateway_pid)
  in_box systemctl restart "$unit"
  check "it runs after a restart of the service" runs "$unit"
  check "with the same gateway" test "$(gateway_pid)" = "$gateway"
  restarts=$(property "$unit" NRestarts)
  in_box kill -9 "$(property "$unit" MainPID)"
  check "a killed daemon is started again" until_true 30 \
    is "$unit" NRestarts $((restarts + 1))
  check "and has the same gateway" runs_as "$gateway"
  # One that is told to stop it stops it, with whatever systemd kills.
  fake_configuration | configure
  restart
  check "it is owned by a daemon that stops it" runs_as "$gateway"
  in_box systemctl stop "$unit"
  check "which it does" is_gone "$gateway"
  in_box rm -r "/etc/systemd/system/$unit.d"
  in_box systemctl daemon-reload
}
runs_as() { runs "$unit" && [[ $(gateway_pid) == "$1" ]]; }

test_instance() {
  local second=clawplaned@second.service
  restart
  fake_configuration | sed '$a\  port: 18790' |
    sed '1i\listen: 127.0.0.1:50071\nops: {listen: "127.0.0.1:50072"}' |
    podman exec -i "$box" tee /etc/clawplane/second.yaml >/dev/null
  check "an instance starts beside it" in_box systemctl start "$second"
  check "its gateway runs" runs "$second"
  check "and so does the first one" runs "$unit"
  check "it has a name and a state of its own" in_box_sh <<<"
    clawctl --state-dir $state/second status | grep -q 'name *second'"
  check "it has a gateway of its own" test "$(gateway_pid "$second")" != \
    "$(gateway_pid)"
  check "an instance without a configuration does not start" in_box_sh <<<"
    ! systemctl start clawplaned@third.service"
}

test_real_gateway() {
  local start=$SECONDS kind=x64
  [[ $(uname -m) != aarch64 ]] || kind=arm64
  configure <<TEXT
gateway:
  autostart: true
  mode: launch
  dir: /srv/node_modules/openclaw
  node: /srv/node_modules/node-linux-$kind/bin/node
  allow_unconfigured: true
  skip_channels: true
TEXT
  restart
  check "the real gateway runs under the sandbox" runs "$unit" 300
  say "  it was RUNNING after $((SECONDS - start)) s"
  check "it answers" in_box clawctl call last-heartbeat
  check "it keeps its state below $state" in_box test -d "$state/.openclaw"
  in_box clawctl logs >"$scratch/log" 2>&1 || :
  check "nothing was refused to it" \
    bash -c "! grep -E 'EPERM|EROFS|not permitted' '$scratch/log'"
  start=$SECONDS
  in_box systemctl stop "$unit"
  check "it stops in its grace: $((SECONDS - start)) s" \
    test $((SECONDS - start)) -le 18
  check "and ends well" is "$unit" Result success
}

test_removal() {
  local gateway
  fake_configuration | configure
  restart
  check "the fake gateway runs once more" runs "$unit"
  gateway=$(gateway_pid)
  check "it is removed" in_box dpkg -r clawplane
  check "the gateways are gone" in_box_sh <<<'! pgrep fake_gateway'
  check "state and configuration stay" in_box_sh <<<"
    [[ -f $state/access.token && -f /etc/clawplane/clawplane.yaml ]]"
  check "it is purged" in_box dpkg -P clawplane
  check "the state is gone" in_box_sh <<<"[[ ! -e $state ]]"
  check "a configuration that somebody else wrote stays" \
    in_box test -f /etc/clawplane/second.yaml
  in_box rm -r /etc/clawplane
  list_files >"$scratch/after"
  diff "$scratch/before" "$scratch/after" >"$scratch/left" || :
  if [[ -s $scratch/left ]]; then
    say "  left over:"
    sed 's/^/    /' "$scratch/left"
  fi
  check "nothing is left but the backups of /etc/passwd and its like" \
    bash -c "! grep -vE '^[0-9]|^> /etc/(passwd|group|shadow|gshadow)-\$|^> /etc/.pwd.lock\$' '$scratch/left'"
  check "the user stays, as Debian keeps them" in_box id clawplane
}

begun=$SECONDS
step "building the systemd image" deb-image "the image cannot be built" make_image
step "starting the container" deb-box "the container does not start" start_box
until_true 30 in_box systemctl is-system-running --wait >/dev/null 2>&1 || :
# As on a machine: there systemd does it, and credentials take it.
in_box mount --make-rshared /

tests=(install units fake_gateway reload killed_daemon watchdog
  wrong_configuration credentials left_running instance)
[[ -z $modules ]] || tests+=(real_gateway)
tests+=(removal)
for name in "${tests[@]}"; do
  begin=$SECONDS
  say "${name//_/ }:"
  "test_$name"
  say "  $(took "$begin")"
done
[[ -n $modules ]] || say "SKIPPED the real gateway: no folder of npm was given"

((failed == 0)) || die "the package failed its test"
say "deb: all passed in $(took "$begun")"
