#!/bin/bash
# compare.sh EXPECTED FOUND: a table of two files with lines `NAME COUNT`, where
# `#` begins a comment. Fails if a count differs by more than 2 % in either
# direction, or is in one of them alone.
set -euo pipefail

awk '
  function row(name, expected, found, change, verdict) {
    printf "%-32s%12s%12s%11s  %s\n", name, expected, found, change, verdict
  }
  BEGIN { row("operation", "expected", "found", "change", "") }
  /^#/ || NF == 0 { next }
  FILENAME == ARGV[1] { expected[$1] = $2; next }
  !($1 in expected) {
    row($1, "-", $2, "-", "NOT RECORDED")
    failed = 1
    next
  }
  {
    change = ($2 / expected[$1] - 1) * 100
    # In whole numbers, so that 2 % is not more than 2 %.
    more = $2 * 100 > expected[$1] * 102
    less = $2 * 100 < expected[$1] * 98
    verdict = more ? "MORE" : less ? "LESS" : ""
    row($1, expected[$1], $2, sprintf("%+.2f %%", change), verdict)
    if (verdict != "") failed = 1
    delete expected[$1]
  }
  END {
    for (name in expected) {
      row(name, expected[name], "-", "-", "NOT COUNTED")
      failed = 1
    }
    exit failed
  }
' "$1" "$2"
