#!/usr/bin/env bash
# cmake --install into an empty prefix: what has to be there, and that the installed binary runs. Arguments: source folder, build
# folder.
set -euo pipefail
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$2" --prefix "$prefix" >"$prefix/log"
failures=0
for file in "$1"/hwconfigs/*.yaml "$1"/hwconfigs/*.csv "$1"/trainer/recipes/*.yaml "$1"/docs/schema/*.json; do
    [ -e "$file" ] || continue
    kind=$(basename "$(dirname "$file")")
    cmp "$file" "$prefix/share/weft/$kind/$(basename "$file")" || failures=$((failures + 1))
done
for file in bin/weft share/weft/hwconfigs/isaac-ce.yaml share/man/man1/weft.1 share/bash-completion/completions/weft; do
    if [ ! -f "$prefix/$file" ]; then
        printf '%s is not installed\n' "$file"
        failures=$((failures + 1))
    fi
done
"$prefix/bin/weft" --version || failures=$((failures + 1))
printf '%d failures\n' "$failures"
[ "$failures" -eq 0 ]
