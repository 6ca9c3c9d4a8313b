#!/usr/bin/env bash
# experiments/merolla2016: the check on the paper's own numbers and on falsified ones, and the whole run on a slice of
# Fashion-MNIST. Arguments: the source folder, the weft binary. 77, skipped: no Fashion-MNIST.
set -euo pipefail
experiment=$1/experiments/merolla2016 weft=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fail() {
    printf '%s\n' "$*"
    failures=$((failures + 1))
}

# ---- check ----

# The paper's results in the form of `weft eval --csv`, with the interval of 10,000 test images.
paper_results() {
    mkdir -p "$1"
    awk -F, -v folder="$1" '
        function row(name, parameter, value, error,    half, file) {
            file = folder "/" $2 ".csv"
            if (!(file in begun)) print "transform,parameter,value,error_percent,error_percent_std,low_percent,high_percent" >file
            begun[file] = 1
            half = 1.96 * sqrt(error * (100 - error) / 10000)
            printf "%s,%s,%s,%g,0,%g,%g\n", name, parameter, value, error, error - half, error + half >file
        }
        $1 == "table2" { row($3, "", "", $5) }
        $1 == "fig2a" { row("addnorm:sigma=" $4, "sigma", $4, $5) }
        $1 == "fig2b" { row("multunif:gamma=" $4, "gamma", $4, $5) }
        $1 == "fig2c" { row("power:beta=" $4, "beta", $4, $5) }' "$experiment/paper.csv"
}
# expect STATUS COUNT TEXT: check on folder "set"; COUNT claims do not hold, and the output has TEXT.
expect() {
    local status=0 output count
    output=$("$experiment/check" "$work/set" 2>&1) || status=$?
    count=$(grep -c '^does not hold' <<<"$output" || true)
    if [ "$status" -ne "$1" ] || [ "$count" -ne "$2" ] || [[ "$output" != *"$3"* ]]; then
        fail "check: status $status with $count claims that do not hold, expected $1 and $2 with \"$3\": $output"
    fi
}
# falsify NET TRANSFORM ERROR: another error, with an interval of 0.7 to either side.
falsify() {
    rm -rf set && cp -r true set
    awk -F, -v OFS=, -v t="$2" -v e="$3" '$1 == t { $4 = e; $6 = e - 0.7; $7 = e + 0.7 } { print }' "true/$1.csv" >"set/$1.csv"
    ! cmp -s "true/$1.csv" "set/$1.csv" || fail "falsify $*: nothing changed"
}
paper_results true
cp -r true set
expect 0 0 '18 of 18 claims hold'
falsify None-NC round 60.6 && expect 1 1 'does not hold   None-NC collapses under Round'
falsify None-NC addnorm:sigma=0.4 60.6 && expect 1 1 'does not hold   None-NC collapses under AddNorm 0.4'
falsify None-NC round 60.8 && expect 0 0 '18 of 18'
falsify None-C sign 12.2 && expect 1 1 'does not hold   clipping alone makes Te-Sign survive'
falsify None-C sign 11.9 && expect 0 0 '18 of 18'
# The paired interval of weft eval decides where the file has one.
paired() {
    falsify None-C sign "$1"
    awk -F, -v OFS=, -v l="$2" -v u="$3" 'NR > 1 { $0 = $0 ",2,0,3,10000,10000,0,0,0,0"; $8 = ""; if ($1 == "sign") { $14 = l; $15 = u } } { print }' \
        set/None-C.csv >set/new && mv set/new set/None-C.csv
}
paired 12.2 1.8 2.9 && expect 0 0 'difference 2.23 [1.80, 2.90]'
paired 11.9 1.8 3.1 && expect 1 1 'does not hold   clipping alone makes Te-Sign survive'
falsify Stoch-C addnorm:sigma=0.7 70 && expect 1 1 'does not hold   Stoch-C is better under AddNorm 0.7'
falsify StochM-C addnorm:sigma=0.4 17 && expect 1 1 'does not hold   StochM-C is better under AddNorm 0.4'
# So does a comparison image by image.
pair() { printf 'transform,net,against,difference_percent,low_percent,high_percent\naddnorm:sigma=0.4,%s,StochM-C,%s\n' "$1" "$2" >set/pairs.csv; }
falsify StochM-C addnorm:sigma=0.4 17 && pair Power-C 0.65,0.2,1.1 && expect 0 0 'Power-C 17.65 [16.90, 18.40], 0.65 [0.20, 1.10] above'
pair Power-C 0.65,-0.1,1.4 && expect 1 1 'does not hold   StochM-C is better under AddNorm 0.4'
falsify StochM-C addnorm:sigma=0.4 11 && pair Power-C 0.65,-0.1,1.4 && expect 1 1 'does not hold   StochM-C is better under AddNorm 0.4'
falsify Power-C addnorm:sigma=0.5 10.2 && expect 1 2 'does not hold   Stoch-C is better under AddNorm 0.5'
# Best at every sigma, but not by far.
rm -rf set && cp -r true set
awk -F, -v OFS=, 'BEGIN { e[0.4] = 12; e[0.5] = 13; e[0.6] = 15; e[0.7] = 18; e[0.8] = 24 }
    $2 == "sigma" && ($3 in e) { $4 = e[$3]; $6 = $4 - 0.7; $7 = $4 + 0.7 } { print }' true/Power-C.csv >set/Power-C.csv
expect 1 2 'does not hold   Stoch-C leads the four other nets'
falsify Stoch-C power:beta=1.8 11.2 && expect 1 1 'does not hold   Stoch-C is flat under Power'
falsify StochM-C power:beta=0.6 10.7 && expect 1 1 'does not hold   StochM-C is flat under Power'
falsify Sign-C power:beta=2 10.7 && expect 1 1 'does not hold   Sign-C degrades under Power 2'
rm -rf set && cp -r true set && sed -i /addnorm:sigma=0.8/d set/Stoch-C.csv
expect 1 2 'no result for Stoch-C/addnorm:sigma=0.8'
rm -rf set && cp -r true set && rm set/None-NC.csv
expect 1 14 'no result for None-NC/round'
rm -rf set && mkdir set
expect 1 0 'has no results'
[ "$failures" -eq 0 ] || exit 1

# ---- run ----

source=
for folder in "${WEFT_DATA:-/nonexistent}/fashion-mnist" "$1/data/fashion-mnist" /usr/share/datasets/fashion-mnist; do
    [ -n "$source" ] || [ ! -e "$folder/train-images-idx3-ubyte.gz" ] || source=$folder
done
[ -n "$source" ] || { printf 'no Fashion-MNIST: only the check was tested\n' && exit 77; }

# slice PART COUNT_HIGH COUNT_LOW COUNT: the first COUNT images and labels.
slice() {
    {
        printf "\\0\\0\\010\\003\\0\\0\\x$2\\x$3"
        zcat "$source/$1-images-idx3-ubyte.gz" 2>/dev/null | tail -c +9 | head -c $((8 + 784 * $4))
    } >"slice/$1-images-idx3-ubyte" || true
    {
        printf "\\0\\0\\010\\001\\0\\0\\x$2\\x$3"
        zcat "$source/$1-labels-idx1-ubyte.gz" 2>/dev/null | tail -c +9 | head -c "$4"
    } >"slice/$1-labels-idx1-ubyte" || true
}
mkdir slice
slice train 02 58 600
slice t10k 00 c8 200
cat >tiny.yaml <<'TEXT'
name: tiny
dataset: fashion-mnist
epochs: 20
batch: 50
layers:
  - max_pool: {size: 2}
  - dense: {units: 16}
  - batch_norm
  - relu
  - dense: {units: 10}
  - batch_norm
projection: sign
clip: 0.5
weight_rate: 0.07
recalibrate: 200
TEXT
run() {
    "$experiment/run" fast --recipe tiny.yaml --dataset slice --images 150 --recalibrate 200 --draws 2 --work nets \
        --results out --weft "$weft" "$@" >log 2>&1
}
expect_lines() { [ "$(wc -l <"$1")" -eq "$2" ] || fail "$1 has $(wc -l <"$1") lines, expected $2"; }

export OMP_WAIT_POLICY=passive
run --nets 'None-NC Sign-C' || fail "run of two nets: $(tail -n 20 log)"
[ ! -e nets/Stoch-C.onnx ] || fail 'a net that was not asked for was trained'
sums=$(sha256sum nets/*.onnx)
run || fail "run: $(tail -n 20 log)"
[ "$(sha256sum nets/None-NC.onnx nets/Sign-C.onnx nets/Sign-C.onnx.epoch*)" = "$sums" ] || fail 'nets were trained again'
for net in None-NC None-C Sign-C Stoch-C Power-C StochM-C; do
    expect_lines "out/$net.csv" 35 # a head, Table 2's three, 11 + 9 + 11 of Fig. 2
    [ "$(cut -d, -f10,11 "out/$net.csv" | sort -u | tr '\n' ' ')" = '150,200 images,recalibrate ' ] || fail "$net: images"
    grep -q "^| Tr-$net | [0-9.]* ([0-9.]* to [0-9.]*) | " out/table2.md || fail "$net is not in table2.md"
done
[ "$(cut -d, -f9 out/Stoch-C.csv | sort | uniq -c | tr -s ' \n' ' ')" = ' 14 1 20 2 1 draws ' ] || fail 'draws'
expect_lines out/table2.md 8
expect_lines out/Sign-C-layers.csv 3
expect_lines out/Sign-C-curve.csv 21 # ten epochs of 20, Te-None and Te-Sign
expect_lines out/Sign-C-training.csv 21
for file in fig1 fig2; do
    grep -q '</svg>' "out/$file.svg" || fail "$file.svg is not whole"
    grep -q 'PNG' "out/$file.png" || fail "$file.png is none"
done
# Nets against nets: the two stochastic ones with all others at eleven sigmas, differences as in the tables.
expect_lines out/pairs.csv $((1 + 2 * 5 * 11))
error() { awk -F, -v t="$2" '$1 == t { print $4 }' "out/$1.csv"; }
awk -F, -v power="$(error Power-C addnorm:sigma=0.4)" -v stoch="$(error Stoch-C addnorm:sigma=0.4)" '
    $1 == "addnorm:sigma=0.4" && $2 == "Power-C" && $3 == "Stoch-C" && ($4 - power + stoch) ^ 2 < 1e-6 && $5 < $4 && $4 < $6 { found = 1 }
    END { exit !found }' out/pairs.csv || fail 'pairs.csv: Power-C against Stoch-C'
# The clip option and the projections reached the trainer.
for pair in None-NC:none None-C:0.5 Sign-C:0.5; do
    grep -aq "weft.clip..${pair#*:}" "nets/${pair%%:*}.onnx" || "$weft" info "nets/${pair%%:*}.onnx" | grep -q "clip.*${pair#*:}" ||
        fail "$pair: clip"
done
# Nothing is done twice.
touch stamp
sleep 0.05
run || fail "second run: $(tail -n 20 log)"
! grep -q '^== ' log || fail "a second run did something: $(grep '^== ' log)"
[ -z "$(find out -name '*.csv' -newer stamp ! -name '*-training.csv')" ] || fail 'a second run wrote results again'
# What cannot be.
! run --nets Stoch || fail 'an unknown net passed'
grep -q "unknown net 'Stoch'; known: " log || fail "unknown net: $(cat log)"
! "$experiment/run" slow >log 2>&1 || fail 'an unknown scale passed'
grep -q "unknown scale 'slow'" log || fail "unknown scale: $(cat log)"
[ "$failures" -eq 0 ]
