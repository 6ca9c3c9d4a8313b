#include "sweep/ranks.h"

#include <stdlib.h>

#ifdef WEFT_HAVE_MPI
#include <limits.h>
#include <mpi.h>
#include <string.h>
#endif

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

bool weft_ranks_launched(void) {
    return is_set("OMPI_COMM_WORLD_SIZE") || is_set("PMI_SIZE") || is_set("PMIX_RANK") || is_set("PMI_RANK");
}

#ifdef WEFT_HAVE_MPI

/* Messages on their way; MPI reads them until they have left. */
typedef struct letter {
    MPI_Request request;
    struct letter *next;
    char bytes[];
} letter;
static letter *on_the_way; /* MPI itself is one to a process */

static weft_status failed(int code, const char *what, weft_error *err) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return weft_error_set(err, WEFT_E_LIBRARY, "MPI: %s: %.*s", what, length, text);
}

weft_status weft_ranks_start(weft_ranks *out, weft_error *err) {
    *out = (weft_ranks){0, 1};
    if (!weft_ranks_launched()) return WEFT_OK;
    const int code = MPI_Init(NULL, NULL);
    if (code != MPI_SUCCESS) return failed(code, "start", err);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &out->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &out->size);
    return WEFT_OK;
}

/* Frees what has left; all of it when `wait`. */
static void collect(bool wait) {
    letter **place = &on_the_way;
    while (*place) {
        letter *l = *place;
        int gone = 1;
        if (wait)
            MPI_Wait(&l->request, MPI_STATUS_IGNORE);
        else
            MPI_Test(&l->request, &gone, MPI_STATUS_IGNORE);
        if (!gone) {
            place = &l->next;
            continue;
        }
        *place = l->next;
        free(l);
    }
}

void weft_ranks_stop(void) {
    int running = 0;
    MPI_Initialized(&running);
    if (!running) return;
    collect(true);
    MPI_Finalize();
}

weft_status weft_ranks_send(int to, const void *data, size_t size, weft_error *err) {
    if (size > INT_MAX) return weft_error_set(err, WEFT_E_INTERNAL, "a message of %zu bytes", size);
    letter *l = malloc(sizeof *l + size);
    if (!l) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a message");
    collect(false);
    memcpy(l->bytes, data, size);
    const int code = MPI_Isend(l->bytes, (int)size, MPI_BYTE, to, 0, MPI_COMM_WORLD, &l->request);
    if (code != MPI_SUCCESS) {
        free(l);
        return failed(code, "send", err);
    }
    l->next = on_the_way;
    on_the_way = l;
    return WEFT_OK;
}

weft_status weft_ranks_receive(int *from, void **data, size_t *size, weft_error *err) {
    MPI_Status status;
    int there = 0, bytes = 0;
    *data = NULL;
    *size = 0;
    int code = MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &there, &status);
    if (code != MPI_SUCCESS) return failed(code, "look for messages", err);
    if (!there) return WEFT_OK;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    *data = malloc((size_t)bytes + 1);
    if (!*data) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a message");
    code = MPI_Recv(*data, bytes, MPI_BYTE, status.MPI_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS) {
        free(*data);
        *data = NULL;
        return failed(code, "receive", err);
    }
    *from = status.MPI_SOURCE;
    *size = (size_t)bytes;
    return WEFT_OK;
}

#else

weft_status weft_ranks_start(weft_ranks *out, weft_error *err) {
    *out = (weft_ranks){0, 1};
    if (!weft_ranks_launched()) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_UNSUPPORTED,
        "this weft was built without MPI (Debian: libopenmpi-dev) and was started by an MPI launcher");
}

void weft_ranks_stop(void) {}

weft_status weft_ranks_send(int to, const void *data, size_t size, weft_error *err) {
    (void)data;
    return weft_error_set(err, WEFT_E_INTERNAL, "no rank %d for %zu bytes", to, size);
}

weft_status weft_ranks_receive(int *from, void **data, size_t *size, weft_error *err) {
    (void)err;
    *from = 0;
    *data = NULL;
    *size = 0;
    return WEFT_OK;
}

#endif
