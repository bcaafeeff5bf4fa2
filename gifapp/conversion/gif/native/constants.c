#include "kernels.h"

#define EXPORTED(name, value) KERNEL const int32_t constant_##name = (value);
CONSTANTS(EXPORTED)

/* set by the build, so that a library older than its sources is noticed */
KERNEL const char source_digest[] = SOURCE_DIGEST;
