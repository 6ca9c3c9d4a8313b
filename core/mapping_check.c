#include "core/mapping.h"
