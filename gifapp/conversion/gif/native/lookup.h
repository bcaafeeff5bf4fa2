/* A table of the palette colours nearest to each colour: see lookup.py. */
#ifndef GIFAPP_LOOKUP_H
#define GIFAPP_LOOKUP_H

#include "kernels.h"

enum { UNKNOWN = -1, CROWDED = -2, LOOKUP_CACHE_BITS = 14 };

typedef struct {
    Planes palette;
    int16_t *cells;       /* per 4x4x4 colours: the index for the cell's centre, UNKNOWN or CROWDED */
    int32_t *cached_keys; /* of crowded cells: the exact colours that were looked up last ... */
    uint8_t *cached;      /* ... and their indices */
} Lookup;

static inline int32_t cell_of(Colour colour) {
    return (colour.red >> 2) << 12 | (colour.green >> 2) << 6 | colour.blue >> 2;
}

static inline int32_t packed_colour(Colour colour) {
    return colour.red << 16 | colour.green << 8 | colour.blue;
}

static inline int32_t find_in_cache(const Lookup *lookup, Colour colour) {
    int32_t key = packed_colour(colour);
    uint32_t slot = hashed((uint32_t)key, LOOKUP_CACHE_BITS);
    if (lookup->cached_keys[slot] != key) {
        lookup->cached_keys[slot] = key;
        lookup->cached[slot] = (uint8_t)nearest(lookup->palette, colour);
    }
    return lookup->cached[slot];
}

/* The index of the nearest palette colour. */
static inline int32_t find(const Lookup *lookup, Colour colour) {
    int16_t *cell = &lookup->cells[cell_of(colour)];
    if (*cell == CROWDED)
        return find_in_cache(lookup, colour);
    if (*cell == UNKNOWN) {
        Colour centre = {(colour.red & ~3) | 2, (colour.green & ~3) | 2, (colour.blue & ~3) | 2};
        *cell = (int16_t)nearest(lookup->palette, centre);
    }
    return *cell;
}

#endif
