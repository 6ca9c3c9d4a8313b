#include "core/network.h"
