/* Graphs in graphs made one: their nodes move up, their Inputs and Outputs become edges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/nir_internal.h"

typedef struct flattener {
    weft_nir *nir;
    const char *file;
    weft_error *err;
    weft_nir_graph *flat;
    char *spliced; /* [room] of flat's nodes: an Input or Output of an inner graph, which is going to go */
    int room;
} flattener;

static weft_status fail(const flattener *f, weft_status status, const char *what, const char *name) {
    return weft_error_set_at(f->err, status, f->file, 0, 0, "%s: %s", name, what);
}

/* Moves a node, its parameters as they are. */
static weft_status move_node(flattener *f, const weft_nir_node *node, const char *name, bool splice) {
    weft_error inner = {0};
    weft_nir_node *moved = NULL;
    weft_status status = weft_nir_add(f->nir, f->flat, node->type, name, &moved, &inner);
    if (status != WEFT_OK) return fail(f, status, inner.text, name);
    moved->values = node->values;
    if (f->flat->node_count > f->room) {
        int room = 2 * f->flat->node_count;
        char *larger = realloc(f->spliced, (size_t)room);
        if (!larger) return fail(f, WEFT_E_MEMORY, "no memory", name);
        f->spliced = larger;
        f->room = room;
    }
    f->spliced[f->flat->node_count - 1] = splice;
    return WEFT_OK;
}

/* Where edges to (`in`) or from a graph's node end: the node itself, or the one Input or Output in it. flat_of: of the
 * graph's nodes, where they or, for graphs, their only Inputs and Outputs are in the flat graph; -1: none, -2: several.
 */
typedef struct ends {
    int in, out;
} ends;

static weft_status move_graph(flattener *f, const weft_nir_graph *graph, const char *prefix, ends *result);

static weft_status edge_end(const flattener *f, int end, bool in, const char *prefix, const char *name) {
    char full[2 * WEFT_NIR_NAME_MAX], what[128];
    if (end >= 0) return WEFT_OK;
    snprintf(full, sizeof full, "%.255s%.254s", prefix, name);
    snprintf(what, sizeof what, "has an edge %s it, but %s %s", in ? "to" : "from", end == -1 ? "no" : "more than one",
             in ? "Input" : "Output");
    return fail(f, WEFT_E_INVALID, what, full);
}

static void note_end(int *end, int node) { *end = *end == -1 ? node : -2; }

static weft_status move_nodes(flattener *f, const weft_nir_graph *graph, const char *prefix, ends *at, ends *result) {
    char name[2 * WEFT_NIR_NAME_MAX + 2];
    for (int n = 0; n < graph->node_count; n++) {
        const weft_nir_node *node = &graph->nodes[n];
        const bool inner = prefix[0] != '\0';
        const bool splice = inner && (node->type == WEFT_NIR_INPUT || node->type == WEFT_NIR_OUTPUT);
        if (snprintf(name, sizeof name, "%s%s", prefix, node->name) > WEFT_NIR_NAME_MAX)
            return fail(f, WEFT_E_INVALID, "is too long a name", name);
        if (node->type == WEFT_NIR_GRAPH) {
            snprintf(name, sizeof name, "%s%s.", prefix, node->name);
            WEFT_TRY(move_graph(f, node->graph, name, &at[n]));
            continue;
        }
        at[n].in = at[n].out = f->flat->node_count;
        if (node->type == WEFT_NIR_INPUT) note_end(&result->in, f->flat->node_count);
        if (node->type == WEFT_NIR_OUTPUT) note_end(&result->out, f->flat->node_count);
        WEFT_TRY(move_node(f, node, name, splice));
    }
    return WEFT_OK;
}

static weft_status move_graph(flattener *f, const weft_nir_graph *graph, const char *prefix, ends *result) {
    weft_status status;
    *result = (ends){-1, -1};
    ends *at = malloc(((size_t)graph->node_count + 1) * sizeof *at);
    if (!at) return fail(f, WEFT_E_MEMORY, "no memory", prefix);
    WEFT_TRY_GOTO(move_nodes(f, graph, prefix, at, result));
    for (int e = 0; e < graph->edge_count; e++) {
        const weft_nir_edge *edge = &graph->edges[e];
        WEFT_TRY_GOTO(edge_end(f, at[edge->from].out, false, prefix, graph->nodes[edge->from].name));
        WEFT_TRY_GOTO(edge_end(f, at[edge->to].in, true, prefix, graph->nodes[edge->to].name));
        WEFT_TRY_GOTO(weft_nir_link(f->nir, f->flat, at[edge->from].out, at[edge->to].in, f->err));
    }
cleanup:
    free(at);
    return status;
}

enum { CHAIN_MAX = 1000, VISITS_MAX = 4 * WEFT_NIR_EDGES_MAX };

typedef struct splicer {
    flattener *f;
    weft_nir_links targets; /* of the edges as they were */
    int from, depth, visits;
} splicer;

/* An edge to the node or, where it goes, to all that come behind it. */
static weft_status splice_to(splicer *s, int to) {
    flattener *f = s->f;
    if (!f->spliced[to]) return weft_nir_link(f->nir, f->flat, s->from, to, f->err);
    if (++s->depth > CHAIN_MAX || s->visits > VISITS_MAX)
        return fail(f, WEFT_E_INVALID, "is in a loop, or too many chains, of graphs without a node between",
                    f->flat->nodes[to].name);
    for (int i = s->targets.first[to]; i < s->targets.first[to + 1]; i++, s->visits++)
        WEFT_TRY(splice_to(s, s->targets.items[i]));
    s->depth--;
    return WEFT_OK;
}

static weft_status splice(flattener *f) {
    splicer s = {.f = f};
    const weft_nir_graph before = *f->flat;
    weft_status status;
    WEFT_TRY_GOTO(weft_nir_links_create(&s.targets, &before, true, f->err));
    f->flat->edges = NULL;
    f->flat->edge_count = f->flat->edge_room = 0;
    for (int e = 0; e < before.edge_count; e++) {
        s.from = before.edges[e].from;
        if (!f->spliced[s.from]) WEFT_TRY_GOTO(splice_to(&s, before.edges[e].to));
    }
cleanup:
    weft_nir_links_free(&s.targets);
    return status;
}

/* Closes the gaps of the nodes that went. */
static weft_status drop_spliced(flattener *f) {
    weft_nir_graph *flat = f->flat;
    int kept = 0;
    int *to = malloc(((size_t)flat->node_count + 1) * sizeof *to);
    if (!to) return fail(f, WEFT_E_MEMORY, "no memory", "flattening");
    for (int n = 0; n < flat->node_count; n++) {
        to[n] = kept;
        if (!f->spliced[n]) flat->nodes[kept++] = flat->nodes[n];
    }
    flat->node_count = kept;
    for (int e = 0; e < flat->edge_count; e++)
        flat->edges[e] = (weft_nir_edge){to[flat->edges[e].from], to[flat->edges[e].to]};
    free(to);
    return WEFT_OK;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static weft_status names_differ(const flattener *f) {
    weft_status status = WEFT_OK;
    const int count = f->flat->node_count;
    const char **names = malloc(((size_t)count + 1) * sizeof *names);
    if (!names) return fail(f, WEFT_E_MEMORY, "no memory", "flattening");
    for (int n = 0; n < count; n++) names[n] = f->flat->nodes[n].name;
    qsort(names, (size_t)count, sizeof *names, compare_names);
    for (int n = 1; n < count && status == WEFT_OK; n++)
        if (!strcmp(names[n - 1], names[n]))
            status = fail(f, WEFT_E_INVALID, "is the name of two nodes once graphs in graphs are resolved", names[n]);
    free(names);
    return status;
}

weft_status weft_nir_flatten(weft_nir *nir, const char *file, weft_error *err) {
    flattener f = {.nir = nir, .file = file, .err = err};
    ends none;
    weft_status status;
    bool nested = false;
    for (int n = 0; n < nir->graph->node_count; n++) nested = nested || nir->graph->nodes[n].type == WEFT_NIR_GRAPH;
    if (!nested) return WEFT_OK;
    f.flat = weft_arena_alloc(nir->arena, sizeof *f.flat);
    if (!f.flat) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a graph");
    WEFT_TRY_GOTO(move_graph(&f, nir->graph, "", &none));
    WEFT_TRY_GOTO(splice(&f));
    WEFT_TRY_GOTO(drop_spliced(&f));
    WEFT_TRY_GOTO(names_differ(&f));
    nir->graph = f.flat;
cleanup:
    free(f.spliced);
    return status;
}
