#include "mapper/draw.h"

#include <string.h>

#include "core/text.h"

/* Okabe and Ito's colours without black. */
static const weft_colour few[] = {{0xE6, 0x9F, 0x00}, {0x56, 0xB4, 0xE9}, {0x00, 0x9E, 0x73}, {0xF0, 0xE4, 0x42},
                                  {0x00, 0x72, 0xB2}, {0xD5, 0x5E, 0x00}, {0xCC, 0x79, 0xA7}};
/* From dark blue over green to yellow, lightness rising all the way. */
static const weft_colour many[] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
static const weft_colour heat[] = {
    {0xF3, 0xE6, 0xB3}, {0xE6, 0x9F, 0x00}, {0xD5, 0x5E, 0x00}, {0x8A, 0x1F, 0x45}, {0x22, 0x0C, 0x36}};

static weft_colour mix(weft_colour a, weft_colour b, double share) {
    return (weft_colour){a.red + (int)((b.red - a.red) * share + 0.5),
                         a.green + (int)((b.green - a.green) * share + 0.5),
                         a.blue + (int)((b.blue - a.blue) * share + 0.5)};
}

static weft_colour along(const weft_colour *scale, int count, double share) {
    double at = share * (count - 1);
    int low = (int)at;
    if (low > count - 2) low = count - 2;
    return mix(scale[low], scale[low + 1], at - low);
}

weft_colour weft_draw_class(int index, int count) {
    if (count <= (int)(sizeof few / sizeof *few)) return few[index];
    weft_colour colour = along(many, sizeof many / sizeof *many, (double)index / (count - 1));
    return index % 2 ? mix(colour, (weft_colour){255, 255, 255}, 0.35) : colour;
}

weft_colour weft_draw_heat(double share) { return along(heat, sizeof heat / sizeof *heat, share); }

void weft_draw_open(FILE *stream, int width, int height, const char *title) {
    fprintf(stream,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" role=\"img\">\n<title>",
            width, height, width, height);
    weft_xml_print(stream, title, 0);
    fprintf(stream, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height);
}

weft_status weft_draw_close(FILE *stream, weft_error *err) {
    fputs("</svg>\n", stream);
    if (fflush(stream) == 0 && !ferror(stream)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_IO, "the figure could not be written");
}

void weft_draw_text(FILE *stream, double x, double y, int size, weft_draw_anchor anchor, const char *fill,
                    const char *text, int limit) {
    static const char *const names[] = {"start", "middle", "end"};
    fprintf(stream, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\" fill=\"%s\">", x, y, size,
            names[anchor], fill);
    weft_xml_print(stream, text, limit);
    fputs("</text>\n", stream);
}

const char *weft_draw_number(char *out, uint64_t value) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value), to = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) out[to++] = ' ';
        out[to++] = digits[i];
    }
    out[to] = 0;
    return out;
}

const char *weft_draw_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash) return slash + 1;
    return path[0] ? path : "network";
}
