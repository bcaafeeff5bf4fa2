/* The palette colour nearest to each colour: see lookup.py. */
#ifndef GIFAPP_LOOKUP_H
#define GIFAPP_LOOKUP_H

#include "palette.h"

enum { LOOKUP_CACHE_BITS = 14, CANDIDATES = 4 };

/* A cell's candidates are four bytes: indices in ascending order, the last of them repeated. So these are none. */
enum { UNSEARCHED = 0x00FF, CROWDED = 0x00FE };

typedef struct {
    Rgba colours[MAX_COLOURS];
    Palette palette;
    bool is_exact;        /* or one candidate will do for a cell: the nearest to its middle */
    uint32_t *cells;      /* per 4x4x4 colours: the candidates, as their difference from UNSEARCHED */
    int32_t *cached_keys; /* of crowded cells: the exact colours that were looked up last ... */
    uint8_t *cached;      /* ... and their indices */
} Lookup;

typedef uint32_t Candidates __attribute__((vector_size(4 * CANDIDATES)));

/* Neighbours in all three channels share a line of the processor's cache: 4x4x4 cells. */
static inline int32_t cell_of(Rgba colour) {
    Rgba low = (colour >> 2 & 0x3) | (colour >> 8 & 0xC) | (colour >> 14 & 0x30);
    return (int32_t)(low | (colour << 2 & 0x3C0) | (colour >> 2 & 0x3C00) | (colour >> 6 & 0x3C000));
}

/* Of these candidates, the index of the nearest, the lowest of equals. */
static inline int32_t nearest_of(const Lookup *lookup, uint32_t candidates, Rgba colour) {
    const Rgba *colours = lookup->colours;
    const Weights weights = lookup->palette.weights;
    const Candidates index = {candidates & 255, candidates >> 8 & 255, candidates >> 16 & 255, candidates >> 24};
    const Candidates pixels = {colours[index[0]], colours[index[1]], colours[index[2]], colours[index[3]]};
    const Colour to = unpacked(colour);
    const Candidates red = (pixels & 255) - (uint32_t)to.red, green = (pixels >> 8 & 255) - (uint32_t)to.green;
    const Candidates blue = (pixels >> 16 & 255) - (uint32_t)to.blue;
    const Candidates apart = (uint32_t)weights.red * red * red + (uint32_t)weights.green * green * green +
                             (uint32_t)weights.blue * blue * blue;
    return __builtin_reduce_min(apart << 8 | index) & 255;
}

/* What `find` does where a cell has no candidates; not inlined, so that `find` is. */
int32_t search(const Lookup *lookup, Rgba colour);

/* The index of the nearest palette colour, the lowest of equals. */
static inline __attribute__((always_inline)) int32_t find(const Lookup *lookup, Rgba colour) {
    const uint32_t candidates = lookup->cells[cell_of(colour)] ^ UNSEARCHED;
    if (candidates == (candidates << 8 | candidates >> 24))
        return candidates & 255;
    if (candidates == UNSEARCHED || candidates == CROWDED)
        return search(lookup, colour);
    return nearest_of(lookup, candidates, colour);
}

#endif
