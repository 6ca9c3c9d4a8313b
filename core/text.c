#include "core/text.h"

#include <stdbool.h>
#include <string.h>

size_t weft_utf8_length(const char *text) {
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) return s[0] != 0;
    size_t length = s[0] >= 0xC2 && s[0] < 0xE0   ? 2
                    : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                    : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                  : 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool outside = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90); /* surrogates, above U+10FFFF */
    return overlong || outside ? 0 : length;
}

/* What stands for a character; NULL: itself. */
static const char *replacement(char c, size_t length) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\t':
    case '\n':
        return NULL;
    default:
        return length == 0 || (unsigned char)c < ' ' || c == 0x7F ? "\xEF\xBF\xBD" : NULL;
    }
}

static int count_characters(const char *text) {
    int count = 0;
    for (; *text; count++) {
        size_t length = weft_utf8_length(text);
        text += length ? length : 1;
    }
    return count;
}

void weft_xml_print(FILE *stream, const char *text, int limit) {
    bool cut = limit > 3 && count_characters(text) > limit;
    for (int count = 0; *text && !(cut && count == limit - 3); count++) {
        size_t length = weft_utf8_length(text);
        const char *other = replacement(*text, length);
        if (other)
            fputs(other, stream);
        else
            fwrite(text, 1, length, stream);
        text += length ? length : 1;
    }
    if (cut) fputs("...", stream);
}

void weft_csv_print(FILE *stream, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"') fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}
