// What a spiking chip's file may say: the shipped ones, and every mistake with its place.
#include "core/chip.h"

#include "tests/support/golden.h"

#include <vector>

using namespace weft_test;

namespace {

const std::string folder = std::string(WEFT_SOURCE_FOLDER) + "/hwconfigs/";

/* "" when the chip loads, else "PLACE: text"; for --set the place is the setting. */
std::string refusal(const std::string &path, std::vector<const char *> set = {}, bool crossbar = false) {
    weft_chip *chip = nullptr;
    weft_error err = {};
    const auto load = crossbar ? weft_chip_load_crossbar : weft_chip_load;
    const weft_status status = load(&chip, path.c_str(), set.data(), static_cast<int>(set.size()), &err);
    EXPECT_EQ(status == WEFT_OK, chip != nullptr);
    weft_chip_destroy(chip);
    if (status == WEFT_OK) return "";
    EXPECT_EQ(status, WEFT_E_INVALID);
    std::string file = err.file;
    if (err.line > 0 && file.size() > 5 && file.substr(file.size() - 5) == ".yaml")
        file = std::to_string(err.line) + ":" + std::to_string(err.column);
    return file + ": " + err.text;
}
std::string set(const char *setting, const char *name = "truenorth") {
    return refusal(folder + name + ".yaml", {setting});
}

/* The file with `from` replaced. */
std::string edited(const char *name, const std::string &from, const std::string &to) {
    std::string text = read_file(folder + name + ".yaml");
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const std::string path = testing::TempDir() + "weft_spiking_" + std::to_string(getpid()) + ".yaml";
    std::ofstream(path) << text;
    std::string result = refusal(path);
    std::remove(path.c_str());
    return result.substr(result.find(": ") == std::string::npos ? 0 : result.find(": ") + 2);
}

} // namespace

TEST(SpikingChip, Resolved) {
    weft_chip *chip = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_chip_load(&chip, (folder + "truenorth.yaml").c_str(), nullptr, 0, &err), WEFT_OK) << err.text;
    EXPECT_EQ(chip->kind, WEFT_CHIP_SPIKING);
    EXPECT_EQ(chip->core_count, 4096);
    EXPECT_EQ(chip->host_terminal, 4096);
    EXPECT_EQ(chip->core_count * chip->limits.neurons, 1048576);
    EXPECT_EQ(chip->neuron.model, WEFT_CHIP_NEURON_TRUENORTH);
    EXPECT_EQ(chip->neuron.state_bits, 20);
    EXPECT_EQ(chip->synapse.encoding, WEFT_SYNAPSE_CROSSBAR);
    EXPECT_EQ(chip->synapse.axon_types, 4);
    EXPECT_EQ(chip->synapse.type_weight_bits, 9);
    EXPECT_EQ(chip->limits.axons, 256);
    EXPECT_EQ(chip->limits.destinations, 1);
    EXPECT_EQ(chip->limits.delay_ticks, 15);
    EXPECT_DOUBLE_EQ(chip->clock.tick_ns, 1e6);
    EXPECT_EQ(chip->noc.link_cycles_y, 1);
    EXPECT_EQ(weft_chip_flits(chip, 0, 0), 1);
    EXPECT_STREQ(weft_chip_choice(chip, "neuron", "model"), "truenorth");
    EXPECT_STREQ(chip->device.program, ""); /* as if left out */
    EXPECT_STREQ(chip->device.program_table, "");
    EXPECT_EQ(weft_chip_unsourced(chip), 0);
    weft_chip_destroy(chip);
}

TEST(SpikingChip, CrossbarKeysAreNamedAsSuch) {
    EXPECT_EQ(set("array.rows=3"), "--set array.rows=3: array: is for kind crossbar; this chip is of kind spiking");
    EXPECT_EQ(set("energy.pool_pj=3"),
              "--set energy.pool_pj=3: energy: is for kind crossbar; this chip is of kind spiking");
    EXPECT_EQ(set("limits.neurons=3", "hermes"),
              "--set limits.neurons=3: limits: is for kind spiking; this chip is of kind crossbar");
    EXPECT_EQ(set("voltage_v=1", "hermes"),
              "--set voltage_v=1: voltage_v: is for kind spiking; this chip is of kind crossbar");
    EXPECT_EQ(set("kind=spiking", "hermes"), "15:1: array: is for kind crossbar; this chip is of kind spiking");
    EXPECT_EQ(set("io.partial_bits=16"),
              "--set io.partial_bits=16: io.partial_bits: unknown key; allowed: router, bits_per_cycle");
    EXPECT_EQ(set("kind=spikin"),
              "--set kind=spikin: kind: 'spikin' is not one of crossbar, spiking; did you mean spiking?");
    EXPECT_EQ(set("limitz.neurons=3"), "--set limitz.neurons=3: limitz: unknown key; did you mean limits?");
}

TEST(SpikingChip, MissingKeys) {
    EXPECT_EQ(edited("odin", "voltage_v: 0.55\n", "\n"), "voltage_v: required key is missing");
    EXPECT_EQ(edited("odin", "  memory_bytes: 32768\n", ""), "synapse.memory_bytes: required key is missing");
    EXPECT_EQ(edited("odin", "  delay_ticks: 1\n", ""), "limits.delay_ticks: required key is missing");
    EXPECT_EQ(edited("odin", "neuron: {model: odin, state_bits: 8}", "neuron: {model: odin}"),
              "neuron.state_bits: required key is missing");
    EXPECT_EQ(edited("hermes", "technology_nm: 14\n", "kind: crossbar\n"), "");
}

TEST(SpikingChip, Contradictions) {
    EXPECT_EQ(set("clock.kind=clocked"),
              "--set clock.kind=clocked: clock.kind: a spiking chip works in ticks; needs tick");
    EXPECT_EQ(set("clock.barrier_ns=3"),
              "--set clock.barrier_ns=3: clock.barrier_ns: is for kind crossbar; a spiking chip "
              "has spike_latency.barrier_ns");
    EXPECT_EQ(set("clock.barrier_per_core_ns=0"),
              "--set clock.barrier_per_core_ns=0: clock.barrier_per_core_ns: is for kind "
              "crossbar; a spiking chip has spike_latency.barrier_per_tile_ns");
    EXPECT_EQ(set("synapse.axon_types=0"),
              "28:21: synapse.type_weight_bits: is for synapse.axon_types above 0; leave it out");
    EXPECT_EQ(
        set("synapse.type_weight_bits=0"),
        "--set synapse.type_weight_bits=0: synapse.type_weight_bits: weights by axon type need their bits, above 0");
    EXPECT_EQ(set("synapse.memory_bytes=8191"),
              "--set synapse.memory_bytes=8191: synapse.memory_bytes: 8191 is below the 8192 bytes of 256 axons x 256 "
              "neurons x 1 bits");
    EXPECT_EQ(set("synapse.memory_bytes=8192"), "");
    EXPECT_EQ(set("synapse.synapse_bytes=1"),
              "--set synapse.synapse_bytes=1: synapse.synapse_bytes: is for sparse; leave it out");
    EXPECT_EQ(set("synapse.synapse_bytes=0", "loihi1"),
              "--set synapse.synapse_bytes=0: synapse.synapse_bytes: sparse needs the bytes of a synapse, above 0");
    EXPECT_EQ(set("io.router=[64, 0]"), "--set io.router=[64, 0]: io.router: [64, 0] lies outside the mesh of 64 x 64");
    EXPECT_EQ(set("noc.mesh=256", "loihi1"), "");
    EXPECT_EQ(refusal(folder + "loihi1.yaml", {"noc.mesh=256", "noc.concentration=32", "limits.neurons=1025"}),
              "--set noc.mesh=256: noc.mesh: 2149580800 neurons on the chip are more than the 2147483648 allowed");
    EXPECT_EQ(set("limits.delay_ticks=64"), "--set limits.delay_ticks=64: limits.delay_ticks: 64 is above 63");
    EXPECT_EQ(set("noc.chips=[3, 1]"), "--set noc.chips=[3, 1]: noc.chips: 64 routers along x are not 3 equal chips");
}

TEST(SpikingChip, NothingForArraysRunsOnIt) {
    EXPECT_EQ(
        refusal(folder + "truenorth.yaml", {}, true),
        "14:7: kind: spiking; this needs a chip with arrays, of kind crossbar: nothing here runs on spiking cores yet");
    EXPECT_EQ(refusal(folder + "hermes.yaml", {}, true), "");
}
