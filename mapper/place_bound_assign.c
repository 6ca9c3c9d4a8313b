#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "mapper/place_bound.h"

/* Clusters x kinds of places that are looked at at most; steps that improve the prices, within that work. */
enum { TABLE_MAX = 6 << 20, STEPS_MAX = 200, WORK_MAX = 60 << 20 };

/* All costs are doubled, so that halves are whole. A kind: routers that mirroring the network turns into each other. */
typedef struct assignment {
    const weft_place_partners *partners;
    int width, height, kinds_x, kinds, routers, concentration;
    bool torus;
    int64_t *near;       /* [clusters, kinds] partners on the nearest cores */
    int64_t *away;       /* [routers] links to the host */
    int64_t *price;      /* [routers], at most 0: what a core there adds to its user's gain */
    int64_t *best_price; /* [kinds] highest */
    int *best_router;    /* [kinds] that has it */
    int *users;          /* [routers] who chose it at these prices */
} assignment;

static int kind_of(const assignment *a, int router) {
    int x = router % a->width, y = router / a->width;
    if (x >= a->kinds_x) x = a->width - 1 - x;
    if (2 * y >= a->height) y = a->height - 1 - y;
    return y * a->kinds_x + x;
}

static void destroy(assignment *a) {
    free(a->near);
    free(a->away);
    free(a->price);
    free(a->best_price);
    free(a->best_router);
    free(a->users);
}

static weft_status create(assignment *a, const weft_place_partners *partners, const weft_place_problem *problem,
                          weft_error *err) {
    int width = (int)problem->chip->noc.mesh[0], height = (int)problem->chip->noc.mesh[1];
    *a = (assignment){.partners = partners, .width = width, .height = height, .kinds_x = (width + 1) / 2};
    a->kinds = a->kinds_x * ((height + 1) / 2);
    a->routers = width * height;
    a->torus = weft_chip_is_torus(problem->chip);
    a->concentration = (int)problem->chip->noc.concentration;
    size_t kinds = (size_t)a->kinds, routers = (size_t)a->routers;
    if ((size_t)partners->clusters * kinds > TABLE_MAX) return WEFT_OK;
    a->near = malloc(((size_t)partners->clusters * kinds + 1) * sizeof *a->near);
    a->away = malloc(routers * sizeof *a->away);
    a->price = calloc(routers, sizeof *a->price);
    a->best_price = malloc(kinds * sizeof *a->best_price);
    a->best_router = malloc(kinds * sizeof *a->best_router);
    a->users = malloc(routers * sizeof *a->users);
    if (!a->near || !a->away || !a->price || !a->best_price || !a->best_router || !a->users)
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    int host = weft_chip_router(problem->chip, problem->chip->host_terminal);
    for (int r = 0; r < a->routers; r++) a->away[r] = weft_chip_router_hops(problem->chip, r, host);
    return WEFT_OK;
}

static weft_status fill_near(assignment *a, weft_error *err) {
    weft_place_rings rings = {a->width, a->height, a->concentration, a->torus, NULL};
    rings.count = malloc(((size_t)a->width + (size_t)a->height) * sizeof *rings.count);
    if (!rings.count) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    for (int k = 0; k < a->kinds; k++) {
        weft_place_rings_fill(&rings, k % a->kinds_x, k / a->kinds_x);
        for (int c = 0; c < a->partners->clusters; c++)
            a->near[(size_t)c * (size_t)a->kinds + (size_t)k] = weft_place_nearest(a->partners, c, &rings);
    }
    free(rings.count);
    return WEFT_OK;
}

static void find_best_prices(assignment *a) {
    for (int k = 0; k < a->kinds; k++) a->best_router[k] = -1;
    for (int r = 0; r < a->routers; r++) {
        int k = kind_of(a, r);
        if (a->best_router[k] >= 0 && a->price[r] <= a->best_price[k]) continue;
        a->best_price[k] = a->price[r];
        a->best_router[k] = r;
    }
}

/* Least cost less price, and where. A cluster that does not know the host looks at kinds alone. */
static int64_t choose(const assignment *a, int cluster, int *router) {
    const int64_t *near = a->near + (size_t)cluster * (size_t)a->kinds;
    int64_t host = 2 * a->partners->host[cluster], least = INT64_MAX;
    if (host == 0) {
        for (int k = 0; k < a->kinds; k++) {
            int64_t cost = near[k] - a->best_price[k];
            if (cost >= least) continue;
            least = cost;
            *router = a->best_router[k];
        }
        return least;
    }
    for (int r = 0; r < a->routers; r++) {
        int64_t cost = near[kind_of(a, r)] + host * a->away[r] - a->price[r];
        if (cost >= least) continue;
        least = cost;
        *router = r;
    }
    return least;
}

/* What the prices prove: every cluster pays the least, and no place is used beyond its cores. */
static int64_t evaluate(assignment *a) {
    int64_t sum = 0;
    int router = 0;
    find_best_prices(a);
    memset(a->users, 0, (size_t)a->routers * sizeof *a->users);
    for (int c = 0; c < a->partners->clusters; c++) {
        sum += choose(a, c, &router);
        a->users[router]++;
    }
    for (int r = 0; r < a->routers; r++) sum += a->concentration * a->price[r];
    return sum;
}

static int ascending(const void *a, const void *b) {
    int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return p < q ? -1 : p > q;
}

/* Prices by what a place costs on average: right where all clusters are alike. sorted: [routers]. */
static void price_by_average(assignment *a, int64_t *sorted) {
    const weft_place_partners *p = a->partners;
    int64_t host = 0;
    for (int c = 0; c < p->clusters; c++) host += 2 * p->host[c];
    for (int k = 0; k < a->kinds; k++) {
        a->best_price[k] = 0;
        for (int c = 0; c < p->clusters; c++) a->best_price[k] += a->near[(size_t)c * (size_t)a->kinds + (size_t)k];
    }
    for (int r = 0; r < a->routers; r++)
        sorted[r] = a->price[r] = (a->best_price[kind_of(a, r)] + host * a->away[r]) / p->clusters;
    qsort(sorted, (size_t)a->routers, sizeof *sorted, ascending);
    int64_t last = sorted[(p->clusters - 1) / a->concentration]; /* of the places that are needed */
    for (int r = 0; r < a->routers; r++) a->price[r] = a->price[r] < last ? a->price[r] - last : 0;
}

/* Lowers the prices of places that too many chose and raises the others', in ever smaller steps. */
static int64_t improve(assignment *a, int64_t best) {
    int64_t work = 0, each = (int64_t)a->partners->clusters * a->kinds + 4 * a->routers, span = 0;
    for (int r = 0; r < a->routers; r++) span = -a->price[r] > span ? -a->price[r] : span;
    for (int c = 0; c < a->partners->clusters; c++) each += a->partners->host[c] ? 3 * a->routers : 0;
    for (int step = 0; step < STEPS_MAX && work < WORK_MAX; step++, work += each) {
        int64_t size = span / (8 + step);
        for (int r = 0; r < a->routers; r++) {
            int64_t excess = a->users[r] - a->concentration;
            if (excess > a->concentration) excess = a->concentration;
            a->price[r] -= size * excess / (4 * a->concentration);
            if (a->price[r] > 0) a->price[r] = 0;
        }
        int64_t value = evaluate(a);
        if (value > best) best = value;
    }
    return best;
}

weft_status weft_place_bound_assign(int64_t *out, const weft_place_partners *partners,
                                    const weft_place_problem *problem, weft_error *err) {
    weft_status status = WEFT_OK;
    assignment a;
    int64_t *sorted = NULL;
    *out = 0;
    if (partners->clusters == 0) return WEFT_OK;
    WEFT_TRY_GOTO(create(&a, partners, problem, err));
    if (!a.near) goto cleanup; /* too large */
    WEFT_TRY_GOTO(fill_near(&a, err));
    sorted = malloc((size_t)a.routers * sizeof *sorted);
    if (!sorted) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    int64_t plain = evaluate(&a);
    price_by_average(&a, sorted);
    int64_t priced = evaluate(&a);
    *out = improve(&a, plain > priced ? plain : priced);
cleanup:
    destroy(&a);
    free(sorted);
    return status;
}
