#!/bin/sh
# Each function that a design document names, as `file.c: function ()`, is defined in that file. TAP.
# SPDX-License-Identifier: Apache-2.0
set -u
cd "$1" || exit 1
document=$2
names=$(grep -o '`[a-z0-9/._-]*\.[chS]: [A-Za-z_0-9]* ()`' "$document" | tr -d '`' | sort -u)
[ -n "$names" ] || { echo "Bail out! $document names no function"; exit 1; }
echo "$names" | awk 'END { print "1.." NR }'
n=0
echo "$names" | while read -r file function rest; do
  n=$((n + 1))
  if grep -Eq "^(static inline .*)?$function( \(|:)" "${file%:}" 2>/dev/null; then
    echo "ok $n - $file $function"
  else
    echo "not ok $n - $file does not define $function ()"
  fi
done
