/* Values of options that are more than a text. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

weft_status weft_option_number(double *out, const char *option, const char *text, double low, double high,
                               weft_error *err) {
    char *end;
    if (!text) return WEFT_OK;
    const double value = strtod(text, &end);
    if (end == text || *end || strspn(text, "0123456789.eE+-") != strlen(text))
        return weft_error_set(err, WEFT_E_USAGE, "--%s: \"%.80s\" is not a number", option, text);
    if (!(value >= low && value <= high))
        return weft_error_set(err, WEFT_E_USAGE, "--%s: %.40s is not in %g..%g", option, text, low, high);
    *out = value;
    return WEFT_OK;
}

weft_status weft_option_choice(int *out, const char *option, const char *text, const char *const *names,
                               weft_error *err) {
    char known[256] = "";
    *out = 0;
    for (int i = 0; text && names[i]; i++)
        if (!strcmp(names[ *out = i], text)) return WEFT_OK;
    if (!text) return WEFT_OK;
    const char *nearest = weft_text_nearest(text, names);
    if (nearest)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: there is no \"%.80s\"; did you mean \"%s\"?", option, text,
                              nearest);
    for (size_t used = 0; *names && used < sizeof known; names++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", *names);
    return weft_error_set(err, WEFT_E_USAGE, "--%s: there is no \"%.80s\"; there are %s", option, text, known);
}

weft_status weft_option_whole(uint64_t *out, const char *option, const char *text, weft_error *err) {
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end || errno)
        return weft_error_set(err, WEFT_E_USAGE, "--%s: \"%.80s\" is not a whole number from 0 to %llu", option, text,
                              (unsigned long long)UINT64_MAX);
    *out = value;
    return WEFT_OK;
}

static bool is_given(const void *options, const weft_option *option) {
    const void *at = (const char *)options + option->offset;
    switch (option->kind) {
    case WEFT_OPTION_FLAG:
        return *(const bool *)at;
    case WEFT_OPTION_TEXT:
        return *(const char *const *)at != NULL;
    case WEFT_OPTION_TEXTS:
        return ((const weft_texts *)at)->count > 0;
    case WEFT_OPTION_COUNT:
        return *(const uint64_t *)at != option->default_count;
    }
    return false;
}

const char *weft_option_given(const void *options, const weft_command *command, const char *const *names) {
    for (; *names; names++)
        for (int i = 0; i < command->option_count; i++)
            if (!strcmp(command->options[i].name, *names) && is_given(options, &command->options[i])) return *names;
    return NULL;
}
