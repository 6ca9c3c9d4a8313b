#include "sim/trace/server.h"

#include <math.h>
#include <string.h>

const char *const weft_server_kind_names[WEFT_SERVER_KINDS] = {"arrays", "digital", "io", "program", "barrier"};

/* Cycles of one operation at most, so that sums stay far from an overflow. */
static const uint64_t LONGEST = (uint64_t)1 << 60;

/* Rounded up; the small number keeps 100 ns / 0.1 ns from becoming 1001. */
static uint64_t cycles_of(const weft_chip *chip, double ns) {
    const double cycles = ceil(ns / chip->cycle_ns - 1e-9);
    if (!(cycles > 0)) return 0;
    return cycles < (double)LONGEST ? (uint64_t)cycles : LONGEST;
}

static uint64_t round_up(uint64_t amount, uint64_t unit) { return amount / unit + (amount % unit != 0); }

static uint64_t link_rate(const weft_chip *chip) { return (uint64_t)chip->io.bits_per_cycle; }

static uint64_t array_cycles(uint64_t interval, uint64_t products) {
    return interval && products > LONGEST / interval ? LONGEST : products * interval;
}

static uint64_t program_cycles(const weft_chip *chip, uint64_t cells) {
    const uint64_t steps = round_up(cells, (uint64_t)chip->device.program_parallel);
    return cycles_of(chip, (double)steps * chip->device.program_pulses * chip->device.program_pulse_ns.value);
}

/* Cycles in which the server can begin nothing else; not of IO, which keeps bits. */
static uint64_t occupancy(const weft_chip *chip, int kind, uint64_t amount) {
    switch ((weft_server_kind)kind) {
    case WEFT_SERVER_ARRAYS:
        return array_cycles((uint64_t)chip->mvm_interval_cycles, amount);
    case WEFT_SERVER_DIGITAL:
        return round_up(amount, (uint64_t)chip->core.digital_lanes);
    case WEFT_SERVER_PROGRAM:
        return program_cycles(chip, amount);
    case WEFT_SERVER_BARRIER:
        if (amount == WEFT_SERVER_SHORTEST_TICK) return cycles_of(chip, chip->clock.tick_ns);
        return cycles_of(chip, chip->clock.barrier_ns + (double)amount * chip->clock.barrier_per_core_ns);
    case WEFT_SERVER_IO:
    case WEFT_SERVER_KINDS:
        break;
    }
    return 0;
}

static uint64_t latency(const weft_chip *chip, int kind) {
    if (kind == WEFT_SERVER_ARRAYS) return (uint64_t)(chip->mvm_latency_cycles - chip->mvm_interval_cycles);
    if (kind == WEFT_SERVER_DIGITAL) return cycles_of(chip, chip->core.digital_ns.value);
    return 0;
}

void weft_server_reset(weft_server *server, weft_server_kind kind) { *server = (weft_server){.kind = (int)kind}; }

uint64_t weft_server_available(const weft_server *server, const weft_chip *chip, uint64_t ready) {
    uint64_t free = server->base;
    if (server->kind == WEFT_SERVER_IO) free += server->bits / link_rate(chip);
    return free > ready ? free : ready;
}

/* A link without anything to do loses the fraction of a cycle that it was ahead. */
static weft_service serve_link(weft_server *server, const weft_chip *chip, uint64_t bits, uint64_t start) {
    const uint64_t rate = link_rate(chip);
    server->base += server->bits / rate;
    server->bits %= rate;
    if (server->base < start) server->base = start, server->bits = 0;
    server->busy -= round_up(server->bits, rate);
    server->bits += bits;
    server->busy += round_up(server->bits, rate);
    return (weft_service){start, server->base + server->bits / rate, server->base + round_up(server->bits, rate)};
}

/* ---- self-timed: time in parts of a cycle ---- */

static uint64_t parts_of(const weft_chip *chip, double ns) {
    const double parts = nearbyint(ns / chip->cycle_ns * WEFT_SERVER_CYCLE_PARTS);
    return parts > 0 ? (uint64_t)parts : 0;
}

static bool is_self_timed(const weft_server *server, const weft_chip *chip) {
    return chip->clock.kind == WEFT_CLOCK_SELF_TIMED &&
           (server->kind == WEFT_SERVER_ARRAYS || server->kind == WEFT_SERVER_DIGITAL);
}

/* Begins within the cycle of `ready` as soon as the server is free. */
static weft_service serve_self_timed(weft_server *server, const weft_chip *chip, uint64_t amount, uint64_t ready) {
    const bool arrays = server->kind == WEFT_SERVER_ARRAYS;
    const uint64_t interval = parts_of(chip, chip->mvm_interval_ns);
    const uint64_t occupied =
        arrays ? amount * interval : occupancy(chip, server->kind, amount) * WEFT_SERVER_CYCLE_PARTS;
    const uint64_t rest =
        arrays ? parts_of(chip, chip->mvm_latency_ns) - interval : parts_of(chip, chip->core.digital_ns.value);
    uint64_t start = server->base * WEFT_SERVER_CYCLE_PARTS + server->bits;
    if (start < ready * WEFT_SERVER_CYCLE_PARTS) start = ready * WEFT_SERVER_CYCLE_PARTS;
    const uint64_t free = start + occupied, begun = start / WEFT_SERVER_CYCLE_PARTS;
    server->base = free / WEFT_SERVER_CYCLE_PARTS, server->bits = free % WEFT_SERVER_CYCLE_PARTS;
    server->busy += server->base - begun;
    return (weft_service){begun, server->base, round_up(free + rest, WEFT_SERVER_CYCLE_PARTS)};
}

weft_service weft_server_serve(weft_server *server, const weft_chip *chip, uint64_t amount, uint64_t ready) {
    if (is_self_timed(server, chip)) return serve_self_timed(server, chip, amount, ready);
    const uint64_t start = weft_server_available(server, chip, ready);
    if (server->kind == WEFT_SERVER_IO) return serve_link(server, chip, amount, start);
    const uint64_t occupied = occupancy(chip, server->kind, amount);
    server->base = start + occupied;
    server->busy += occupied;
    return (weft_service){start, server->base, server->base + latency(chip, server->kind)};
}
