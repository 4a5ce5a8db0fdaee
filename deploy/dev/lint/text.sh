#!/bin/bash
# What is wrong to see in any text of the tree in the current folder: files that
# are too long, notes of unfinished work, hosts and paths of one workplace.
# Patterns are written so that they do not match themselves.
set -euo pipefail
failed=0

for folder in core server client; do
  [[ -d $folder ]] || continue
  while IFS= read -r file; do
    lines=$(wc -l <"$file")
    if ((lines > 400)); then
      echo "$file: $lines lines; a file has at most 400"
      failed=1
    fi
  done < <(find "$folder" -name '*.h' -o -name '*.cc')
done

# Every file that git has or would take; in a tree without git, every file.
if git -c safe.directory="$PWD" rev-parse --git-dir >/dev/null 2>&1; then
  files() { git -c safe.directory="$PWD" ls-files -z -co --exclude-standard; }
else
  files() { find . -type f -print0; }
fi

# absent WHY PATTERN: no text file has the extended regular expression.
absent() {
  local found
  found=$(files | xargs -0r grep -InEs -- "$2" || :)
  [[ -n $found ]] || return 0
  printf '%s\n' "$found"
  echo "^ $1"
  failed=1
}

absent "unfinished work is not marked in the code" '\b(TO[D]O|FIX[M]E)\b'
absent "paths of one machine do not belong here" \
  '(^|[^[:alnum:]_.~-])/(wor[k]|roo[t]|tm[p]/w)/'
absent "package managers know their own hosts; name none" \
  'registr[y]\.(npmjs|yarnpkg)|(de[b]|securit[y]|snapsho[t])\.debian\.org|(prox[y]|su[m])\.golang\.org|crate[s]\.io|pyp[i]\.org|mave[n]\.(org|apache)'
absent "lock files hold no address" '^ *"resolve[d]": "[^.]'

exit "$failed"
