#include "sim/report/report.h"
