/* Test help: a mesh with one terminal a router, and a small generator. */
#ifndef WEFT_TESTS_NOC_MESH_H
#define WEFT_TESTS_NOC_MESH_H

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "sim/noc/noc.h"

struct Mesh {
    std::vector<int> terminal_router;
    weft_noc_config config{};
    weft_noc *noc = nullptr;

    Mesh(int width, int height, int vcs = 2, int buffer_flits = 4) : terminal_router(size_t(width) * size_t(height)) {
        std::iota(terminal_router.begin(), terminal_router.end(), 0);
        config.width = width, config.height = height;
        config.vcs = vcs, config.buffer_flits = buffer_flits;
        config.vc_cycles = config.switch_cycles = config.traversal_cycles = config.link_cycles = config.credit_cycles =
            1;
    }
    Mesh(const Mesh &) = delete;
    Mesh &operator=(const Mesh &) = delete;
    ~Mesh() { weft_noc_destroy(noc); }
    weft_status create(weft_error *err = nullptr) {
        config.terminal_count = int(terminal_router.size());
        config.terminal_router = terminal_router.data();
        weft_noc_destroy(noc);
        return weft_noc_create(&noc, &config, err);
    }
    /* Cycles until one packet has arrived; 0: it has not. */
    uint64_t latency(int from, int to, int flits) {
        const weft_noc_delivery *d = nullptr;
        if (weft_noc_inject(noc, from, to, flits, 0, nullptr) != WEFT_OK) return 0;
        for (uint64_t begin = weft_noc_cycle(noc), i = 0; i < 1000000; i++)
            if (weft_noc_step(noc, &d) == 1) return weft_noc_cycle(noc) - begin;
        return 0;
    }
    int routers(int from, int to) const { /* on the path */
        int a = terminal_router[size_t(from)], b = terminal_router[size_t(to)], w = config.width;
        return 1 + std::abs(a % w - b % w) + std::abs(a / w - b / w);
    }
};

/* SplitMix64. */
struct Random {
    uint64_t state;
    uint64_t next() {
        uint64_t z = state += 0x9E3779B97F4A7C15ULL;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
        return z ^ z >> 31;
    }
    int below(int n) { return int(next() % uint64_t(n)); }
    bool chance(double p) { return double(next() >> 11) * 0x1p-53 < p; }
};

#endif
