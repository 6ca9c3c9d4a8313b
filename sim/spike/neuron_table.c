/* The neuron models: rows, and what a tick needs of their parameters. */
#include <math.h>

#include "sim/spike/neuron_internal.h"

static void set(weft_neurons *neurons, int constant, int index, double value) {
    neurons->constant[constant].d[index] = value;
}

/* e^x - 1 to about an ulp, for x <= 1: the series within half an octave of a power of 2. */
static double exponential_less_one(double x) {
    enum { TERMS = 15 };
    if (x < -700) return -1;
    const double n = floor(x * 1.4426950408889634 + 0.5);
    const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33; /* ln 2 in two parts */
    double p = 0;
    for (int k = TERMS; k > 0; k--) p = (p + 1) * r / k;
    return ldexp(p, (int)n) + (ldexp(1, (int)n) - 1);
}

/* What a tick adds of the way to the rest: 1 - decay. */
static weft_status way_of(double *way, const weft_neurons *neurons, const char *name, double tau, double dt,
                          weft_neuron_integration integration, weft_error *err) {
    *way = integration == WEFT_NEURON_EXPONENTIAL ? -exponential_less_one(-dt / tau) : dt / tau;
    if (*way < 2) return WEFT_OK;
    return weft_error_set(
        err, WEFT_E_INVALID,
        "neuron model '%s': forward Euler diverges with a time step of %g s and %s = %g s; a time step "
        "below twice the time constant, or integration 'exponential'",
        neurons->model->name, dt, name, tau);
}

static void set_firing(weft_neurons *neurons, int index, double threshold, double v_reset) {
    set(neurons, WEFT_NEURON_THRESHOLD, index, threshold);
    set(neurons, WEFT_NEURON_V_RESET, index, neurons->value ? v_reset : 0);
}

/* A constant input beside that of the tick. */
static void add_bias(weft_neurons *neurons, int index, double bias) {
    const double gain = neurons->constant[WEFT_NEURON_V_GAIN].d[index];
    neurons->constant[WEFT_NEURON_V_SHIFT].d[index] += gain * bias;
    set(neurons, WEFT_NEURON_I_SHIFT, index, neurons->constant[WEFT_NEURON_I_GAIN].d[index] * bias);
}

/* r, bias */
static weft_status derive_i(weft_neurons *neurons, int index, const double *value, double dt,
                            weft_neuron_integration integration, weft_error *err) {
    (void)integration, (void)err;
    set(neurons, WEFT_NEURON_V_DECAY, index, 1);
    set(neurons, WEFT_NEURON_V_GAIN, index, dt * value[0]);
    add_bias(neurons, index, value[1]);
    return WEFT_OK;
}

/* r, bias, v_threshold, v_reset */
static weft_status derive_if(weft_neurons *neurons, int index, const double *value, double dt,
                             weft_neuron_integration integration, weft_error *err) {
    set_firing(neurons, index, value[2], value[3]);
    return derive_i(neurons, index, value, dt, integration, err);
}

/* tau, r, v_leak, bias */
static weft_status derive_li(weft_neurons *neurons, int index, const double *value, double dt,
                             weft_neuron_integration integration, weft_error *err) {
    double way = 0;
    WEFT_TRY(way_of(&way, neurons, "tau", value[0], dt, integration, err));
    set(neurons, WEFT_NEURON_V_DECAY, index, 1 - way);
    set(neurons, WEFT_NEURON_V_GAIN, index, way * value[1]);
    set(neurons, WEFT_NEURON_V_SHIFT, index, way * value[2]);
    add_bias(neurons, index, value[3]);
    return WEFT_OK;
}

/* tau, r, v_leak, bias, v_threshold, v_reset */
static weft_status derive_lif(weft_neurons *neurons, int index, const double *value, double dt,
                              weft_neuron_integration integration, weft_error *err) {
    set_firing(neurons, index, value[4], value[5]);
    return derive_li(neurons, index, value, dt, integration, err);
}

/* v after one tick of tau_mem dv/dt = -v + e^(-t / tau_syn), from 0: (e^-s - e^-m) tau_syn / (tau_syn - tau_mem) with
 * s = dt / tau_syn and m = dt / tau_mem; equal time constants are its limit. */
static double response(double tau_syn, double tau_mem, double dt) {
    const double s = dt / tau_syn, m = dt / tau_mem, apart = m - s;
    if (fabs(apart) > 0.5) return (exponential_less_one(-s) - exponential_less_one(-m)) * m / apart;
    const double ratio = apart != 0 ? exponential_less_one(apart) / apart : 1;
    return (1 + exponential_less_one(-m)) * m * ratio;
}

/* tau_syn, tau_mem, r, v_leak, w_in, bias */
static weft_status derive_cuba_li(weft_neurons *neurons, int index, const double *value, double dt,
                                  weft_neuron_integration integration, weft_error *err) {
    const double r = value[2], w_in = value[4];
    double way_i = 0, way_v = 0, of_old = 0, of_input = 0;
    WEFT_TRY(way_of(&way_i, neurons, "tau_syn", value[0], dt, integration, err));
    WEFT_TRY(way_of(&way_v, neurons, "tau_mem", value[1], dt, integration, err));
    if (integration == WEFT_NEURON_EXPONENTIAL) {
        of_old = response(value[0], value[1], dt);
        of_input = way_v - of_old;
    } else {
        of_old = way_v * (1 - way_i);
        of_input = way_v * way_i;
    }
    set(neurons, WEFT_NEURON_I_DECAY, index, 1 - way_i);
    set(neurons, WEFT_NEURON_I_GAIN, index, way_i * w_in);
    set(neurons, WEFT_NEURON_V_DECAY, index, 1 - way_v);
    set(neurons, WEFT_NEURON_V_CURRENT, index, of_old * r);
    set(neurons, WEFT_NEURON_V_GAIN, index, of_input * r * w_in);
    set(neurons, WEFT_NEURON_V_SHIFT, index, way_v * value[3]);
    add_bias(neurons, index, value[5]);
    return WEFT_OK;
}

/* tau_syn, tau_mem, r, v_leak, w_in, bias, v_threshold, v_reset */
static weft_status derive_cuba_lif(weft_neurons *neurons, int index, const double *value, double dt,
                                   weft_neuron_integration integration, weft_error *err) {
    set_firing(neurons, index, value[6], value[7]);
    return derive_cuba_li(neurons, index, value, dt, integration, err);
}

/* threshold, bias */
static weft_status derive_threshold(weft_neurons *neurons, int index, const double *value, double dt,
                                    weft_neuron_integration integration, weft_error *err) {
    (void)dt, (void)integration, (void)err;
    set(neurons, WEFT_NEURON_THRESHOLD, index, value[0] - value[1]);
    return WEFT_OK;
}

/* decay_u, decay_v, threshold, bias, bias_exponent, refractory, wrap */
static weft_status derive_loihi(weft_neurons *neurons, int index, const double *value, double dt,
                                weft_neuron_integration integration, weft_error *err) {
    (void)dt, (void)integration, (void)err;
    neurons->constant[WEFT_LOIHI_KEEP_U].i[index] = 4096 - (int32_t)value[0];
    neurons->constant[WEFT_LOIHI_KEEP_V].i[index] = 4096 - (int32_t)value[1];
    neurons->constant[WEFT_LOIHI_THRESHOLD].i[index] = 64 * (int32_t)value[2];
    neurons->constant[WEFT_LOIHI_BIAS].i[index] = (int32_t)value[3] * (1 << (int32_t)value[4]);
    neurons->constant[WEFT_LOIHI_REFRACTORY].i[index] = (int32_t)value[5];
    neurons->constant[WEFT_LOIHI_WRAP].i[index] = value[6] != 0 ? -1 : 0;
    return WEFT_OK;
}

#define ANY_RESET (1u << WEFT_NEURON_RESET_ZERO | 1u << WEFT_NEURON_RESET_VALUE | 1u << WEFT_NEURON_RESET_SUBTRACT)
#define NIR "Pedersen et al. 2024, NIR"

#define TAU(name, doc)                                                                                                 \
    { name, "s", 1e-9, 1e9, 0.01, false, doc }
#define NUMBER(name, value, doc)                                                                                       \
    { name, "", -1e30, 1e30, value, false, doc }
#define WHOLE(name, min, max, value, doc)                                                                              \
    { name, "", min, max, value, true, doc }
#define R NUMBER("r", 1, "resistance")
#define V_LEAK NUMBER("v_leak", 0, "membrane that leak goes to")
#define V_THRESHOLD NUMBER("v_threshold", 1, "a membrane above it fires")
#define V_RESET NUMBER("v_reset", 0, "membrane after firing, with reset to a value")
#define TAU_SYN TAU("tau_syn", "time constant of the current")
#define TAU_MEM TAU("tau_mem", "time constant of the membrane")
#define BIAS NUMBER("bias", 0, "input in every tick beside what comes")
#define W_IN NUMBER("w_in", 1, "factor of the input")

static const weft_neuron_model i_model = {.name = "i",
                                          .summary = "integrator: dv/dt = r i",
                                          .source = NIR,
                                          .resets = ANY_RESET,
                                          .param_count = 2,
                                          .params = {R, BIAS},
                                          .state_count = 1,
                                          .states = {"v"},
                                          .derive = derive_i,
                                          .step = weft_neurons_step_linear};
static const weft_neuron_model if_model = {.name = "if",
                                           .summary = "integrate and fire: dv/dt = r i",
                                           .source = NIR,
                                           .spiking = true,
                                           .resets = ANY_RESET,
                                           .param_count = 4,
                                           .params = {R, BIAS, V_THRESHOLD, V_RESET},
                                           .state_count = 1,
                                           .states = {"v"},
                                           .derive = derive_if,
                                           .step = weft_neurons_step_linear};
static const weft_neuron_model li_model = {.name = "li",
                                           .summary = "leaky integrator: tau dv/dt = v_leak - v + r i",
                                           .source = NIR,
                                           .resets = ANY_RESET,
                                           .param_count = 4,
                                           .params = {TAU("tau", "time constant of the membrane"), R, V_LEAK, BIAS},
                                           .state_count = 1,
                                           .states = {"v"},
                                           .derive = derive_li,
                                           .step = weft_neurons_step_linear};
static const weft_neuron_model lif_model = {
    .name = "lif",
    .summary = "leaky integrate and fire: tau dv/dt = v_leak - v + r i",
    .source = NIR,
    .spiking = true,
    .resets = ANY_RESET,
    .param_count = 6,
    .params = {TAU("tau", "time constant of the membrane"), R, V_LEAK, BIAS, V_THRESHOLD, V_RESET},
    .state_count = 1,
    .states = {"v"},
    .derive = derive_lif,
    .step = weft_neurons_step_linear};
static const weft_neuron_model cuba_li_model = {
    .name = "cuba_li",
    .summary = "current-based leaky integrator: tau_syn di/dt = w_in x - i, tau_mem dv/dt = v_leak - v + r i",
    .source = NIR,
    .resets = ANY_RESET,
    .param_count = 6,
    .params = {TAU_SYN, TAU_MEM, R, V_LEAK, W_IN, BIAS},
    .state_count = 2,
    .states = {"v", "i"},
    .derive = derive_cuba_li,
    .step = weft_neurons_step_current};
static const weft_neuron_model cuba_lif_model = {
    .name = "cuba_lif",
    .summary = "current-based leaky integrate and fire: tau_syn di/dt = w_in x - i, tau_mem dv/dt = v_leak - v + r i",
    .source = NIR,
    .spiking = true,
    .resets = ANY_RESET,
    .param_count = 8,
    .params = {TAU_SYN, TAU_MEM, R, V_LEAK, W_IN, BIAS, V_THRESHOLD, V_RESET},
    .state_count = 2,
    .states = {"v", "i"},
    .derive = derive_cuba_lif,
    .step = weft_neurons_step_current};
static const weft_neuron_model threshold_model = {.name = "threshold",
                                                  .summary = "fires in ticks whose input is above the threshold",
                                                  .source = NIR,
                                                  .spiking = true,
                                                  .resets = ANY_RESET,
                                                  .param_count = 2,
                                                  .params = {NUMBER("threshold", 1, "an input above it fires"), BIAS},
                                                  .derive = derive_threshold,
                                                  .step = weft_neurons_step_threshold};

/* Loihi 1. Per tick: u = u (4096 - decay_u) / 4096 + input, v = v (4096 - decay_v) / 4096 + u + bias, both quotients
 * rounded towards zero; fires where v > 64 threshold. u is 24 bits wide and wraps, v stops at +-(2^23 - 1). After a
 * spike v is held at 0 for refractory - 1 ticks while u goes on. The chip adds 1 to its 12-bit register of decay_u and
 * nothing to that of decay_v (Lava's model says so): decay_u here is what it computes with. A single compartment resets
 * to 0; subtraction takes a second one. */
static const weft_neuron_model loihi_model = {
    .name = "loihi",
    .summary = "current-based leaky integrate and fire in fixed point, as Loihi 1 does it",
    .source =
        "Davies et al. 2018; bit by bit: Lava's PyLifModelBitAcc, Michaelis et al. 2022 (Brian2Loihi), Nengo Loihi",
    .integer = true,
    .spiking = true,
    .resets = 1u << WEFT_NEURON_RESET_ZERO | 1u << WEFT_NEURON_RESET_SUBTRACT,
    .param_count = 7,
    .params = {WHOLE("decay_u", 0, 4096, 4096, "current lost in a tick, of 4096"),
               WHOLE("decay_v", 0, 4096, 0, "membrane lost in a tick, of 4096"),
               WHOLE("threshold", 0, 131071, 100, "mantissa; a membrane above 64 times it fires"),
               WHOLE("bias", -4096, 4095, 0, "mantissa of what is added to the membrane in each tick"),
               WHOLE("bias_exponent", 0, 7, 0, "power of 2 that the bias's mantissa is multiplied by"),
               WHOLE("refractory", 1, 64, 1, "ticks from a spike to the next at the earliest"),
               WHOLE("wrap", 0, 1, 1, "1: a current beyond 24 bits wraps, as on the chip; 0: it saturates")},
    .state_count = 3,
    .states = {"v", "u", "refractory"},
    .derive = derive_loihi,
    .step = weft_neurons_step_loihi};

const weft_neuron_model *const weft_neuron_table[] = {
    &i_model, &if_model, &li_model, &lif_model, &cuba_li_model, &cuba_lif_model, &threshold_model, &loihi_model, NULL};
