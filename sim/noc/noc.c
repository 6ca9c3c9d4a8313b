#include "sim/noc/noc.h"
