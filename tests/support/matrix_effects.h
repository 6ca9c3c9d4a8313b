// The rows and columns of the support matrix: effects, weight and input encodings, and what is refused.
#ifndef WEFT_TESTS_SUPPORT_MATRIX_EFFECTS_H
#define WEFT_TESTS_SUPPORT_MATRIX_EFFECTS_H

#include <set>

#include "tests/support/matrix_chip.h"

namespace weft_test {

struct Encoding {
    const char *name;
    settings keys;
};
inline const std::vector<Encoding> weights = {
    {"offset", {{"weight.encoding", "offset"}, {"weight.bits", "4"}}},
    {"columns", {{"weight.encoding", "differential_columns"}}},
    {"cell", {{"weight.encoding", "differential_cell"}}},
    {"analog columns",
     {{"weight.encoding", "differential_columns"},
      {"weight.bits", "16"},
      {"array.cell_bits", "0"},
      {"adc.bits", "12"},
      {"adc.range", "full_scale"}}},
    {"analog cell",
     {{"weight.encoding", "differential_cell"},
      {"weight.bits", "16"},
      {"array.cell_bits", "0"},
      {"adc.bits", "12"},
      {"adc.range", "full_scale"}}},
};
inline const std::vector<Encoding> inputs = {
    {"bit_serial", {}},
    {"bit_serial, 2 bits a pulse", {{"input.bits_per_pulse", "2"}}},
    {"sign_magnitude", {{"input.encoding", "sign_magnitude"}}},
    {"pulse_width", {{"input.encoding", "pulse_width"}, {"input.step_ns", "1"}}},
    {"pulse_width, 4 phases", {{"input.encoding", "pulse_width"}, {"input.step_ns", "1"}, {"input.phases", "4"}}},
};

// Where an effect is refused, and with which key and words; nowhere: "".
struct Refusal {
    std::set<std::string> weights; // of these encodings; "*": of all
    std::string input;             // and of this input encoding, with any weights
    std::string key, text;
};
struct Effect {
    const char *name, *shown; // in README, with keys
    settings keys;
    std::vector<Refusal> refused;
    double least_snr_db; // of the worst stage: what a broken chain would not reach
};

inline const Refusal needs_levels = {{"analog columns", "analog cell"},
                                     "",
                                     "adc.range",
                                     "analog cells have no levels for unit; needs full_scale or calibrated"};
inline const settings all_wires = {
    {"wires.row_segment_ohm", "2"}, {"wires.column_segment_ohm", "2"}, {"wires.row_terminal_ohm", "50"}};
inline settings with(settings a, const settings &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

inline std::vector<Effect> effects() {
    const std::set<std::string> all = {"*"}, analog = {"analog columns", "analog cell"};
    return {
        {"ideal", "", {}, {}, 40},
        {"slices of any split",
         "weight.slice_bits",
         {{"weight.slice_bits", "[1, 2, 1]"}},
         {{analog, "", "weight.slice_bits", "analog cells (array.cell_bits 0) hold a whole weight; leave it out"}},
         40},
        {"clipped weights", "weight.clip_percentile", {{"weight.clip_percentile", "95"}}, {}, 40},
        {"pairs around the middle",
         "weight.two_sided",
         {{"weight.two_sided", "true"}},
         {{{"offset"}, "", "weight.two_sided", "is for differential encodings"}},
         15},
        {"on/off ratio", "device.g_min_us", {{"device.g_min_us", "2"}}, {}, 10},
        {"programming error",
         "device.program",
         {{"device.program", "\"addnorm:sigma=0.02|stuck:on=0.001,off=0.001\""}},
         {},
         5},
        {"measured programming", "device.program_table", {{"device.program_table", "cells.csv"}}, {}, 5},
        {"PCM, a day old",
         "device.program: pcm_program|pcm_drift:time_s=86400",
         {{"device.program", "\"pcm_program|pcm_drift:time_s=86400\""}},
         {},
         -12},
        {"read noise, independent",
         "device.read_noise: independent",
         {{"device.read_noise", "independent"}, {"device.read_sigma", "0.01"}},
         {},
         5},
        {"read noise, proportional",
         "device.read_noise: proportional",
         {{"device.read_noise", "proportional"}, {"device.read_sigma", "0.02"}},
         {},
         5},
        {"read noise, PCM",
         "device.read_noise: pcm",
         {{"device.read_noise", "pcm"}, {"device.read_sigma", "1"}, {"device.time_s", "3600"}},
         {},
         5},
        {"I-V non-linearity", "device.iv_nonlinearity", {{"device.iv_nonlinearity", "1.5"}}, {}, -6},
        {"wires, interleaved", "wires.*_ohm", all_wires, {}, 10},
        {"wires, arrays of their own",
         "wires.*_ohm, wires.interleaved: false",
         with(all_wires, {{"wires.interleaved", "false"}}),
         {},
         10},
        {"wires, gated",
         "wires.*_ohm, wires.topology: gated",
         with(all_wires, {{"wires.topology", "gated"}}),
         {{all, "", "wires.topology", "gated wires with resistance are for `weft array` only"}},
         0},
        {"wires and I-V non-linearity",
         "wires.*_ohm, device.iv_nonlinearity",
         with(all_wires, {{"device.iv_nonlinearity", "1.5"}}),
         {{all, "", "device.iv_nonlinearity",
           "1.5: cells behind wires with resistance must be ohmic (0), but for `weft array`"}},
         0},
        {"range unit, saturating", "adc.range: unit", {{"adc.range", "unit"}, {"adc.bits", "6"}}, {needs_levels}, -15},
        {"range full_scale", "adc.range: full_scale", {{"adc.range", "full_scale"}, {"adc.bits", "8"}}, {}, 10},
        {"range calibrated, maximum",
         "adc.calibrate: maximum, adc.scope: slice",
         {{"adc.range", "calibrated"}, {"adc.bits", "8"}},
         {},
         10},
        {"range calibrated, percentile",
         "adc.calibrate: percentile, adc.scope: array",
         {{"adc.range", "calibrated"}, {"adc.bits", "8"}, {"adc.calibrate", "percentile"}, {"adc.scope", "array"}},
         {},
         5},
        {"range calibrated, squared error",
         "adc.calibrate: squared_error, adc.scope: stage",
         {{"adc.range", "calibrated"}, {"adc.bits", "8"}, {"adc.calibrate", "squared_error"}, {"adc.scope", "stage"}},
         {},
         5},
        {"flipped columns",
         "adc.flip_columns",
         {{"adc.flip_columns", "true"}},
         {{{"cell", "analog cell"},
           "",
           "adc.flip_columns",
           "differential cells have no inverse to store; needs false"}},
         40},
        {"analog accumulation",
         "adc.accumulate_analog",
         {{"adc.accumulate_analog", "true"}, {"adc.range", "full_scale"}},
         {},
         15},
        {"SAR with mismatch",
         "adc.kind: sar, adc.mismatch",
         {{"adc.kind", "sar"}, {"adc.mismatch", "0.02"}, {"adc.range", "full_scale"}, {"adc.bits", "8"}},
         {},
         5},
        {"ramp with mismatch",
         "adc.kind: ramp, adc.mismatch",
         {{"adc.kind", "ramp"}, {"adc.mismatch", "0.05"}, {"adc.range", "full_scale"}, {"adc.bits", "8"}},
         {},
         5},
        {"offset and gain of converters",
         "adc.offset_lsb, adc.gain_sigma",
         {{"adc.offset_lsb", "0.3"}, {"adc.gain_sigma", "0.01"}, {"adc.range", "full_scale"}, {"adc.bits", "8"}},
         {},
         5},
        {"one-bit converters",
         "adc.bits: 1",
         {{"adc.bits", "1"}, {"adc.range", "full_scale"}},
         {{{"cell", "analog cell"}, "sign_magnitude", "adc.bits", "1 is below 2: columns have signed sums"}},
         -30},
        {"SAR of 13 bits",
         "adc.kind: sar, adc.bits: 13",
         {{"adc.kind", "sar"}, {"adc.range", "full_scale"}, {"adc.bits", "13"}},
         {{all, "", "adc.bits", "sar and ramp are modelled element by element: at most 12 bits"}},
         0},
        {"no converters",
         "adc.kind: none",
         {{"adc.kind", "none"}},
         {{all, "", "adc.kind", "none is for `weft array` only; needs ideal, sar or ramp"}},
         0},
        {"slicing, errors, wires, noise and SAR at once",
         "",
         with(all_wires, {{"device.program", "\"addnorm:sigma=0.02\""},
                          {"device.read_noise", "proportional"},
                          {"device.read_sigma", "0.02"},
                          {"device.g_min_us", "1"},
                          {"adc.kind", "sar"},
                          {"adc.mismatch", "0.01"},
                          {"adc.range", "calibrated"},
                          {"adc.bits", "10"}}),
         {},
         3},
    };
}

inline const Refusal *refusal_of(const Effect &effect, const std::string &weight, const std::string &input) {
    for (const Refusal &r : effect.refused)
        if (r.weights.count("*") || r.weights.count(weight) || (!r.input.empty() && r.input == input)) return &r;
    return nullptr;
}

} // namespace weft_test

#endif
