#!/bin/bash
# ./dev deploy [--npm] [--keep]: builds the images, runs them, and plays a pod of
# gateway and sidecar, first with the fake gateway and then with the real one;
# installs the Debian package under systemd; checks the manifests of Kubernetes.
# --npm: the gateway in the image is fetched by npm as for users, though
# .dev/gateway has it. --keep: the images stay, as localhost/clawplaned:ci and
# localhost/clawplane:ci.
set -euo pipefail
. deploy/dev/install.sh
export CONTAINERS_CONF=$root/deploy/ci/containers.conf

npm='' keep=''
for option; do
  case $option in
    --npm) npm=1 ;;
    --keep) keep=1 ;;
    *) die "deploy knows --npm and --keep, and not '$option'" ;;
  esac
done

((EUID == 0)) ||
  die "deploy runs containers with limits of memory and processes, which a user's own podman may not set; run: sudo ./dev deploy"
need_packages build test run deploy package
need_gateway

base=localhost/debian:bookworm-slim
control=localhost/clawplaned:ci whole=localhost/clawplane:ci

exec {deploying}>"$dev/deploy.lock"
flock -n "$deploying" || die "another ./dev deploy runs in this checkout; wait for its end"
# An image that loses its name to a later one would stay.
forget_images() { podman rmi "$whole" "$control" >/dev/null 2>&1 || :; }
finish() {
  local code=$?
  trap - EXIT
  [[ -n $keep ]] || forget_images
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# --- A base image, and whether it runs here.

podman image exists "$base" ||
  step "making a base image of Debian's packages" deploy-base \
    "the base image cannot be made" deploy/ci/base.sh "$base"
step "running a container" deploy-podman \
  "podman cannot run a container on this machine, so that no image can be tested" \
  podman run --rm --network none --memory 64m --pids-limit 16 "$base" true

# --- The images. Short names lead to local ones, since nothing is pulled.

image() {
  buildah bud --pull-never --isolation chroot --network host --format docker \
    --layers=false "$@" .
}

forget_images
options=()
if command -v ccache >/dev/null; then
  cache=$(ccache --get-config=cache_dir)
  mkdir -p "$cache"
  options+=(--volume "$cache:/ccache" --build-arg CCACHE_DIR=/ccache)
fi
step "building the image clawplaned" deploy-clawplaned \
  "the image clawplaned cannot be built" \
  image "${options[@]}" --target clawplaned -t "$control"

# The second image begins with the first, which is not built again.
options=(--build-context "clawplaned=container-image://$control")
if [[ -z $npm ]]; then
  options+=(--build-context "gateway=$(readlink -f "$dev/gateway")")
elif [[ -r ${NODE_EXTRA_CA_CERTS:-} ]]; then
  options+=(--volume "$NODE_EXTRA_CA_CERTS:/authorities.pem:ro"
    --build-arg NODE_EXTRA_CA_CERTS=/authorities.pem)
fi
step "building the image all-in-one" deploy-all-in-one \
  "the image all-in-one cannot be built" \
  image "${options[@]}" --target all-in-one -t "$whole"

# --- What they do.

build dev clawctl fake_gateway
say "the images:"
deploy/ci/image_test.sh "$base" "$control" "$whole"
for gateway in fake real; do
  say "a pod with the $gateway gateway:"
  deploy/ci/pod_test.sh "$gateway" "$control" "$whole"
done

# --- The Debian package, and what Kubernetes is given.

build release
step "making the Debian package" deploy-package \
  "the Debian package cannot be made" env -C build/release cpack
say "the Debian package, under systemd in a container:"
deploy/ci/deb_test.sh build/release/clawplane_*.deb build/dev/bin/fake_gateway \
  "$dev/gateway/node_modules"
say "the manifests:"
deploy/ci/manifests_test.sh
say "deploy: all held, $SECONDS s in all"
