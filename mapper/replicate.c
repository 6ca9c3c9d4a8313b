#include <stdlib.h>

#include "mapper/passes.h"

/* Numbers of positions that are tried go up in steps of 1/STEPS; CELL of them are skipped at once where the last does
 * not fit. They do not depend on the arrays there are, so that more arrays never give a slower pipeline. */
enum { STEPS = 64, CELL = 8 };

typedef struct search {
    const weft_replication *r;
    const weft_part *parts; /* [part_count] */
    int part_count;
    bool split; /* stages that lie in several of the parts have copies too, as many in each; else they keep theirs */
    weft_allocator *allocator;
    weft_copies *copies; /* [stages->count] of the number tried last */
    uint64_t *numbers;   /* rising */
    int count;
} search;

/* Arrays of the part when no copy computes more than `most` positions, or -1. Fills copies. */
static int64_t arrays_for(const search *s, const weft_part *part, uint64_t most, weft_copies_form form) {
    int64_t arrays = 0;
    for (int i = 0; i < part->piece_count; i++) {
        const weft_piece *piece = &part->pieces[i];
        weft_copies *copies = &s->copies[piece->stage];
        if (s->split || weft_piece_is_whole(piece, s->r->grids)) {
            *copies = (weft_copies){1, 1, 0};
            if (s->r->stages->items[piece->stage].has_matrix &&
                weft_fewest_copies(copies, &s->r->loads[piece->stage], most, form) == 0)
                return -1;
        }
        for (int t = piece->strip_begin; t < piece->strip_end; t++)
            arrays += weft_copies_count(*copies) * s->r->grids[piece->stage].strips[t].tile_count;
    }
    return arrays;
}

/* Most arrays of a part, or -1. */
static int64_t most_arrays(const search *s, uint64_t most, weft_copies_form form) {
    int64_t largest = 0;
    for (int p = 0; p < s->part_count; p++) {
        int64_t arrays = arrays_for(s, &s->parts[p], most, form);
        if (arrays < 0) return -1;
        if (arrays > largest) largest = arrays;
    }
    return largest;
}

uint64_t weft_digital_target(const weft_chip *chip, uint64_t positions) {
    return positions * (uint64_t)chip->mvm_interval_cycles * (uint64_t)chip->core.digital_lanes;
}

/* Does the allocator place the copies for that many positions, in one of the forms? They are in s->copies. */
static weft_status try_number(bool *fits, const search *s, int number, weft_error *err) {
    uint64_t positions = s->numbers[number], target = weft_digital_target(s->r->chip, positions);
    *fits = false;
    for (int form = 0; form < WEFT_COPIES_FORM_COUNT && !*fits; form++) {
        most_arrays(s, positions, (weft_copies_form)form);
        *fits = true;
        for (int p = 0; p < s->part_count && *fits; p++) {
            weft_status status = weft_allocate_part(s->allocator, 1, target, &s->parts[p], s->copies, NULL, p, err);
            if (status != WEFT_OK && status != WEFT_E_NO_FIT) return status;
            *fits = status == WEFT_OK;
        }
    }
    return WEFT_OK;
}

/* ---- the numbers of positions ---- */

uint64_t weft_part_positions(const weft_part *part, const weft_stages *stages, const weft_load *loads) {
    uint64_t most = 1;
    for (int i = 0; i < part->piece_count; i++) {
        int stage = part->pieces[i].stage;
        uint64_t positions = stages->items[stage].has_matrix ? weft_load_alone(&loads[stage]) : 0;
        if (positions > most) most = positions;
    }
    return most;
}

static uint64_t positions_alone(const search *s) {
    uint64_t most = 1;
    for (int p = 0; p < s->part_count; p++) {
        uint64_t positions = weft_part_positions(&s->parts[p], s->r->stages, s->r->loads);
        if (positions > most) most = positions;
    }
    return most;
}

static uint64_t next_number(uint64_t n) { return n + (n / STEPS > 0 ? n / STEPS : 1); }

static bool list_numbers(search *s) {
    uint64_t last = positions_alone(s);
    int count = 1;
    for (uint64_t n = 1; n < last; n = next_number(n)) count++;
    s->numbers = malloc((size_t)count * sizeof *s->numbers);
    if (!s->numbers) return false;
    for (uint64_t n = 1; s->count < count; n = next_number(n)) s->numbers[s->count++] = n;
    return true;
}

/* The first number from which the arrays suffice. The last one always does: one copy of everything. */
static int first_within(const search *s) {
    int low = 0, high = s->count - 1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int64_t arrays = most_arrays(s, s->numbers[middle], WEFT_COPIES_ALONG_Y);
        if (arrays >= 0 && arrays <= s->r->array_limit && s->numbers[middle] >= s->r->floor_positions)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first number from `from` on that can be placed, looking into a cell only when its last can; the last of all can
 * be: one copy of everything. Its copies are in s->copies. */
static weft_status first_placed(int *found, const search *s, int from, weft_error *err) {
    bool fits = false;
    *found = from;
    WEFT_TRY(try_number(&fits, s, from, err));
    for (int at = from; !fits;) {
        int cell_end = at / CELL * CELL + CELL - 1;
        if (cell_end > s->count - 1) cell_end = s->count - 1;
        WEFT_TRY(try_number(&fits, s, cell_end, err));
        if (!fits && cell_end < s->count - 1) {
            at = cell_end + 1;
            continue;
        }
        for (*found = at, fits = false; !fits; *found += !fits) {
            if (*found == s->count - 1) break;
            WEFT_TRY(try_number(&fits, s, *found, err));
        }
        if (!fits) most_arrays(s, s->numbers[*found], WEFT_COPIES_ALONG_Y);
        return WEFT_OK;
    }
    return WEFT_OK;
}

static weft_status replicate_parts(weft_target *target, search s, weft_error *err) {
    weft_status status = WEFT_OK;
    int found = 0;
    if (!list_numbers(&s)) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while replicating stages");
    int first = first_within(&s);
    WEFT_TRY_GOTO(first_placed(&found, &s, first, err));
    *target = (weft_target){s.numbers[found], s.numbers[first]};
cleanup:
    free(s.numbers);
    return status;
}

weft_status weft_replicate_together(weft_copies *copies, weft_target *target, const weft_replication *r,
                                    const weft_parts *parts, weft_allocator *allocator, weft_error *err) {
    search s = {.r = r, .parts = parts->items, .part_count = parts->count, .allocator = allocator, .copies = copies};
    s.split = true;
    return replicate_parts(target, s, err);
}

weft_status weft_replicate(weft_copies *copies, weft_target *targets, const weft_replication *r,
                           const weft_parts *parts, bool apart, weft_allocator *allocator, weft_error *err) {
    for (int s = 0; s < r->stages->count; s++) copies[s] = (weft_copies){1, 1, 0};
    if (apart && parts->count > 1) {
        WEFT_TRY(weft_replicate_together(copies, &targets[0], r, parts, allocator, err));
        for (int p = 1; p < parts->count; p++) targets[p] = targets[0];
        return WEFT_OK;
    }
    for (int p = 0; p < parts->count; p++) {
        search s = {.r = r, .parts = &parts->items[p], .part_count = 1, .allocator = allocator, .copies = copies};
        WEFT_TRY(replicate_parts(&targets[p], s, err));
    }
    return WEFT_OK;
}
