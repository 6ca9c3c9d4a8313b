#!/usr/bin/env bash
# shellcheck disable=SC2016 # the stand-ins expand their own arguments
# scripts/setup on made-up machines: with stand-ins for dpkg-query, apt-get, id and sudo first on the path, nothing of this machine
# is touched. Argument: the source folder.
set -euo pipefail
setup=$1/scripts/setup
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
failures=0

stand_in() { # NAME BODY
    printf '#!/bin/bash\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}
# expect STATUS TEXT LOG ARGUMENTS...: LOG is what apt-get was asked for, one call a line.
expect() {
    local expected=$1 text=$2 log=$3 status=0 output
    shift 3
    : >"$work/log"
    output=$(LOG=$work/log PATH=$work/bin:$PATH "$setup" "$@" 2>&1) || status=$?
    if [ "$status" -ne "$expected" ] || [[ "$output" != *"$text"* ]] || [ "$(cat "$work/log")" != "$log" ]; then
        printf 'setup %s: status %d, expected %d with "%s":\n%s\napt-get: %s\n' "$*" "$status" "$expected" "$text" \
            "$output" "$(cat "$work/log")"
        failures=$((failures + 1))
    fi
}

stand_in apt-get 'echo "$@" >>"$LOG"'
stand_in sudo 'echo "sudo" >>"$LOG"; exec "$@"'
stand_in id 'echo 0'

# Everything is there: no call, no output.
stand_in dpkg-query 'printf installed'
expect 0 '' '' --bench

# Two packages are missing: one update, one installation of just these.
stand_in dpkg-query 'case "${@: -1}" in libpng-dev) printf config-files ;; libyaml-dev) exit 1 ;; *) printf installed ;; esac'
wanted='install -y -qq --no-install-recommends libyaml-dev libpng-dev'
expect 0 'installing libyaml-dev libpng-dev' "update -qq
$wanted"
stand_in id 'echo 1000'
expect 0 'installing libyaml-dev libpng-dev' "sudo
update -qq
sudo
$wanted"

# No network.
stand_in apt-get 'exit 100'
expect 1 'apt-get update failed; still missing: libyaml-dev libpng-dev' sudo

expect 2 "unknown option '--test'" '' --test
expect 0 'libsystemc-dev' '' --list

printf '%d failures\n' "$failures"
[ "$failures" -eq 0 ]
