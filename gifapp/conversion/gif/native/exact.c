/* Collects the colours needed to show a picture exactly. */
#include "strip.h"

enum { SLOT_BITS = 10, SLOTS = 1 << SLOT_BITS };

/* A set of colours; a free slot is clear. */
typedef struct {
    Rgba slots[SLOTS];
    int32_t *keys; /* of the colours, red first, in the order they were met */
    int64_t count;
} Colours;

/* Adds a colour; returns whether there was room for it. */
static bool add_colour(Colours *colours, Rgba colour) {
    uint32_t slot = hashed(colour, SLOT_BITS);
    while (colours->slots[slot] != colour && colours->slots[slot] != 0)
        slot = (slot + 1) & (SLOTS - 1);
    if (colours->slots[slot] == colour)
        return true;
    if (colours->count == MAX_COLOURS)
        return false;
    colours->slots[slot] = colour;
    const Colour parts = unpacked(colour);
    colours->keys[colours->count++] = parts.red << 16 | parts.green << 8 | parts.blue;
    return true;
}

/* Adds the visible colours of a strip; returns whether there was room for them. `screen`: of the pixel before, or NULL
   if what is shown already counts too. */
static bool add_strip(Colours *colours, const Rgba *strip, const Rgba *screen, int64_t count) {
    Rgba last = 0;
    for (int64_t at = 1; at <= count; at++) {
        if (strip[at] == last)
            continue;
        const Rgba colour = strip[at] | ALPHA;
        if (strip[at] >> ALPHA_SHIFT < OPAQUE_ALPHA || (screen && screen[at] == colour))
            continue;
        last = strip[at];
        if (!add_colour(colours, colour))
            return false;
    }
    return true;
}

/* Fills `keys` with up to MAX_COLOURS colours of the visible pixels in `where`, or only of those that are not shown
   yet; returns their number, one more than fit if there are too many. */
KERNEL int64_t collect_colours(
    const uint8_t *pixels, const int64_t *shape, const uint32_t *screen, const int64_t *where, bool only_missing,
    int32_t *keys
) {
    const Frame frame = {.pixels = pixels, .height = shape[0], .width = shape[1], .channels = shape[2]};
    Colours colours = {.keys = keys};
    Rgba strip[STRIP + 1];
    for (int64_t y = where[1]; y < where[3]; y++) {
        for (int64_t x = where[0]; x < where[2]; x += STRIP) {
            const int64_t count = end_of_strip(x, where[2]) - x;
            read_pixels(&frame, y, x, count, strip);
            const Rgba *shown = only_missing ? screen + y * frame.width + x - 1 : NULL;
            if (!add_strip(&colours, strip, shown, count))
                return MAX_COLOURS + 1;
        }
    }
    return colours.count;
}
