#!/bin/bash
# tidy.sh BUILD STAMPS JOBS: clang-tidy, and through it clang's warnings and
# thread-safety analysis, on each .cc file in core/, server/ and client/ of the
# tree in the current folder, with the compile commands in BUILD. A file whose
# own text, headers of ours and settings passed before, as the empty files in
# STAMPS tell, is left out.
set -euo pipefail
build=$1 stamps=$2 jobs=$3
mkdir -p "$stamps"

# Each .cc file with all headers of this tree that it reaches, one a line.
closures() {
  find core server client proto tests \
    \( -name '*.h' -o -name '*.cc' -o -name '*.proto' \) -print 2>/dev/null |
    sort | awk '
      { file = $0; known[file] = 1; files[n++] = file
        while ((getline line < file) > 0)
          if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
            gsub(/^[^"]*"|".*$/, "", line)
            # Generated code changes with its source.
            if (line ~ /\.pb\.h$/) {
              sub(/(\.grpc)?\.pb\.h$/, ".proto", line)
              line = "proto/" line
            }
            sub(/^clawplane\/client\//, "client/include/&", line)
            uses[file] = uses[file] " " line
          }
        close(file) }
      END {
        for (i = 0; i < n; i++) {
          if (files[i] !~ /^(core|server|client)\/.*\.cc$/) continue
          split("", seen)
          split("", todo)
          todo[1] = files[i]; last = 1; text = files[i]; seen[files[i]] = 1
          for (at = 1; at <= last; at++) {
            count = split(uses[todo[at]], next_ones, " ")
            for (j = 1; j <= count; j++)
              if (known[next_ones[j]] && !seen[next_ones[j]]++) {
                todo[++last] = next_ones[j]
                text = text " " next_ones[j]
              }
          }
          print text
        }
      }'
}

settings=$(cat .clang-tidy CMakeLists.txt CMakePresets.json 2>/dev/null || :)
work=()
declare -A stamp_of
while read -r -a closure; do
  stamp=$stamps/$({ printf '%s\n' "$settings"; cat "${closure[@]}"; } |
    sha256sum | cut -c1-40)
  [[ -e $stamp ]] || {
    work+=("${closure[0]}")
    stamp_of[${closure[0]}]=$stamp
  }
done < <(closures)
((${#work[@]})) || exit 0
echo "${#work[@]} files to look at"

numbered() {
  local at=0 file
  for file in "${work[@]}"; do
    at=$((at + 1))
    printf '%s\0' "[$at/${#work[@]}] $file" "$file" "${stamp_of[$file]}"
  done
}

# The stamp is written by the process that saw the file pass.
# shellcheck disable=SC2016 # the inner shell expands these
numbered | xargs -0 -n3 -P "$jobs" bash -c '
  echo "$1"
  output=$(nice clang-tidy-14 --quiet -p "$0" "$2" 2>&1) || {
    grep -vE "^[0-9]+ (warning|error)s? |^Error while|^Suppressed|^Use -header" \
      <<<"$output"
    exit 1
  }
  : >"$3"
' "$build"
