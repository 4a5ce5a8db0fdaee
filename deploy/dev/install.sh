# shellcheck shell=bash
# Installs what is missing, and only that: Debian packages, the gateway, buf.
# Sourced from the project's root; the `need_...` functions return at once where
# all is there.

. deploy/dev/steps.sh

# The packages of the sections named, from deploy/dev/packages.txt.
packages_of() {
  awk -v wanted=" $* " '
    /^\[/ { section = substr($1, 2, length($1) - 2); next }
    /^[^#]/ && index(wanted, " " section " ") { print $1 }
  ' deploy/dev/packages.txt
}

# Those of the packages that are not installed.
missing_of() {
  local -A there=()
  local name status
  while read -r name status; do
    [[ $status != installed ]] || there[$name]=1
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || :)
  for name; do
    [[ -n ${there[$name]:-} ]] || printf '%s\n' "$name"
  done
}

# What apt says that an installation would take, as "N MB".
size_of() {
  LC_ALL=C apt-get install --assume-no --no-install-recommends "$@" \
    2>/dev/null | sed -n 's/^After this operation, \(.*B\) of.*/\1/p' || :
}

need_packages() {
  local packages missing as_root=() size
  command -v apt-get >/dev/null ||
    die "this is not a Debian system; install what deploy/dev/packages.txt lists by hand"
  mapfile -t packages < <(packages_of "$@")
  mapfile -t missing < <(missing_of "${packages[@]}")
  ((${#missing[@]})) || return 0

  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "${#missing[@]} Debian packages are missing; run this as root, then try again:
  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
    say "${#missing[@]} Debian packages are missing; sudo may ask for your password"
    sudo -v || die "sudo refused; as root, run: apt-get install -y --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  step "reading Debian's list of packages" apt-update \
    "apt-get update failed" "${as_root[@]}" apt-get update
  size=$(size_of "${missing[@]}")
  say "missing: ${missing[*]}"
  step "installing ${#missing[@]} Debian packages (about ${size:-an unknown number of MB} with what they need)" \
    apt-install "Debian's packages could not be installed" \
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    -o DPkg::Lock::Timeout=300 --no-install-recommends "${missing[@]}"
}

need_npm() {
  local version
  version=$(npm --version 2>/dev/null || :)
  [[ ${version%%.*} =~ ^[0-9]+$ ]] && ((${version%%.*} >= 7)) && return
  say "there is no npm of version 7 or later, and Debian's is a large one: some minutes more"
  need_packages npm
}

# Installs what FROM/package-lock.json pins into .dev/NAME, once for each state
# of the lock file. Nothing of it runs at installation.
need_npm_folder() {
  local from=$1 name=$2 title=$3 folder=$dev/$2 pin
  pin=$(cat "$from/package.json" "$from/package-lock.json" | sha256sum)
  [[ $(cat "$folder/.installed" 2>/dev/null) != "$pin" ]] || return 0
  need_npm
  mkdir -p "$folder"
  rm -f "$folder/.installed"
  cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$folder/"
  step "installing $title from npm" "npm-$name" \
    "npm could not install $title" \
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund
  printf '%s\n' "$pin" >"$folder/.installed"
}

# The gateway and its Node: sets `gateway_dir` and `gateway_node`.
need_gateway() {
  local kind=x64
  [[ $(uname -m) != aarch64 ]] || kind=arm64
  need_npm_folder deploy/gateway gateway "the gateway (about 850 MB)"
  # shellcheck disable=SC2034 # run.sh and test.sh read it
  gateway_dir=$dev/gateway/node_modules/openclaw
  gateway_node=$dev/gateway/node_modules/node-linux-$kind/bin/node
  "$gateway_node" --version >/dev/null 2>&1 ||
    die "the gateway's Node does not run: $gateway_node"
}

# An older gateway, and its folder: .dev/gateway-VERSION. What npm cannot fetch of
# it, because it is in a Git repository only, is stood in for.
need_old_gateway() {
  local version=$1
  rm -rf "$dev/libsignal"
  cp -r deploy/gateways/libsignal "$dev/libsignal"
  need_npm_folder "deploy/gateways/$version" "gateway-$version" \
    "the gateway $version (450 to 1,350 MB)"
}

# What the lint has of npm, and a node to read it with: sets `buf` and
# `protocol`, the folder of the gateway's protocol.
need_lint_tools() {
  local kind=x64
  [[ $(uname -m) != aarch64 ]] || kind=aarch64
  need_npm_folder deploy/dev lint "buf and the gateway's protocol"
  command -v node >/dev/null || need_packages npm
  buf=$dev/lint/node_modules/@bufbuild/buf-linux-$kind/bin/buf
  [[ -x $buf ]] || die "npm installed no buf for this machine: $buf"
  # shellcheck disable=SC2034 # lint.sh reads it
  protocol=$dev/lint/node_modules/@openclaw/gateway-protocol
}
