#!/bin/bash
# base.sh [IMAGE]: makes a stand-in for debian:bookworm-slim of Debian's packages,
# for machines that cannot reach a registry. As root. The packages come from where
# this machine's own do, and so do those that the image installs later.
set -euo pipefail
image=${1:-localhost/debian:bookworm-slim}

# Debian's parts of what apt is configured with; without any, mmdebstrap has a
# default.
# shellcheck disable=SC2016 # apt fills them in
sources=$(apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
  --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' | grep ' bookworm' | sort -u)

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# As in the image that it stands for: no documents, nothing kept of downloads.
cat >"$place/dpkg" <<'TEXT'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
TEXT
cat >"$place/apt" <<'TEXT'
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true"; };
TEXT

# shellcheck disable=SC2016 # the hooks' $1 is the new system's root
hooks=(
  --setup-hook='mkdir -p "$1/etc/apt/apt.conf.d" "$1/etc/dpkg/dpkg.cfg.d"'
  --setup-hook="copy-in $place/dpkg /etc/dpkg/dpkg.cfg.d"
  --setup-hook="copy-in $place/apt /etc/apt/apt.conf.d"
  --customize-hook='cd "$1" && rm -rf var/log/apt var/log/*.log var/cache/ldconfig/*
    usr/share/locale/* usr/share/man/* usr/share/info/* &&
    find usr/share/doc ! -type d ! -name copyright -delete'
)
# The hooks are read by a shell of their own, so that a line is a command.
hooks[3]=${hooks[3]//$'\n'/ }
mmdebstrap --variant=minbase --include=usr-is-merged \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr "${hooks[@]}" \
  bookworm "$place/root.tar" ${sources:+"$sources"}
podman import --change 'CMD ["bash"]' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  "$place/root.tar" "$image"
podman image inspect "$image" --format '{{.Size}} bytes'
