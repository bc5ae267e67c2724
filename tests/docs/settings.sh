#!/bin/bash
# Compares docs/settings.md with what the plugins' tables say; CS_REGENERATE=1 writes it.
# SPDX-License-Identifier: Apache-2.0
#   settings.sh CLOUDSYNCD SOURCE-ROOT
set -euo pipefail
cloudsyncd=$(realpath "$1")
cd "$2"

print ()
{
  local name
  echo "# Settings"
  echo
  echo "Printed by \`cloudsyncd --doc PLUGIN\` from the plugins' tables. [configuration](configuration.md) tells where values come from."
  for name in core $(for d in plugins/*/; do basename "$d"; done); do
    printf '\n## %s\n\n' "$name"
    "$cloudsyncd" --doc "$name"
  done
}

if [ -n "${CS_REGENERATE:-}" ]; then print >docs/settings.md; fi
if print | diff docs/settings.md -; then exit 0; fi
echo "a table has changed; CS_REGENERATE=1 meson test -C build docs-settings" >&2
exit 1
