// Spiking networks as files, small enough to know what they do.
#ifndef WEFT_TESTS_SPIKING_FILES_H
#define WEFT_TESTS_SPIKING_FILES_H

#include "core/spike_mapping.h"
#include "tests/support/nir_fixture.h"

namespace weft_test {

inline void write_nir(const weft_nir *nir, const std::string &path) {
    weft_error err = {};
    ASSERT_EQ(weft_nir_write(nir, path.c_str(), &err), WEFT_OK) << err.text;
}

// Two inputs, a neuron each: with ticks of 1 ms the first gets 0.625 a spike and fires above 1, the second gets 2.
inline void write_pair(const std::string &path) {
    const Nir nir = make_nir();
    add_input(nir.get(), "in", {2});
    add(nir.get(), WEFT_NIR_LINEAR, "fc", {{"weight", {2, 2}, {0.625, 0, 0, 2}}});
    add(nir.get(), WEFT_NIR_IF, "cells", {{"r", {2}, {1000}}, {"v_threshold", {2}, {1}}});
    add_output(nir.get(), "out", {2});
    connect(nir.get(), {{"in", "fc"}, {"fc", "cells"}, {"cells", "out"}});
    write_nir(nir.get(), path);
}

// Images of size x size through templates of the ten classes of weft_cli::make_dataset, rows for five, columns for the
// others, to ten IF neurons; `tail` LI neurons behind them where it is not 0.
inline void write_templates(const std::string &path, int size, double threshold = 3, int tail = 0) {
    const Nir nir = make_nir();
    const size_t pixels = static_cast<size_t>(size * size);
    Values weights(10 * pixels, -0.25);
    for (int c = 0; c < 10; c++)
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++)
                if ((c < 5 ? y * 5 / size : x * 5 / size + 5) == c)
                    weights[static_cast<size_t>(c) * pixels + static_cast<size_t>(y * size + x)] = 1;
    add_input(nir.get(), "in", {1, static_cast<double>(size), static_cast<double>(size)});
    add(nir.get(), WEFT_NIR_FLATTEN, "flat", {whole("start_dim", 0), whole("end_dim", -1)});
    add(nir.get(), WEFT_NIR_LINEAR, "fc", {{"weight", {10, static_cast<int>(pixels)}, weights}});
    add(nir.get(), WEFT_NIR_IF, "cells", {{"r", {10}, {1000}}, {"v_threshold", {10}, {threshold}}});
    add_output(nir.get(), "out", {tail ? static_cast<double>(tail) : 10});
    connect(nir.get(), {{"in", "flat"}, {"flat", "fc"}, {"fc", "cells"}});
    if (tail) {
        add(nir.get(), WEFT_NIR_LINEAR, "read", {{"weight", {tail, 10}, {1}}});
        add(nir.get(), WEFT_NIR_LI, "sums", {{"tau", {tail}, {0.01}}, {"r", {tail}, {1}}, {"v_leak", {tail}, {0}}});
        connect(nir.get(), {{"cells", "read"}, {"read", "sums"}, {"sums", "out"}});
    } else {
        connect(nir.get(), {{"cells", "out"}});
    }
    write_nir(nir.get(), path);
}

// A mapping without a mapper: every population on cores of its own, `width` neurons each. Needs weft_spike_layout.
inline void write_spike_mapping(const std::string &path, const std::string &network, const std::string &chip_name,
                                weft_snn_fit_options options, uint32_t width) {
    weft_error err = {};
    weft_chip *chip = nullptr;
    weft_snn *raw = nullptr;
    weft_spike_mapping *m = nullptr;
    ASSERT_EQ(weft_chip_load(&chip, chip_name.c_str(), nullptr, 0, &err), WEFT_OK) << err.text;
    ASSERT_EQ(weft_snn_read(&raw, network.c_str(), options.dt, &err), WEFT_OK) << err.text;
    const Snn snn(raw);
    std::vector<int> neurons;
    for (int p = 0; p < snn->population_count; p++)
        if (weft_snn_is_neuron(&snn->populations[p])) neurons.push_back(p);
    ASSERT_EQ(weft_spike_mapping_create(&m, static_cast<int>(neurons.size()), &err), WEFT_OK);
    int core = 0;
    for (size_t i = 0; i < neurons.size(); i++) {
        const weft_snn_population &from = snn->populations[neurons[i]];
        weft_mapped_population &to = m->populations[i];
        to.name = strdup(from.name);
        to.size = from.size;
        to.piece_count = static_cast<int>((from.size + width - 1) / width);
        to.pieces = static_cast<weft_spike_piece *>(calloc(static_cast<size_t>(to.piece_count), sizeof *to.pieces));
        for (int k = 0; k < to.piece_count; k++) {
            const uint32_t first = static_cast<uint32_t>(k) * width;
            to.pieces[k].core = core++;
            to.pieces[k].run_count = 1;
            to.pieces[k].runs = static_cast<weft_neuron_run *>(calloc(1, sizeof *to.pieces[k].runs));
            to.pieces[k].runs[0] = {first, std::min(width, from.size - first), 1};
        }
    }
    snprintf(m->network_path, sizeof m->network_path, "%s", network.c_str());
    snprintf(m->chip_path, sizeof m->chip_path, "%s", chip->path);
    ASSERT_EQ(weft_sha256_file(&m->network_sha256, network.c_str(), &err), WEFT_OK);
    m->chip_sha256 = chip->sha256;
    m->options = options;
    ASSERT_EQ(weft_spike_mapping_write(m, path.c_str(), &err), WEFT_OK) << err.text;
    weft_spike_mapping_destroy(m);
    weft_chip_destroy(chip);
}

} // namespace weft_test

#endif
