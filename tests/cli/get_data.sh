#!/usr/bin/env bash
# scripts/get-data without a network: what it accepts, refuses, and leaves behind. Argument: the source folder.
set -euo pipefail
get_data=$1/scripts/get-data
unset WEFT_DATA
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# expect STATUS TEXT ARGUMENTS...: runs get-data; TEXT must be in its output.
expect() {
    local expected=$1 text=$2 status=0 output
    shift 2
    output=$("$get_data" "$@" 2>&1) || status=$?
    if [ "$status" -ne "$expected" ] || [[ "$output" != *"$text"* ]]; then
        printf 'get-data %s: status %d, expected %d with "%s":\n%s\n' "$*" "$status" "$expected" "$text" "$output"
        failures=$((failures + 1))
    fi
}
# Nothing may be left of a failed run, hidden or not.
expect_nothing_in() {
    if [ -e "$1" ]; then
        printf '%s was left behind: %s\n' "$1" "$(ls -A "$1")"
        failures=$((failures + 1))
    fi
}
expect_file() {
    if [ ! -f "$1" ]; then
        printf '%s is missing\n' "$1"
        failures=$((failures + 1))
    fi
}

expect 0 'Usage: scripts/get-data' --help
expect 2 'no name given'
expect 2 "unknown data set 'imagenet'; known: fashion-mnist, mnist, cifar10" imagenet
expect 2 "unknown option '--form'" mnist --form x
expect 2 '--from needs a value' mnist --from

# Files of the right names with wrong contents, plain and packed.
mkdir idx packed images
for file in train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte; do
    printf 'wrong' >"idx/$file"
    printf 'wrong' | gzip >"packed/$file.gz"
done
wrong=8810ad581e59f2bc3928b261707a71308f7e139eb04820366dc4d5c18d980225
for name in mnist fashion-mnist; do
    expect 1 "idx/train-images-idx3-ubyte: SHA-256 is $wrong, expected" "$name" --from idx --to out
    expect_nothing_in out
    expect 1 "packed/train-images-idx3-ubyte.gz: SHA-256 is $wrong, expected" "$name" --from packed --to out
    expect_nothing_in out
done
printf 'wrong' >images/data_batch_1.png
expect 1 "images/data_batch_1.png: SHA-256 is $wrong, expected" cifar10 --from images --to out
expect_nothing_in out
expect 1 'data_batch_1.png is missing in idx' cifar10 --from idx --to out
expect_nothing_in out
expect 1 'nothing does not exist' mnist --from nothing --to out
expect_nothing_in out

# Archives: one that is none, one cut short, one with batches but the wrong sum.
printf 'no archive' >bad.tar.gz
expect 1 'bad.tar.gz is no complete .tar.gz archive' mnist --from bad.tar.gz --to out
expect_nothing_in out
head -c 100000 /dev/urandom >idx/filler
tar -czf whole.tar.gz idx
head -c 50000 whole.tar.gz >cut.tar.gz
expect 1 'cut.tar.gz is no complete .tar.gz archive' mnist --from cut.tar.gz --to out
expect_nothing_in out
mkdir batches
for batch in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
    truncate -s 30730000 "batches/$batch.bin"
done
tar -czf cifar-10-binary.tar.gz -C batches data_batch_1.bin
expect 1 'cifar-10-binary.tar.gz: SHA-256 is ' cifar10 --from cifar-10-binary.tar.gz --to out
expect_nothing_in out

# Loose batches: sizes and labels.
expect 0 'loose .bin files: sizes and labels checked' cifar10 --from batches --to good
expect_file good/cifar10/test_batch.bin
expect 0 'is there already' cifar10 --to good
truncate -s 30730001 batches/test_batch.bin
expect 1 'batches/test_batch.bin has 30730001 bytes, expected 30730000' cifar10 --from batches --to out
truncate -s 30730000 batches/test_batch.bin
printf '\013' | dd of=batches/data_batch_3.bin bs=1 seek=3073 conv=notrunc status=none
expect 1 'batches/data_batch_3.bin has a label above 9' cifar10 --from batches --to out
expect_nothing_in out

# A folder that was damaged later, or that is somebody else's.
printf 'x' >>good/cifar10/test_batch.bin
expect 1 'good/cifar10 is damaged' cifar10 --to good
mkdir -p other/mnist
expect 1 'other/mnist exists, but get-data did not make it' mnist --to other

# The real thing, where Debian's package is installed.
if [ -d /usr/share/datasets/fashion-mnist ]; then
    expect 0 'out/fashion-mnist: 4 files from dataset-fashion-mnist, checked' fashion-mnist --to out
    expect 0 'out/fashion-mnist is there already' fashion-mnist --to out
    expect 1 'expected ba891046' mnist --from out/fashion-mnist --to other2
    expect_nothing_in other2
    [ "$(find out -mindepth 1 -maxdepth 1)" = out/fashion-mnist ] || failures=$((failures + 1))
fi

printf '%d failures\n' "$failures"
[ "$failures" -eq 0 ]
