#include "mapper/mapper.h"
