#!/bin/sh
# Compiles each public header alone, as C11 and as C++17, with every warning an error.
# usage: check-headers.sh INCLUDE-DIRECTORY CFLAGS...   (TAP on standard output)
set -u
include=$1
shift

headers=$(cd "$include" && find cloudsync -name '*.h' | LC_ALL=C sort)
echo "1..$(($(echo "$headers" | wc -l) * 2))"
failed=0
for header in $headers; do
  for language in 'c -std=c11' 'c++ -std=c++17'; do
    # shellcheck disable=SC2086 # a language and its standard are two words
    if output=$(echo "#include <$header>" | ${CC:-cc} -x $language -D_GNU_SOURCE -Wall -Wextra -Werror \
      -I"$include" "$@" -fsyntax-only - 2>&1); then
      echo "ok - $header as $language"
    else
      echo "not ok - $header as $language"
      echo "$output" | sed 's/^/# /'
      failed=1
    fi
  done
done
exit $failed
