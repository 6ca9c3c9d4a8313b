#include "sim/model/engine.h"
