/* Where fitted transforms are kept. A file: the header, mean [n], matrix [n, n], SHA-256 of all that in hex. */
#include <stdlib.h>
#include <string.h>

#include "core/zca_internal.h"

#define VERSION "weft zca 1" /* changes with the method or the file's form */
enum { PATH_SIZE = 4096, DIGEST_SIZE = 64 };

typedef struct header {
    char version[16];
    char key[65], padding[7];
    uint64_t values; /* also shows a file of another byte order */
    double norm;
} header;

static weft_status check_images(const weft_dataset *train, weft_error *err) {
    size_t values = weft_shape_size(train->shape);
    if (train->count == 0) return weft_error_set(err, WEFT_E_INVALID, "%s: no images to fit a ZCA on", train->name);
    if (values > WEFT_ZCA_VALUES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "%s: images of %zu values; a ZCA takes at most %d", train->name,
                              values, WEFT_ZCA_VALUES_MAX);
    return WEFT_OK;
}

weft_status weft_zca_key(weft_sha256 *out, const weft_dataset *train, double norm, double epsilon, weft_error *err) {
    char text[256];
    weft_shape s = train->shape;
    WEFT_TRY(check_images(train, err));
    weft_sha256 pixels = weft_sha256_bytes(train->pixels, train->count * weft_shape_size(s));
    int length = snprintf(text, sizeof text, VERSION " norm %.17g epsilon %.17g images %zu x %d x %d x %d pixels %s",
                          norm, epsilon, train->count, s.channels, s.height, s.width, pixels.hex);
    *out = weft_sha256_bytes(text, (size_t)length);
    return WEFT_OK;
}

/* False where no folder is named, or it is too long. */
static bool cache_folder(char *out) {
    const char *own = getenv("WEFT_CACHE"), *common = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own && own[0]) return weft_path_join(out, PATH_SIZE, ".", own, NULL) == WEFT_OK;
    if (common && common[0] == '/') return weft_path_join(out, PATH_SIZE, common, "weft", NULL) == WEFT_OK;
    return home && home[0] && weft_path_join(out, PATH_SIZE, home, ".cache/weft", NULL) == WEFT_OK;
}

static bool cache_path(char *folder, char *path, const weft_sha256 *key) {
    char name[80];
    snprintf(name, sizeof name, "zca-%s.bin", key->hex);
    return cache_folder(folder) && weft_path_join(path, PATH_SIZE, folder, name, NULL) == WEFT_OK;
}

static header header_of(size_t values, double norm, const weft_sha256 *key) {
    header h;
    memset(&h, 0, sizeof h);
    snprintf(h.version, sizeof h.version, "%s", VERSION);
    memcpy(h.key, key->hex, sizeof h.key);
    h.values = values;
    h.norm = norm;
    return h;
}

static size_t body_size(size_t values) { return sizeof(header) + (values + values * values) * sizeof(float); }

static bool bytes_are_whole(const char *bytes, size_t size, const header *expected) {
    size_t body = body_size((size_t)expected->values);
    if (size != body + DIGEST_SIZE || memcmp(bytes, expected, sizeof *expected) != 0) return false;
    weft_sha256 digest = weft_sha256_bytes(bytes, body);
    return memcmp(bytes + body, digest.hex, DIGEST_SIZE) == 0;
}

static void bytes_take(weft_zca *zca, const char *bytes, size_t n) {
    const float *floats = (const float *)(const void *)(bytes + sizeof(header));
    memcpy(weft_zca_mean(zca), floats, n * sizeof *floats);
    for (size_t i = 0; i < n; i++) weft_zca_set(zca, i, 0, n, floats + n + i * n);
}

bool weft_zca_cache_read(weft_zca **out, size_t values, double norm, const weft_sha256 *key) {
    char folder[PATH_SIZE], path[PATH_SIZE], *bytes = NULL;
    size_t size = 0;
    header expected = header_of(values, norm, key);
    *out = NULL;
    if (!cache_path(folder, path, key)) return false;
    if (weft_file_read(&bytes, &size, path, body_size(values) + DIGEST_SIZE, NULL) != WEFT_OK) return false;
    if (bytes_are_whole(bytes, size, &expected) && weft_zca_create(out, values, norm, key, NULL) == WEFT_OK)
        bytes_take(*out, bytes, values);
    free(bytes);
    return *out != NULL;
}

static void bytes_make(char *bytes, const weft_zca *zca) {
    size_t n = weft_zca_values(zca), body = body_size(n);
    header h = header_of(n, weft_zca_norm(zca), weft_zca_key_of(zca));
    float *floats = (float *)(void *)(bytes + sizeof h);
    memcpy(bytes, &h, sizeof h);
    weft_zca_read(zca, floats, floats + n);
    weft_sha256 digest = weft_sha256_bytes(bytes, body);
    memcpy(bytes + body, digest.hex, DIGEST_SIZE);
}

void weft_zca_cache_write(const weft_zca *zca) {
    char folder[PATH_SIZE], path[PATH_SIZE];
    size_t size = body_size(weft_zca_values(zca)) + DIGEST_SIZE;
    if (!cache_path(folder, path, weft_zca_key_of(zca)) || weft_folder_create(folder, NULL) != WEFT_OK) return;
    char *bytes = malloc(size);
    if (!bytes) return;
    bytes_make(bytes, zca);
    /* The transform is at hand: a cache that cannot be written costs another fit, no more. */
    (void)weft_file_write(path, bytes, size, NULL);
    free(bytes);
}
