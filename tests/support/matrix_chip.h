// Tiny chip files for the support matrix: keys as text, written one a line, so that a refusal can be held to its place.
#ifndef WEFT_TESTS_SUPPORT_MATRIX_CHIP_H
#define WEFT_TESTS_SUPPORT_MATRIX_CHIP_H

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weft_test {

using settings = std::vector<std::pair<std::string, std::string>>; // dotted key, value

class matrix_chip {
  public:
    // 24 x 32 cells, 4 arrays on one core; levels, bit-serial inputs of 4 bits, lossless converters.
    matrix_chip() {
        set({{"name", "tiny"},
             {"clock.cycle_ns", "1"},
             {"array.rows", "24"},
             {"array.columns", "32"},
             {"array.cell_bits", "2"},
             {"array.per_core", "4"},
             {"weight.bits", "5"},
             {"weight.encoding", "offset"},
             {"input.bits", "4"},
             {"input.encoding", "bit_serial"},
             {"input.bits_per_pulse", "1"},
             {"input.pulse_ns", "1"},
             {"adc.bits", "10"},
             {"adc.per_array", "4"},
             {"adc.conversion_ns", "1"},
             {"adc.range", "unit"},
             {"device.g_max_us", "20"},
             {"device.program_pulses", "3"},
             {"device.program_pulse_ns", "10"},
             {"device.program_pulse_pj", "2"},
             {"core.buffer_bytes", "4096"},
             {"core.digital_lanes", "1"},
             {"core.input_ns", "1"},
             {"core.output_ns", "1"},
             {"core.digital_ns", "1"},
             {"noc.mesh", "[1, 1]"},
             {"noc.flit_bits", "32"},
             {"io.bits_per_cycle", "32"},
             {"io.partial_bits", "48"},
             {"static_power.core_mw", "0"},
             {"static_power.router_mw", "0"},
             {"static_power.chip_mw", "0"}});
        for (const char *event : {"array_read_pj", "row_drive_pj", "sample_hold_pj", "adc_conversion_pj",
                                  "shift_add_pj", "input_register_pj_per_bit", "output_register_pj_per_bit",
                                  "partial_add_pj", "affine_pj", "activation_pj", "pool_pj", "buffer_write_pj_per_bit",
                                  "buffer_read_pj_per_bit", "router_flit_pj", "link_flit_pj", "io_pj_per_bit"})
            set({{std::string("energy.") + event, "1"}});
    }
    void set(const settings &keys) {
        for (const auto &[key, value] : keys) values_[key] = value;
    }
    void remove(const std::string &key) { values_.erase(key); }
    // Writes the file; remembers the lines.
    void write(const std::string &path) {
        std::ofstream stream(path, std::ios::binary);
        std::string section;
        int line = 0;
        for (const auto &[key, value] : values_) {
            const size_t dot = key.find('.');
            const std::string head = dot == std::string::npos ? "" : key.substr(0, dot);
            if (head != section) stream << head << ":\n", line++;
            section = head;
            const std::string text = (head.empty() ? "" : "  ") + key.substr(dot == std::string::npos ? 0 : dot + 1);
            stream << text << ": " << value << '\n';
            places_[key] = std::to_string(++line) + ":" + std::to_string(text.size() + 3);
        }
    }
    // "LINE:COLUMN" of a key's value.
    std::string place(const std::string &key) const {
        const auto found = places_.find(key);
        return found == places_.end() ? "not written" : found->second;
    }

  private:
    struct by_section { // keys without a section first, so that they do not fall into one
        bool operator()(const std::string &a, const std::string &b) const {
            const bool plain_a = a.find('.') == std::string::npos, plain_b = b.find('.') == std::string::npos;
            return plain_a != plain_b ? plain_a : a < b;
        }
    };
    std::map<std::string, std::string, by_section> values_;
    std::map<std::string, std::string> places_;
};

} // namespace weft_test

#endif
