#include "core/traffic.h"
