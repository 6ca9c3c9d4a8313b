#include "sim/systemc/cosim.h"
