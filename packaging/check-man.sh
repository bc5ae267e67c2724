#!/bin/sh
# Fails when a manual page does not format cleanly. usage: check-man.sh PAGE
warnings=$(MANROFFOPT='' MANWIDTH=100 LC_ALL=C.UTF-8 man --warnings -l "$1" 2>&1 >/dev/null)
[ -z "$warnings" ] || { echo "$warnings"; exit 1; }
