#include <string.h>

#include "mapper/allocate_internal.h"

void weft_input_use_reset(weft_input_use *use) {
    use->first_line = 0;
    use->last_line = -1;
    use->channels = 0;
    use->rows = 0;
    memset(use->marks, 0, (size_t)use->stage->in.channels);
}

/* Channels [begin, end) that were not read before. */
static int fresh_channels(weft_input_use *use, int begin, int end, bool keep) {
    int count = 0;
    if (use->channels == use->stage->in.channels) return 0;
    for (int c = begin; c < end; c++) count += !use->marks[c];
    if (keep) memset(use->marks + begin, 1, (size_t)(end - begin));
    return count;
}

/* Kernel rows and channels of matrix rows [begin, end) of one group. */
static int within_group(weft_input_use *use, int begin, int end, int lines[2], bool keep) {
    const weft_stage *stage = use->stage;
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    int base = begin / rows * channels, last = end - 1;
    int first_tap = weft_stage_row_tap(stage, begin), last_tap = weft_stage_row_tap(stage, last);
    lines[0] = first_tap / stage->window.kernel_w;
    lines[1] = last_tap / stage->window.kernel_w;
    if (end - begin >= channels) return fresh_channels(use, base, base + channels, keep);
    int from = begin % rows % channels, to = last % rows % channels + 1;
    if (first_tap == last_tap) return fresh_channels(use, base + from, base + to, keep);
    return fresh_channels(use, base, base + to, keep) + fresh_channels(use, base + from, base + channels, keep);
}

static int64_t conv_bytes(const weft_input_use *use, const int lines[2], int channels) {
    const weft_stage *stage = use->stage;
    int64_t height = weft_mapping_lines(stage, lines[0], lines[1]);
    if (height > stage->in.height) height = stage->in.height;
    return (height * stage->in.width * channels * use->input_bits + 7) / 8;
}

int64_t weft_input_use_with(weft_input_use *use, int begin, int end, bool keep) {
    const weft_stage *stage = use->stage;
    if (!stage->is_conv) {
        int64_t rows = use->rows + end - begin;
        if (keep) use->rows = rows;
        return (rows * use->input_bits + 7) / 8;
    }
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    int lines[2] = {0, stage->window.kernel_h - 1}, count = use->channels;
    if (begin / rows == (end - 1) / rows)
        count += within_group(use, begin, end, lines, keep);
    else
        count += fresh_channels(use, begin / rows * channels, ((end - 1) / rows + 1) * channels, keep);
    if (use->last_line >= use->first_line) {
        if (use->first_line < lines[0]) lines[0] = use->first_line;
        if (use->last_line > lines[1]) lines[1] = use->last_line;
    }
    if (keep) {
        use->first_line = lines[0];
        use->last_line = lines[1];
        use->channels = count;
    }
    return conv_bytes(use, lines, count);
}
