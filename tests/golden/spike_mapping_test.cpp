// The file of a spiking network's mapping: its exact text, what is read back, and every mistake with its place.
#include "tests/support/golden.h"
#include "tests/support/spike_map_fixture.h"

#include <unistd.h>

using namespace weft_test;

namespace {

const std::string hash_a(64, 'a'), hash_b(64, 'b');
const std::string TEXT = "weft_spike_mapping: 1\n"
                         "network: {file: net.nir, sha256: " +
                         hash_a +
                         "}\n"
                         "chip: {file: truenorth.yaml, sha256: " +
                         hash_b +
                         ", set: [\"limits.axons=128\"]}\n"
                         "dt_s: 0.001\n"
                         "integration: exponential\n"
                         "reset: subtract\n"
                         "round: true\n"
                         "populations:\n"
                         "  - name: \"conv 1\"\n"
                         "    size: 200\n"
                         "    cores:\n"
                         "      - {core: 12, neurons: \"0-63 128-191*2 196\"}\n"
                         "      - {core: 13, neurons: \"192-195 197-199 64-127\"}\n"
                         "    relays:\n"
                         "      - {core: 14, neurons: \"3*4\"}\n"
                         "  - name: fc\n"
                         "    size: 1\n"
                         "    cores:\n"
                         "      - {core: 13, neurons: \"0\"}\n";

std::string changed(const std::string &from, const std::string &to) {
    std::string text = TEXT;
    const size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    return text.replace(at, from.size(), to);
}

void fill(hand_net &net, uint32_t size = 200) {
    net.input("in", 2);
    net.neurons("conv 1", size);
    net.neurons("fc", 1, true);
    net.population("out", WEFT_NIR_OUTPUT, 3);
}

/* "LINE:COLUMN: text" of the failure of reading, or of checking what reads; "good". */
std::string failure(const std::string &text, const char *chip_name = "truenorth") {
    weft_error err = {};
    const spike_mapping_ptr mapping = parse_mapping(text, &err);
    hand_net net;
    fill(net);
    const chip_ptr chip = load_chip(chip_name);
    if (mapping && weft_spike_mapping_check(mapping.get(), &net.snn, chip.get(), &err) == WEFT_OK) return "good";
    EXPECT_STREQ(err.file, "net.map.yaml");
    return std::to_string(err.line) + ":" + std::to_string(err.column) + ": " + err.text;
}
std::string refused(const std::string &from, const std::string &to) { return failure(changed(from, to)); }

struct folder {
    std::string path;
    folder() {
        char name[] = "/tmp/weft_spike_mapping_XXXXXX";
        path = mkdtemp(name);
    }
    ~folder() { std::filesystem::remove_all(path); }
};

TEST(GoldenSpikeMapping, TextReadsAndWritesBack) {
    const folder at;
    const std::string file = at.path + "/a.map.yaml", again = at.path + "/b.map.yaml";
    std::ofstream(file) << TEXT;
    std::ofstream(at.path + "/truenorth.yaml") << "";
    weft_spike_mapping *raw = nullptr;
    weft_error err = {};
    ASSERT_EQ(weft_spike_mapping_read(&raw, file.c_str(), &err), WEFT_OK) << err.text;
    const spike_mapping_ptr mapping(raw);
    EXPECT_EQ(mapping->path, file);
    EXPECT_EQ(mapping->network_path, at.path + "/net.nir");
    EXPECT_EQ(mapping->chip_path, at.path + "/truenorth.yaml");
    EXPECT_STREQ(mapping->chip_sha256.hex, hash_b.c_str());
    ASSERT_EQ(mapping->setting_count, 1);
    EXPECT_STREQ(mapping->settings[0], "limits.axons=128");
    EXPECT_EQ(mapping->options.dt, 0.001);
    EXPECT_TRUE(mapping->options.exponential && mapping->options.subtract && mapping->options.round);
    ASSERT_EQ(mapping->population_count, 2);
    const weft_mapped_population &conv = mapping->populations[0];
    EXPECT_EQ(conv.line, 9);
    ASSERT_EQ(conv.piece_count, 2);
    EXPECT_EQ(conv.pieces[1].line, 13);
    ASSERT_EQ(conv.pieces[0].run_count, 3);
    const weft_neuron_run wanted[] = {{0, 64, 1}, {128, 64, 2}, {196, 1, 1}};
    EXPECT_EQ(memcmp(conv.pieces[0].runs, wanted, sizeof wanted), 0);
    ASSERT_EQ(conv.relay_count, 1);
    EXPECT_EQ(conv.relays[0].runs[0].copies, 4u);
    EXPECT_TRUE(weft_spike_mapping_is(file.c_str()));
    ASSERT_EQ(weft_spike_mapping_write(mapping.get(), again.c_str(), &err), WEFT_OK) << err.text;
    EXPECT_EQ(read_file(again), TEXT);
}

TEST(GoldenSpikeMapping, InstalledChipsAreNamed) {
    weft_error err = {};
    const folder at;
    const spike_mapping_ptr mapping = parse_mapping(TEXT, &err);
    ASSERT_TRUE(mapping) << err.text;
    snprintf(mapping->chip_path, sizeof mapping->chip_path, "%s/hwconfigs/odin.yaml", WEFT_SOURCE_FOLDER);
    ASSERT_EQ(weft_spike_mapping_write(mapping.get(), (at.path + "/m.yaml").c_str(), &err), WEFT_OK) << err.text;
    EXPECT_NE(read_file(at.path + "/m.yaml").find("chip: {file: odin.yaml, "), std::string::npos);
}

TEST(GoldenSpikeMapping, DefaultsAndKinds) {
    weft_error err = {};
    const spike_mapping_ptr mapping = parse_mapping(mapping_text({"a 3: 0 0-2"}), &err);
    ASSERT_TRUE(mapping) << err.text;
    EXPECT_FALSE(mapping->options.exponential || mapping->options.subtract || mapping->options.round);
    const folder at;
    const std::string file = at.path + "/a.yaml";
    auto is = [&](const std::string &text) {
        std::ofstream(file) << text;
        return weft_spike_mapping_is(file.c_str());
    };
    EXPECT_TRUE(is("# made by hand\n\n---\nweft_spike_mapping: 1\n"));
    EXPECT_TRUE(is("#" + std::string(600, ' ') + "no\nweft_spike_mapping: 1\n"));
    EXPECT_FALSE(is("weft_mapping: 2\nweft_spike_mapping: 1\n"));
    EXPECT_FALSE(is("#" + std::string(300, ' ') + "weft_spike_mapping: 1\n"));
    EXPECT_FALSE(is(""));
    EXPECT_FALSE(weft_spike_mapping_is(at.path.c_str()));
    EXPECT_FALSE(weft_spike_mapping_is((at.path + "/none").c_str()));
}

TEST(GoldenSpikeMapping, BadValues) {
    EXPECT_EQ(failure(TEXT), "good");
    EXPECT_EQ(refused("weft_spike_mapping: 1", "weft_spike_mapping: 2"),
              "1:21: weft_spike_mapping: only version 1 is known");
    EXPECT_EQ(refused("dt_s: 0.001", "dt_s: 0"), "4:7: dt_s: expects a number above 0");
    EXPECT_EQ(refused("dt_s: 0.001", "dt_s: nan"), "4:7: dt_s: expects a number above 0");
    EXPECT_EQ(refused("exponential", "exact"), "5:14: integration: \"exact\" is none of euler, exponential");
    EXPECT_EQ(refused("round: true", "round: [true]"), "7:8: round: \"\" is none of false, true");
    EXPECT_EQ(refused("reset:", "resets:"), "6:1: resets: unknown key; nearest is \"reset\"");
    EXPECT_EQ(refused("dt_s: 0.001\n", ""), "1:1: dt_s: missing");
    EXPECT_EQ(refused(hash_b, "b"), "3:38: chip.sha256: expects 64 lower-case hexadecimal digits");
    EXPECT_EQ(refused("core: 12", "core: -1"), "12:16: populations.0.cores.0.core: -1 is not in 0 to 2147483647");
    EXPECT_EQ(refused("    size: 200\n", ""), "9:5: populations.0.size: missing");
    EXPECT_EQ(refused("size: 200", "size: 0"), "10:11: populations.0.size: 0 is not in 1 to 2147483647");
    EXPECT_EQ(refused("      - {core: 13, neurons: \"0\"}\n", ""),
              "18:11: populations.1.cores: expects a list of at least one item");
}

TEST(GoldenSpikeMapping, BadRuns) {
    const std::string at = "12:29: populations.0.cores.0.neurons: ";
    const std::map<std::string, std::string> cases = {
        {"", "expects a text"},
        {" ", "expects runs of neurons"},
        {"5-", "\"5-\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"0-63,64", "\"0-63,64\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"0 x", "\"x\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"-1", "\"-1\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"0-1-2", "\"0-1-2\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"0*2*2", "\"0*2*2\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"99999999999999999999", "\"99999999999999999999\" is no run of neurons; 7, 0-63 or 0-63*2 are"},
        {"63-0", "\"63-0\" ends before it begins"},
        {"0-200", "\"0-200\" is beyond the population's neurons 0 to 199"},
        {"0*0", "\"0*0\" has a number of copies that is not in 1 to 65535"},
        {"0*65536", "\"0*65536\" has a number of copies that is not in 1 to 65535"},
    };
    for (const auto &[runs, text] : cases) EXPECT_EQ(refused("0-63 128-191*2 196", runs), at + text) << runs;
}

TEST(GoldenSpikeMapping, AgainstNetworkAndChip) {
    EXPECT_EQ(refused("core: 13, neurons: \"192", "core: 4096, neurons: \"192"),
              "13:0: population \"conv 1\": core 4096 does not exist, the chip has cores 0 to 4095");
    EXPECT_EQ(refused("core: 13, neurons: \"192", "core: 12, neurons: \"192"),
              "13:0: population \"conv 1\": core 12 stands there twice");
    EXPECT_EQ(refused("197-199", "190-199"), "13:0: population \"conv 1\": neuron 190 stands there twice");
    EXPECT_EQ(refused("192-195 ", ""), "9:0: population \"conv 1\": neuron 192 is on no core");
    EXPECT_EQ(refused("3*4", "3*4 2-5"),
              "15:0: population \"conv 1\": neuron 3 stands there twice among the relays of a core");
    EXPECT_EQ(refused("name: \"conv 1\"", "name: conv1"),
              "9:0: population \"conv1\" stands where the network has \"conv 1\"");
    EXPECT_EQ(refused("size: 200", "size: 201"), "9:0: population \"conv 1\" has 201 neurons, the network's 200");
    EXPECT_EQ(failure(mapping_text({"fc 1: 0 0"})), "0:0: 1 populations, the network has 2 with neurons");
    EXPECT_EQ(failure(TEXT, "loihi1"), "15:0: population \"conv 1\": relays are for chips with limits.destinations");
    EXPECT_EQ(failure(TEXT, "isaac-ce"), "0:0: neurons on cores, but chip \"isaac-ce\" is no spiking one");
}

/* What is cut short or has other bytes is refused with a place, or good: no crash, nothing else. */
TEST(GoldenSpikeMapping, DamagedText) {
    std::mt19937 dice(5);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
        std::string text = TEXT;
        if (i % 3 == 0) text.resize(dice() % text.size());
        for (int k = int(dice() % 3); k > 0 && !text.empty(); k--) {
            const char *const bytes = "0159-*:{}[]\", \n\t\xff";
            text[dice() % text.size()] = bytes[dice() % 18];
        }
        weft_error err = {};
        const spike_mapping_ptr mapping = parse_mapping(text, &err);
        if (mapping) continue;
        refused++;
        EXPECT_TRUE(err.status == WEFT_E_PARSE || err.status == WEFT_E_INVALID) << err.text;
        EXPECT_TRUE(err.text[0]);
        EXPECT_STREQ(err.file, "net.map.yaml");
    }
    EXPECT_GT(refused, 1000);
    EXPECT_LT(refused, 2990);
}

} // namespace
