# shellcheck shell=bash
# What the tests of images and pods share: how podman runs, what they say, and
# the fake gateway as a folder that a container can mount. Sourced from the
# project's root.

. deploy/dev/steps.sh
export CONTAINERS_CONF=$root/deploy/ci/containers.conf

place=$(mktemp -d)
chmod 755 "$place"
pieces=() # what `sweep` removes, as arguments of podman
sweep() {
  local code=$? piece
  trap - EXIT
  ((code == 0)) || show_logs
  for piece in "${pieces[@]}"; do
    # shellcheck disable=SC2086 # these are words
    podman $piece >/dev/null 2>&1 || :
  done
  rm -rf "$place"
  exit "$code"
}
trap sweep EXIT
trap 'exit 130' INT TERM HUP

since=$SECONDS
passed() {
  printf 'ok    %4s  %s\n' "$(took "$since")" "$*"
  since=$SECONDS
}
missed() {
  printf 'FAIL  %4s  %s\n' "$(took "$since")" "$*"
  exit 1
}

# Of the containers in `watched`; a test that fails shows them.
watched=()
show_logs() {
  local name
  for name in "${watched[@]}"; do
    podman container exists "$name" || continue
    say "--- the last of what $name wrote:"
    podman logs --tail 25 "$name" 2>&1 || :
  done
}

# within SECONDS COMMAND...: whether it succeeds in that time, tried again and
# again.
within() {
  local limit=$1 start=$SECONDS
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS - start < limit)) || return 1
    pause 0.3
  done
}

has() { [[ $1 == *"$2"* ]]; }

# The first column is a name of `clawctl status`.
field() { awk -v name="$2" '$1 == name { print $2 }' <<<"$1"; }

# fake_folder FOLDER: the fake gateway of build/dev with its libraries, as a
# program `gateway` that runs in any image of the same Debian.
fake_folder() {
  local library
  mkdir -p "$1/lib"
  cp build/dev/bin/fake_gateway "$1/"
  ldd build/dev/bin/fake_gateway | awk '$2 == "=>" { print $3 }' |
    while read -r library; do
      case ${library##*/} in
        libc.so.* | libm.so.*) ;;
        *) cp -L "$library" "$1/lib/" ;;
      esac
    done
  cat >"$1/gateway" <<'TEXT'
#!/bin/sh
LD_LIBRARY_PATH=/ci/lib exec /ci/fake_gateway "$@"
TEXT
  chmod -R a+rX "$1"
  chmod a+x "$1/gateway"
}

# How both images are run: as strictly as a container can be.
# shellcheck disable=SC2034 # image_test.sh reads it
strict=(
  --network none --read-only --read-only-tmpfs=false
  --tmpfs "/tmp:rw,noexec,nosuid,nodev"
  --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20
)
