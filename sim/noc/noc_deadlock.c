/* Who waits for whom: which VCs can never move again, and one cycle of them in words. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/noc/noc_internal.h"

enum { STEPS_SHOWN = 6 };

/* The walk over all input VCs. can_move: known to move some day. */
typedef struct watch {
    const weft_noc *noc;
    uint8_t *can_move; /* [inputs] */
} watch;

static bool moves(const watch *w, int input) { return w->can_move[input]; }

static bool holds_packet(const weft_noc *noc, int input) { return noc_in(noc, input)->state != NOC_IDLE; }

/* The buffer behind an output VC will have room: it has now, or a flit or credit is under way, or the packet that is
 * first in it moves. A terminal always takes flits. */
static bool will_have_room(const watch *w, int output, int *blocker) {
    const weft_noc *noc = w->noc;
    int port = output >> noc->vc_shift, first = noc->port[port].link.input;
    if (first < 0 || noc->output[output].credits) return true;
    int next = first + output - (port << noc->vc_shift);
    if (noc_in(noc, next)->count < noc->config.buffer_flits || moves(w, next)) return true;
    *blocker = next;
    return false;
}

/* An output VC will be free for a packet; atomic: only once its buffer is empty. */
static bool will_be_free(const watch *w, int output, bool atomic, int *blocker) {
    const weft_noc *noc = w->noc;
    int owner = noc->output[output].owner, port = output >> noc->vc_shift, first = noc->port[port].link.input;
    if (owner >= 0 && !moves(w, owner)) {
        *blocker = owner;
        return false;
    }
    int next = first + output - (port << noc->vc_shift);
    if (!atomic || first < 0 || !holds_packet(noc, next) || moves(w, next)) return true;
    *blocker = next;
    return false;
}

/* Some VC of the side will be free. */
static bool side_will_be_free(const watch *w, int router, int side, uint32_t allowed, bool atomic, int *blocker) {
    const weft_noc *noc = w->noc;
    int base = (router * noc->sides_max + side) << noc->vc_shift;
    for (; allowed; allowed &= allowed - 1)
        if (will_be_free(w, base + __builtin_ctz(allowed), atomic, blocker)) return true;
    return false;
}

static bool head_will_move(const watch *w, int input, int *blocker) {
    const weft_noc *noc = w->noc;
    const noc_input *in = noc_in(noc, input);
    int router = noc->port[input >> noc->vc_shift].router;
    if (!noc->choice) return side_will_be_free(w, router, in->out_side, noc->allowed[input], false, blocker);
    const noc_choice *choice = &noc->choice[input];
    uint32_t all = noc->vcs == 32 ? UINT32_MAX : (1U << noc->vcs) - 1, open = all << noc->config.escape_vcs & all;
    bool adaptive = noc->config.routing == WEFT_NOC_ADAPTIVE;
    for (int i = 0; i < 2; i++)
        if (side_will_be_free(w, router, choice->side[i], adaptive ? open : all, adaptive, blocker)) return true;
    return side_will_be_free(w, router, choice->escape, choice->escape_allowed, false, blocker);
}

/* Flits that an output VC's holder waits for are under way, or in the buffer upstream. */
static bool flits_will_come(const watch *w, int input, int *blocker) {
    const weft_noc *noc = w->noc;
    int port = input >> noc->vc_shift, feeder = noc->port[port].feed.output;
    if (noc_in(noc, input)->count || feeder >= noc->inputs) return true;
    int output = feeder + input - (port << noc->vc_shift), owner = noc->output[output].owner;
    if (noc->output[output].credits < noc->config.buffer_flits || owner < 0 || moves(w, owner)) return true;
    *blocker = owner;
    return false;
}

/* Every branch has to get on. */
static bool fork_will_move(const watch *w, int input, int *blocker) {
    const weft_noc *noc = w->noc;
    const noc_fork *fork = &noc->fork[input];
    const noc_branch *branch = &noc->branch[(size_t)input * (size_t)noc->sides_max];
    int router = noc->port[input >> noc->vc_shift].router;
    for (uint64_t sides = fork->open; sides; sides &= sides - 1) {
        int side = __builtin_ctzll(sides);
        bool waits = fork->waiting >> side & 1;
        if (waits ? !side_will_be_free(w, router, side, noc->allowed[input], false, blocker)
                  : !will_have_room(w, branch[side].out_vc, blocker))
            return false;
    }
    return flits_will_come(w, input, blocker);
}

/* False: *blocker is an input VC that has to move first. */
static bool will_move(const watch *w, int input, int *blocker) {
    const noc_input *in = noc_in(w->noc, input);
    if (in->state == NOC_IDLE) return true;
    if (in->state == NOC_WAIT) return head_will_move(w, input, blocker);
    if (in->state == NOC_FORK) return fork_will_move(w, input, blocker);
    return will_have_room(w, in->out_vc, blocker) && flits_will_come(w, input, blocker);
}

/* Spreads "can move" until nothing changes; returns a VC that cannot, or -1. */
static int find_stuck(const watch *w) {
    int stuck, blocker;
    for (bool changed = true; changed;) {
        changed = false;
        stuck = -1;
        for (int i = 0; i < w->noc->inputs; i++) {
            if (w->can_move[i]) continue;
            w->can_move[i] = will_move(w, i, &blocker);
            if (w->can_move[i])
                changed = true;
            else
                stuck = i;
        }
    }
    return stuck;
}

/* ---- words ---- */

typedef struct words {
    char *text;
    size_t size, length;
} words;

static void WEFT_PRINTF(2, 3) say(words *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (w->length < w->size) {
        int length = vsnprintf(w->text + w->length, w->size - w->length, format, arguments);
        if (length > 0) w->length += (size_t)length;
    }
    va_end(arguments);
}

static void say_vc(words *out, const weft_noc *noc, int input) {
    static const char *const sides[] = {"east", "west", "north", "south"};
    int port = input >> noc->vc_shift, router = noc->port[port].router, side = port - router * noc->sides_max;
    const noc_input *in = noc_in(noc, input);
    say(out, "router %d (%d, %d) %s VC %d", router, noc->router_x[router], noc->router_y[router],
        side < WEFT_NOC_SIDES ? sides[side] : "terminal", input - (port << noc->vc_shift));
    if (!in->count) {
        say(out, ", packet behind it");
        return;
    }
    const noc_packet *packet = &noc->packet[in->ring[in->head] >> 1];
    say(out, ", packet %llu of %d flits from %d", (unsigned long long)packet->tag, packet->flits, packet->source);
    if (packet->target >= 0) say(out, " to %d", packet->target);
}

static void say_cycle(words *out, const watch *w, int first) {
    int steps = 0, at = first;
    do {
        if (steps++ < STEPS_SHOWN) {
            if (steps > 1) say(out, " waits for ");
            say_vc(out, w->noc, at);
        }
        will_move(w, at, &at);
    } while (at != first);
    if (steps > STEPS_SHOWN) say(out, " and %d more", steps - STEPS_SHOWN);
    say(out, ", which waits for the first");
}

bool weft_noc_find_deadlock(const weft_noc *noc, char *text, size_t text_size) {
    words out = {text, text_size, 0};
    watch w = {noc, calloc((size_t)noc->inputs, 1)};
    if (text_size) text[0] = 0;
    if (!w.can_move) return false;
    int at = find_stuck(&w);
    /* Everyone stuck waits for someone stuck: as many steps as there are VCs lead into a cycle. */
    for (int i = 0; at >= 0 && i < noc->inputs; i++) will_move(&w, at, &at);
    if (at >= 0) say_cycle(&out, &w, at);
    free(w.can_move);
    return at >= 0;
}
