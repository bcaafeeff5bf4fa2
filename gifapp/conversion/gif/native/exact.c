/* Collects the colours needed to show a picture exactly. */
#include "kernels.h"

enum { SLOT_BITS = 10, SLOTS = 1 << SLOT_BITS };

static int32_t *slot_of(int32_t *slots, int32_t key) {
    uint32_t slot = hashed((uint32_t)key, SLOT_BITS);
    while (slots[slot] != key && slots[slot] != -1)
        slot = (slot + 1) & (SLOTS - 1);
    return &slots[slot];
}

/* Fills `keys` with up to MOST_COLOURS colours of the visible pixels in `where`, or only of those that are not shown
   yet; returns their number, one more than fit if there are too many. */
KERNEL int64_t collect_colours(
    const uint8_t *pixels, const int64_t *shape, const uint32_t *screen, const int64_t *where, bool only_missing,
    int32_t *keys
) {
    const int64_t width = shape[1], channels = shape[2];
    int32_t slots[SLOTS], last = -1;
    int64_t count = 0;
    memset(slots, -1, sizeof slots);
    for (int64_t y = where[1]; y < where[3]; y++) {
        for (int64_t x = where[0]; x < where[2]; x++) {
            const uint8_t *pixel = pixels + (y * width + x) * channels;
            if (channels == 4 && pixel[3] < OPAQUE_ALPHA)
                continue;
            int32_t key = pixel[0] << 16 | pixel[1] << 8 | pixel[2];
            Rgba shown = ALPHA | (Rgba)(pixel[0] | pixel[1] << 8 | pixel[2] << 16);
            if (key == last || (only_missing && screen[y * width + x] == shown))
                continue;
            last = key;
            int32_t *slot = slot_of(slots, key);
            if (*slot == key)
                continue;
            if (count == MOST_COLOURS)
                return count + 1;
            *slot = keys[count++] = key;
        }
    }
    return count;
}
