#include "core/chip.h"
