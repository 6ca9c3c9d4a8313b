/* Inside the report: adding checks. */
#ifndef WEFT_SIM_REPORT_CHECKS_H
#define WEFT_SIM_REPORT_CHECKS_H

#include "sim/report/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

void weft_report_check_add(weft_report_tables *tables, const weft_report_check *check);
/* left = right; left <= right and left >= right to rounding. Names and texts are constant. */
void weft_report_check_equal(weft_report_tables *tables, const char *name, double left, const char *left_is,
                             double right, const char *right_is);
void weft_report_check_most(weft_report_tables *tables, const char *name, double left, const char *left_is,
                            double right, const char *right_is);
void weft_report_check_least(weft_report_tables *tables, const char *name, double left, const char *left_is,
                             double right, const char *right_is);
/* The network: flits in and out, latency, load. Timed images there are. */
void weft_report_check_network(weft_report_tables *tables);

#ifdef __cplusplus
}
#endif
#endif
