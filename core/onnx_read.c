#include "core/onnx.h"
