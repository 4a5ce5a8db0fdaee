#!/bin/bash
# same_past_stalled.sh COUNTS: of a file with lines `NAME COUNT`, compares each
# PART_past_stalled/SIZE with PART/SIZE, which is the same beside readers that
# have left instead of stalled. Fails if one differs by more than 0.1 % in either
# direction, or there are none: a stalled reader is to cost nothing at all.
set -euo pipefail

awk '
  /^#/ || NF == 0 { next }
  { count[$1] = $2 }
  END {
    for (name in count) {
      if (name !~ /_past_stalled\//) continue
      ++pairs
      without = name
      sub(/_past_stalled/, "", without)
      printf "%s %s, %s %s", without, count[without], name, count[name]
      # In whole numbers, so that 0.1 % is not more than 0.1 %.
      difference = (count[name] - count[without]) * 1000
      if (difference < 0) difference = -difference
      if (!count[without] || difference > count[without]) {
        printf "  DIFFERENT"
        failed = 1
      }
      printf "\n"
    }
    if (!pairs) print "nothing was counted past stalled readers"
    exit failed || !pairs
  }
' "$1"
