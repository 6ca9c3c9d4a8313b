/* The schema, and what of a point stands in it. docs/results.md shows the same tables. */
#include <stdlib.h>
#include <string.h>

#include "sim/report/json.h"
#include "sweep/experiment_internal.h"
#include "sweep/store_internal.h"

const weft_store_column weft_store_columns[WEFT_STORE_COLUMN_COUNT] = {
#define WEFT_STORE_COLUMN_ROW(id, name, type, text) {name, type, text},
    WEFT_STORE_POINT_COLUMNS(WEFT_STORE_COLUMN_ROW) WEFT_STORE_KEY_COLUMNS(WEFT_STORE_COLUMN_ROW)
#undef WEFT_STORE_COLUMN_ROW
};

/* ---- texts of a point ---- */

bool weft_store_is_column(const char *name) {
    for (int c = 0; c < WEFT_STORE_COLUMN_COUNT; c++)
        if (!strcmp(name, weft_store_columns[c].name)) return true;
    return weft_metric_find(name) >= 0;
}

/* Settings with a column of their own; images and trials of the metrics are what came of them. */
static bool is_setting_column(const char *key) {
    for (int c = WEFT_STORE_KIND; c <= WEFT_STORE_RECALIBRATE; c++)
        if (!strcmp(key, weft_store_columns[c].name)) return true;
    return false;
}

static void print_setting(weft_json *json, const char *key, const weft_field *field, const void *value) {
    switch (field->kind) {
    case WEFT_FIELD_INT: /* none is negative */
        weft_json_count(json, key, (uint64_t) * (const int64_t *)value);
        break;
    case WEFT_FIELD_REAL:
        weft_json_number(json, key, *(const double *)value);
        break;
    case WEFT_FIELD_BOOL:
        weft_json_bool(json, key, *(const bool *)value);
        break;
    case WEFT_FIELD_ENUM:
        weft_json_text(json, key, field->choices[*(const int *)value]);
        break;
    case WEFT_FIELD_STRING:
        weft_json_text(json, key, *(const char *const *)value);
        break;
    default: /* settings have no others */
        break;
    }
}

/* Those of a section have its name ahead of theirs: "map.objective". */
static void print_settings(weft_json *json, const weft_record *record, const void *value, const char *section,
                           int user) {
    char path[128];
    const size_t length = section ? strlen(section) + 1 : 0;
    if (section) snprintf(path, sizeof path, "%s.", section);
    for (size_t i = 0; i < record->count; i++) {
        const weft_field *field = &record->fields[i];
        const void *member = (const char *)value + field->offset;
        if (section)
            snprintf(path + length, sizeof path - length, "%s", field->key);
        else if (is_setting_column(field->key))
            continue;
        if (!(weft_setting_users(section ? path : field->key) >> user & 1u)) continue;
        if (field->kind == WEFT_FIELD_RECORD)
            print_settings(json, field->record, member, field->key, user);
        else
            print_setting(json, section ? path : field->key, field, member);
    }
}

/* Overrides and settings as JSON, one text behind the other. *settings: where the second begins. */
static weft_status print_texts(weft_store *store, const weft_point *point, size_t *settings, weft_error *err) {
    rewind(store->texts);
    weft_json list = {.stream = store->texts, .flat = true}, object = list;
    weft_json_array(&list, NULL);
    for (int i = 0; i < point->set_count; i++) weft_json_text(&list, NULL, point->set[i]);
    weft_json_array_end(&list);
    fputc(0, store->texts);
    *settings = (size_t)ftell(store->texts);
    weft_json_object(&object, NULL);
    print_settings(&object, &weft_point_record, &point->settings, NULL, weft_point_user(point));
    weft_json_object_end(&object);
    fputc(0, store->texts);
    if (fflush(store->texts) == 0 && !ferror(store->texts)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the settings of a point");
}

weft_status weft_store_point_texts(const char *texts[WEFT_STORE_COLUMN_COUNT], weft_store *store,
                                   const weft_point *point, weft_error *err) {
    const weft_point_settings *s = &point->settings;
    size_t settings;
    WEFT_TRY(print_texts(store, point, &settings, err));
    weft_point_label(store->label, sizeof store->label, point);
    const struct {
        int column;
        const char *text;
    } all[] = {{WEFT_STORE_EXPERIMENT, store->experiment},
               {WEFT_STORE_BLOCK, point->block},
               {WEFT_STORE_KIND, weft_point_kind_names[s->kind]},
               {WEFT_STORE_LABEL, store->label},
               {WEFT_STORE_NET, s->net},
               {WEFT_STORE_CHIP, s->chip},
               {WEFT_STORE_DATASET, s->dataset},
               {WEFT_STORE_TRACE, s->trace},
               {WEFT_STORE_TRANSFORM, s->transform},
               {WEFT_STORE_RECALIBRATE, s->recalibrate},
               {WEFT_STORE_OVERRIDES, store->text_bytes},
               {WEFT_STORE_SETTINGS, store->text_bytes + settings}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) texts[all[i].column] = all[i].text ? all[i].text : "";
    return WEFT_OK;
}

/* ---- SQL ---- */

FILE *weft_store_sql_begin(char **text, size_t *size) {
    *text = NULL;
    return open_memstream(text, size);
}

weft_status weft_store_sql_end(FILE *stream, char **text, weft_error *err) {
    if (stream && fclose(stream) == 0) return WEFT_OK;
    free(*text);
    *text = NULL;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a statement");
}

void weft_store_quote(FILE *stream, const char *name) {
    fputc('"', stream);
    for (; *name; name++) {
        if (*name == '"') fputc('"', stream);
        fputc(*name, stream);
    }
    fputc('"', stream);
}

void weft_store_names(FILE *stream, const char *prefix, int first, int last, bool metrics) {
    const char *comma = "";
    for (int c = first; c <= last; c++, comma = ", ")
        fprintf(stream, "%s%s%s", comma, prefix, weft_store_columns[c].name);
    for (int m = 0; metrics && m < WEFT_METRIC_COUNT; m++, comma = ", ")
        fprintf(stream, "%s%s%s", comma, prefix, weft_metrics[m].column);
}

static void define_columns(FILE *sql, int first, int last) {
    for (int c = first; c <= last; c++)
        fprintf(sql, "%s%s %s", c > first ? ", " : "", weft_store_columns[c].name, weft_store_columns[c].type);
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) fprintf(sql, ", %s REAL", weft_metrics[m].column);
}

void weft_store_schema(FILE *sql) {
    fputs("CREATE TABLE experiment (name TEXT, description TEXT, sha256 TEXT, points INTEGER, version TEXT);\n"
          "CREATE TABLE points (",
          sql);
    define_columns(sql, 0, WEFT_STORE_COLUMN_COUNT - 1);
    fputs(");\nCREATE TABLE axes (number INTEGER, position INTEGER, key TEXT, value TEXT, "
          "PRIMARY KEY (number, position)) WITHOUT ROWID;\n"
          "CREATE TABLE trials (number INTEGER, trial INTEGER, error_percent REAL, "
          "PRIMARY KEY (number, trial)) WITHOUT ROWID;\n"
          "CREATE TABLE executions (number INTEGER PRIMARY KEY, started TEXT, seconds REAL, host TEXT, "
          "attempts INTEGER);\n"
          "CREATE TABLE cache (",
          sql);
    define_columns(sql, WEFT_STORE_KEY, WEFT_STORE_COLUMN_COUNT - 1);
    fputs(", kind TEXT, net TEXT, chip TEXT, started TEXT, seconds REAL, host TEXT, attempts INTEGER, "
          "PRIMARY KEY (key));\n"
          "CREATE TABLE cache_trials (key TEXT, trial INTEGER, error_percent REAL, "
          "PRIMARY KEY (key, trial)) WITHOUT ROWID;\n",
          sql);
}

/* The value of an axis; what is a number as one. */
static void axis_column(FILE *sql, const char *key) {
    char *literal = sqlite3_mprintf("%Q", key);
    fprintf(sql,
            "(SELECT CASE WHEN CAST(CAST(a.value AS NUMERIC) AS TEXT) = a.value THEN CAST(a.value AS NUMERIC) "
            "ELSE a.value END FROM axes a WHERE a.number = p.number AND a.key = %s) AS ",
            literal ? literal : "NULL");
    weft_store_quote(sql, key);
    fputs(", ", sql);
    sqlite3_free(literal);
}

void weft_store_wide(FILE *sql, const char *const *keys, size_t count) {
    fputs("CREATE VIEW wide AS SELECT ", sql);
    weft_store_names(sql, "p.", WEFT_STORE_NUMBER, WEFT_STORE_LABEL, false);
    fputs(", ", sql);
    for (size_t i = 0; i < count; i++)
        if (!weft_store_is_column(keys[i])) axis_column(sql, keys[i]);
    weft_store_names(sql, "p.", WEFT_STORE_NET, WEFT_STORE_SETTINGS, false);
    fprintf(sql, ", p.%s, p.%s", weft_store_columns[WEFT_STORE_STATUS].name,
            weft_store_columns[WEFT_STORE_MESSAGE].name);
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) fprintf(sql, ", p.%s", weft_metrics[m].column);
    fputs(", ", sql);
    weft_store_names(sql, "p.", WEFT_STORE_KEY, WEFT_STORE_VERSION, false);
    fputs(" FROM points p", sql);
}

/* ---- the manual ---- */

static void describe_column(FILE *stream, const char *name, const char *type, const char *text) {
    fprintf(stream, "| `%s` | %.*s | %s |\n", name, (int)strcspn(type, " "), type, text);
}

void weft_store_describe(FILE *stream) {
    fputs("| column | type | |\n|---|---|---|\n", stream);
    for (int c = 0; c < WEFT_STORE_COLUMN_COUNT; c++)
        describe_column(stream, weft_store_columns[c].name, weft_store_columns[c].type, weft_store_columns[c].text);
    for (int m = 0; m < WEFT_METRIC_COUNT; m++) {
        const weft_metric_info *metric = &weft_metrics[m];
        fprintf(stream, "| `%s` | REAL | %s%s%s%s |\n", metric->column, metric->text, metric->unit[0] ? "; " : "",
                metric->unit,
                metric->better < 0   ? "; less is better"
                : metric->better > 0 ? "; more is better"
                                     : "");
    }
}
