/* Counts by brightness: grouping.py says what for. */
#include "kernels.h"

static inline int32_t brightness_of(const uint8_t *pixel) {
    return (2 * pixel[0] + 5 * pixel[1] + pixel[2]) >> 3;
}

/* Counts one pixel in sixteen by its level of brightness, of 16. shape: height, width, channels. */
KERNEL void count_levels(const uint8_t *pixels, const int64_t *shape, int64_t *levels) {
    for (int64_t y = 0; y < shape[0]; y += 4) {
        for (int64_t x = 0; x < shape[1]; x += 4)
            levels[brightness_of(pixels + (y * shape[1] + x) * shape[2]) >> 4]++;
    }
}

/* Counts the pixels of one row in four by their brightness, and by the step from the pixel before, both of 256. */
KERNEL void count_steps(const uint8_t *pixels, const int64_t *shape, int64_t *shades, int64_t *steps) {
    for (int64_t y = 0; y < shape[0]; y += 4) {
        const uint8_t *pixel = pixels + y * shape[1] * shape[2];
        int32_t before = brightness_of(pixel);
        shades[before]++;
        for (int64_t x = 1; x < shape[1]; x++) {
            const int32_t brightness = brightness_of(pixel + x * shape[2]);
            shades[brightness]++;
            steps[brightness < before ? before - brightness : brightness - before]++;
            before = brightness;
        }
    }
}
