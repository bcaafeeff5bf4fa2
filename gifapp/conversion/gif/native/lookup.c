#include "lookup.h"

/* Half a cell's side is 3/2; channels are doubled here, so that its middle is an integer. */
enum { HALF_SIDE = 3, NONE = -1 };

static Colour middle_of(Rgba colour) {
    const Colour first = unpacked(colour & 0xFCFCFC);
    return (Colour){2 * first.red + HALF_SIDE, 2 * first.green + HALF_SIDE, 2 * first.blue + HALF_SIDE};
}

static int32_t distance_from(Colour middle, Colour colour, Weights weights) {
    const int32_t red = 2 * colour.red - middle.red, green = 2 * colour.green - middle.green;
    return weighted(weights, red, green, 2 * colour.blue - middle.blue);
}

/* By how much some neighbours in the order of green are nearer than `best`, in the corner of the cell where that is
   most. It is linear in between, so where it is negative, they are the nearest to no colour of the cell. */
static Lanes advantages(const Palette *palette, int32_t at, Colour middle, Colour best) {
    const Weights weights = palette->weights;
    const Lanes red = lanes_at(palette->red + at), green = lanes_at(palette->green + at);
    const Lanes blue = lanes_at(palette->blue + at);
    const Lanes from_red = 2 * red - middle.red, from_green = 2 * green - middle.green;
    const Lanes from_blue = 2 * blue - middle.blue;
    const Lanes apart = weights.red * from_red * from_red + weights.green * from_green * from_green +
                        weights.blue * from_blue * from_blue;
    const Lanes steps = weights.red * __builtin_elementwise_abs(red - best.red) +
                        weights.green * __builtin_elementwise_abs(green - best.green) +
                        weights.blue * __builtin_elementwise_abs(blue - best.blue);
    return distance_from(middle, best, weights) - apart + 4 * HALF_SIDE * steps;
}

/* How far a candidate's green may be from the middle's: it is at most a cell's diagonal farther than the best. */
static int32_t reach_of(Colour middle, Colour best, Weights weights) {
    const float diagonal = 2 * HALF_SIDE * __builtin_elementwise_sqrt((float)weighted(weights, 1, 1, 1));
    const float reach = __builtin_elementwise_sqrt((float)distance_from(middle, best, weights)) + diagonal;
    return 1 + (int32_t)(reach / (2 * __builtin_elementwise_sqrt((float)weights.green)));
}

/* Enters an index in its order among `count` others. */
static void enter(int32_t *candidates, int count, int32_t index) {
    for (; count > 0 && candidates[count - 1] > index; count--)
        candidates[count] = candidates[count - 1];
    candidates[count] = index;
}

static uint32_t packed(const int32_t *candidates, int count) {
    uint32_t bytes = 0;
    for (int place = CANDIDATES - 1; place >= 0; place--)
        bytes = bytes << 8 | (uint32_t)candidates[place < count ? place : count - 1];
    return bytes;
}

static int32_t nearest_to_middle(const Palette *palette, Rgba colour) {
    return nearest(palette, unpacked((colour & 0xFCFCFC) | 0x020202));
}

/* The index of the only palette colour in a cell; if there is none, of the nearest to its middle; or CROWDED. */
static uint32_t candidate_of(const Lookup *lookup, Rgba colour) {
    const Palette *palette = &lookup->palette;
    const int32_t green = unpacked(colour & 0xFCFCFC).green, cell = cell_of(colour);
    int32_t candidate = NONE;
    for (int32_t at = palette->below[green]; at < palette->below[green + 4]; at++) {
        if (cell_of(lookup->colours[palette->index[at]]) != cell)
            continue;
        if (candidate != NONE)
            return CROWDED;
        candidate = palette->index[at];
    }
    candidate = candidate != NONE ? candidate : nearest_to_middle(palette, colour);
    return packed(&candidate, 1);
}

/* The indices of all that are nearest to any colour of a cell, or CROWDED. */
static uint32_t candidates_of(const Lookup *lookup, Rgba colour) {
    const Palette *palette = &lookup->palette;
    const Colour middle = middle_of(colour);
    const Colour best = unpacked(lookup->colours[nearest_to_middle(palette, colour)]);
    const int32_t reach = reach_of(middle, best, palette->weights), green = middle.green / 2;
    const int32_t end = palette->below[green + reach < 255 ? green + reach + 1 : 256];
    int32_t candidates[CANDIDATES];
    int count = 0;
    for (int32_t at = palette->below[green > reach ? green - reach : 0]; at < end; at += LANES) {
        for (uint32_t lanes = not_negative(advantages(palette, at, middle, best)); lanes != 0; lanes &= lanes - 1) {
            if (count == CANDIDATES)
                return CROWDED;
            enter(candidates, count++, palette->index[at + __builtin_ctz(lanes)]);
        }
    }
    return packed(candidates, count);
}

static int32_t find_in_cache(const Lookup *lookup, Rgba colour) {
    int32_t key = (int32_t)(colour & ~ALPHA);
    uint32_t slot = hashed((uint32_t)key, LOOKUP_CACHE_BITS);
    if (lookup->cached_keys[slot] != key) {
        lookup->cached_keys[slot] = key;
        lookup->cached[slot] = (uint8_t)nearest(&lookup->palette, unpacked(colour));
    }
    return lookup->cached[slot];
}

int32_t search(const Lookup *lookup, Rgba colour) {
    uint32_t *cell = &lookup->cells[cell_of(colour)];
    if (*cell == 0)
        *cell = (lookup->is_exact ? candidates_of(lookup, colour) : candidate_of(lookup, colour)) ^ UNSEARCHED;
    const uint32_t candidates = *cell ^ UNSEARCHED;
    return candidates == CROWDED ? find_in_cache(lookup, colour) : nearest_of(lookup, candidates, colour);
}
