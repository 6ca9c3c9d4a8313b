/* Which memory each activation of an inference plan has: layers run in order, so what nobody reads any more makes room
 * for the next. */
#include <stdlib.h>

#include "trainer/plan.h"

/* The smallest free one that is large enough, or NULL. */
static weft_room *free_room(weft_plan *plan, size_t bytes) {
    weft_room *best = NULL;
    for (int i = 0; i < plan->room_count; i++) {
        weft_room *room = &plan->rooms[i];
        if (room->users == 0 && room->bytes >= bytes && (!best || room->bytes < best->bytes)) best = room;
    }
    return best;
}

static weft_room *room_of(weft_plan *plan, const void *data) {
    for (int i = 0; i < plan->room_count; i++)
        if (plan->rooms[i].data == data) return &plan->rooms[i];
    return NULL;
}

static weft_status room_tensor(weft_plan *plan, weft_tensor *out, const dnnl_memory_desc_t *md, weft_error *err) {
    size_t bytes = dnnl_memory_desc_get_size(md);
    weft_room *room = free_room(plan, bytes);
    if (room) {
        room->users = 1;
        room->fresh = true;
        return weft_dnn_tensor(&plan->dnn, out, md, room->data, err);
    }
    weft_room *grown = realloc(plan->rooms, (size_t)(plan->room_count + 1) * sizeof *grown);
    if (grown == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    plan->rooms = grown;
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, out, md, NULL, err));
    plan->rooms[plan->room_count++] = (weft_room){.data = out->data, .bytes = bytes, .users = 1, .fresh = true};
    return WEFT_OK;
}

weft_status weft_plan_tensor(weft_plan *plan, weft_tensor *out, const dnnl_memory_desc_t *md, weft_error *err) {
    return plan->training ? weft_dnn_tensor(&plan->dnn, out, md, NULL, err) : room_tensor(plan, out, md, err);
}

weft_status weft_plan_view(weft_plan *plan, weft_tensor *out, weft_reorder *reorder, const weft_tensor *from,
                           const dnnl_memory_desc_t *md, weft_error *err) {
    *out = *from;
    if (!dnnl_memory_desc_equal(md, &from->md)) WEFT_TRY(weft_plan_tensor(plan, out, md, err));
    return weft_dnn_reorder(&plan->dnn, reorder, from, out, err);
}

static void change_users(weft_plan *plan, const weft_tensor *t, int change) {
    weft_room *room = room_of(plan, t->data);
    if (room) room->users += change;
}

/* An operation may have put its output over its input, so readers are added before any are taken away. */
void weft_plan_release(weft_plan *plan, const weft_op *op) {
    bool last = op == &plan->ops[plan->count - 1];
    change_users(plan, &op->dst, op->consumers + (last ? 1 : 0));
    change_users(plan, &op->src, -(op->layer->input >= 0));
    if (weft_layer_has_input2(op->layer)) change_users(plan, &op->addend, -(op->layer->input2 >= 0));
    for (int i = 0; i < plan->room_count; i++) {
        plan->rooms[i].users -= plan->rooms[i].fresh;
        plan->rooms[i].fresh = false;
    }
}
