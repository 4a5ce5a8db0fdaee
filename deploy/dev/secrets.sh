#!/bin/bash
# secrets.sh FOLDER: what tests wrote there must not contain the tokens that
# they used, as the files secrets.txt in it list them, one a line.
set -euo pipefail
folder=$1
list=$(mktemp)
trap 'rm -f "$list"' EXIT
[[ -d $folder ]]
find "$folder" -name secrets.txt -exec cat {} + | sort -u | sed '/^$/d' >"$list"
say() { printf '%s\n' "$*"; }

[[ -s $list ]] || {
  say "the tests listed no secrets, so that nothing can be looked for" >&2
  exit 1
}
if grep -raoFl --exclude=secrets.txt -f "$list" "$folder"; then
  say "^ these files have one of the $(wc -l <"$list") secrets of the tests" >&2
  exit 1
fi
say "secrets: none of $(wc -l <"$list") in what the tests wrote"
