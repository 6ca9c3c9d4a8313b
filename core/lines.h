/* Text files of lines of words, with the place of every error. */
#ifndef WEFT_CORE_LINES_H
#define WEFT_CORE_LINES_H

#include <stdint.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Words are separated by blanks, tabs and carriage returns; a word that begins with '#' begins a comment, which ends
 * with its line. */
typedef struct weft_lines {
    const char *path, *at, *end; /* of the file; borrowed */
    const char *line, *line_end; /* the present one */
    const char *word;            /* the last one taken */
    size_t length;
    int number; /* of the present line, from 1 */
} weft_lines;
/* Before the first line of data: [size] bytes. */
weft_lines weft_lines_begin(const char *path, const char *data, size_t size);
/* The next line that has a word; false at the end. */
bool weft_lines_next_line(weft_lines *lines);
/* The next word of the line; false at its end. */
bool weft_lines_next_word(weft_lines *lines);
bool weft_lines_word_is(const weft_lines *lines, const char *text);
/* PARSE at the last word taken. */
weft_status weft_lines_word_error(const weft_lines *lines, weft_error *err, const char *format, ...) WEFT_PRINTF(3, 4);
/* PARSE where there is one more word. */
weft_status weft_lines_end_line(weft_lines *lines, weft_error *err);
/* The next word, a whole number from min to max, else PARSE; what: how to call it. */
weft_status weft_lines_next_number(weft_lines *lines, int64_t *out, int64_t min, int64_t max, const char *what,
                                   weft_error *err);
/* A number from 0 to max of the list in the present word, at *at, which is moved behind it; else PARSE. */
weft_status weft_lines_list_number(weft_lines *lines, const char **at, int64_t *out, int64_t max, const char *what,
                                   weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
