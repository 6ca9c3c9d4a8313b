/* Checks of the network: what cannot be built, and what can deadlock (docs/noc.md). sim/noc refuses the same. */
#include "core/chip_internal.h"

#define FAIL(key, ...) return weft_record_error(yaml, node, key, err, __VA_ARGS__)

static weft_status check_adaptive(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                  weft_error *err) {
    long long escape = (long long)chip->noc.escape_vcs, vcs = (long long)chip->noc.vcs;
    bool torus = chip->noc.topology == WEFT_CHIP_TORUS;
    if (chip->noc.routing != WEFT_CHIP_ADAPTIVE) {
        if (escape) FAIL("noc.escape_vcs", "is for routing adaptive; leave it out");
        return WEFT_OK;
    }
    if (escape >= vcs && escape > 0)
        FAIL("noc.escape_vcs", "%lld of %lld virtual channels leave none to choose; needs fewer, or more noc.vcs",
             escape, vcs);
    if (escape < (torus ? 2 : 1) && !chip->noc.allow_deadlock)
        FAIL("noc.routing",
             "adaptive with noc.escape_vcs %lld can deadlock; needs at least %d escape virtual channel%s that go%s XY, "
             "or noc.allow_deadlock true",
             escape, torus ? 2 : 1, torus ? "s" : "", torus ? "" : "es");
    if (torus && escape % 2 && escape > 1)
        FAIL("noc.escape_vcs", "%lld on a torus; half are for packets that wrap around, so it needs an even number",
             escape);
    return WEFT_OK;
}

static weft_status check_torus(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    long long vcs = (long long)chip->noc.vcs;
    if (chip->noc.topology != WEFT_CHIP_TORUS) return WEFT_OK;
    if (chip->noc.routing == WEFT_CHIP_WEST_FIRST && !chip->noc.allow_deadlock)
        FAIL("noc.routing", "west_first on a torus can deadlock; needs another routing, noc.topology mesh, or "
                            "noc.allow_deadlock true");
    if (chip->noc.routing != WEFT_CHIP_XY && chip->noc.routing != WEFT_CHIP_YX) return WEFT_OK;
    if (vcs == 1 && !chip->noc.allow_deadlock)
        FAIL("noc.vcs",
             "a torus with 1 virtual channel can deadlock; needs an even number, or noc.allow_deadlock true");
    if (vcs > 1 && vcs % 2)
        FAIL("noc.vcs", "%lld on a torus; half are for packets that wrap around, so it needs an even number", vcs);
    return WEFT_OK;
}

static weft_status check_chips(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                               weft_error *err) {
    for (int i = 0; i < 2; i++)
        if (chip->noc.mesh[i] % chip->noc.chips[i])
            FAIL("noc.chips", "%lld routers along %c are not %lld equal chips", (long long)chip->noc.mesh[i], "xy"[i],
                 (long long)chip -> noc.chips[i]);
    return WEFT_OK;
}

weft_status weft_chip_check_noc(const weft_chip *chip, const weft_yaml *yaml, const weft_yaml_node *node,
                                weft_error *err) {
    int64_t link_y = chip->noc.link_cycles_y;
    if (link_y == 0) FAIL("noc.link_cycles_y", "0 is neither -1 nor 1 or more");
    WEFT_TRY(check_adaptive(chip, yaml, node, err));
    WEFT_TRY(check_torus(chip, yaml, node, err));
    WEFT_TRY(check_chips(chip, yaml, node, err));
    if (!chip->noc.multicast) return WEFT_OK;
    if (chip->noc.topology != WEFT_CHIP_MESH) FAIL("noc.multicast", "needs noc.topology mesh");
    if (chip->noc.routing != WEFT_CHIP_XY && chip->noc.routing != WEFT_CHIP_YX)
        FAIL("noc.multicast", "needs noc.routing xy or yx");
    return WEFT_OK;
}
