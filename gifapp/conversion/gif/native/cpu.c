#include "kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Whether the operating system keeps the upper halves of the vector registers. */
static bool keeps_ymm(void) {
    uint32_t lower, upper;
    __asm__("xgetbv" : "=a"(lower), "=d"(upper) : "c"(0));
    return (lower & 6) == 6;
}

/* By the instruction itself: the compiler's __builtin_cpu_supports needs a run-time library that Zig does not bring. */
KERNEL bool has_avx2(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !keeps_ymm())
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}
#else
KERNEL bool has_avx2(void) {
    return false;
}
#endif
