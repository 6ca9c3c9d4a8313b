#include <stdint.h>
#include <string.h>

#include "core/status.h"

enum { LETTERS_MAX = 63 };

static int least(int a, int b) { return a < b ? a : b; }

/* Levenshtein distance; texts over LETTERS_MAX letters count as far from everything. */
static int distance(const char *a, const char *b) {
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > LETTERS_MAX || length_b > LETTERS_MAX) return INT32_MAX;
    int row[LETTERS_MAX + 1];
    for (size_t j = 0; j <= length_b; j++) row[j] = (int)j;
    for (size_t i = 1; i <= length_a; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= length_b; j++) {
            int above = row[j];
            row[j] = least(least(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}

const char *weft_text_nearest(const char *text, const char *const *names) {
    const char *nearest = NULL;
    int best = INT32_MAX;
    for (; *names; names++) {
        size_t length = strlen(text) > strlen(*names) ? strlen(text) : strlen(*names);
        int allowed = length < 3 ? 1 : (int)(length + 2) / 3, found = distance(text, *names);
        if (found > allowed || found >= best) continue;
        best = found;
        nearest = *names;
    }
    return nearest;
}
