/* How long things take. */
#ifndef WEFT_CORE_CLOCK_H
#define WEFT_CORE_CLOCK_H

#ifdef __cplusplus
extern "C" {
#endif

/* Seconds of a clock that never goes back. */
double weft_now_s(void);
/* "3:07", minutes and seconds to go when that share, above 0, is done since start_s. */
void weft_eta_text(char out[24], double start_s, double share);

#ifdef __cplusplus
}
#endif
#endif
