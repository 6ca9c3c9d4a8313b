#include "core/lowering.h"
