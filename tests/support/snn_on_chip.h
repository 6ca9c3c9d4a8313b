// Spiking networks fitted to chips, for tests.
#ifndef WEFT_TESTS_SNN_ON_CHIP_H
#define WEFT_TESTS_SNN_ON_CHIP_H

#include "tests/support/nir_fixture.h"
#include "tests/support/spike_map_fixture.h"

namespace weft_test {

using Fit = std::unique_ptr<weft_snn_fit, decltype(&weft_snn_fit_destroy)>;

inline Fit make_fit(const weft_snn *snn, const weft_chip *chip, const weft_snn_fit_options &options) {
    weft_snn_fit *fit = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_fit_create(&fit, snn, chip, &options, &err), WEFT_OK) << err.text;
    return {fit, weft_snn_fit_destroy};
}

inline std::string fit_error(const weft_snn *snn, const weft_chip *chip, const weft_snn_fit_options &options,
                             weft_status wanted = WEFT_E_INVALID) {
    weft_snn_fit *fit = nullptr;
    weft_error err = {};
    EXPECT_EQ(weft_snn_fit_create(&fit, snn, chip, &options, &err), wanted);
    EXPECT_EQ(fit, nullptr);
    return err.text;
}

// Input "in" -> Affine "w" [out, in] (with `bias`, when it is not empty) -> neurons "n" -> Output "out".
inline Nir one_layer(weft_nir_type type, const std::vector<Parameter> &neurons, int in, int out, const Values &weight,
                     const Values &bias = {}) {
    Nir nir = make_nir();
    add_input(nir.get(), "in", {double(in)});
    std::vector<Parameter> parameters = {{"weight", {out, in}, weight}};
    if (!bias.empty()) parameters.push_back({"bias", {out}, bias});
    add(nir.get(), bias.empty() ? WEFT_NIR_LINEAR : WEFT_NIR_AFFINE, "w", parameters);
    add(nir.get(), type, "n", neurons);
    add_output(nir.get(), "out", {double(out)});
    connect(nir.get(), {{"in", "w"}, {"w", "n"}, {"n", "out"}});
    return nir;
}

} // namespace weft_test

#endif
