/* Text for files that others parse. */
#ifndef WEFT_CORE_TEXT_H
#define WEFT_CORE_TEXT_H

#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Texts in order, as options and settings are given. */
typedef struct weft_texts {
    const char **items;
    int count;
} weft_texts;

/* Bytes of the UTF-8 character that text begins with; 0 at its end and where it is none (overlong forms and surrogates
 * included). */
size_t weft_utf8_length(const char *text);
/* The text, for XML and HTML content or attributes: what means something there is escaped, what may not stand there
 * (control characters, bytes that are not UTF-8) becomes U+FFFD. limit: most characters, a longer text ends with "...";
 * 0: any number. */
void weft_xml_print(FILE *stream, const char *text, int limit);
/* The text as a field of a CSV file (RFC 4180): in quotes where it needs them. */
void weft_csv_print(FILE *stream, const char *text);

#ifdef __cplusplus
}
#endif
#endif
