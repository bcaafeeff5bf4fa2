/* A table of the palette colours nearest to each colour: see lookup.py. */
#ifndef GIFAPP_LOOKUP_H
#define GIFAPP_LOOKUP_H

#include "palette.h"

enum { LOOKUP_CACHE_BITS = 14 };

/* Why a cell is unknown: it is a byte, so the number that says so may also be an index. */
enum { UNSEARCHED, CROWDED, IS_ITS_INDEX };

typedef struct {
    Rgba colours[MOST_COLOURS];
    Palette palette;
    uint8_t *cells;       /* per 4x4x4 colours: the index for the cell's centre, or LOOKUP_UNKNOWN ... */
    uint8_t *states;      /* ... and why */
    int32_t *cached_keys; /* of crowded cells: the exact colours that were looked up last ... */
    uint8_t *cached;      /* ... and their indices */
} Lookup;

/* Neighbours in all three channels share a line of the processor's cache: 4x4x4 cells. */
static inline int32_t cell_of(Rgba colour) {
    Rgba low = (colour >> 2 & 0x3) | (colour >> 8 & 0xC) | (colour >> 14 & 0x30);
    return (int32_t)(low | (colour << 2 & 0x3C0) | (colour >> 2 & 0x3C00) | (colour >> 6 & 0x3C000));
}

static inline int32_t find_in_cache(const Lookup *lookup, Rgba colour) {
    int32_t key = (int32_t)(colour & ~ALPHA);
    uint32_t slot = hashed((uint32_t)key, LOOKUP_CACHE_BITS);
    if (lookup->cached_keys[slot] != key) {
        lookup->cached_keys[slot] = key;
        lookup->cached[slot] = (uint8_t)nearest(&lookup->palette, unpacked(colour));
    }
    return lookup->cached[slot];
}

static inline int32_t answer(const Lookup *lookup, int32_t cell, int32_t index) {
    lookup->cells[cell] = (uint8_t)index;
    lookup->states[cell] = index == LOOKUP_UNKNOWN ? IS_ITS_INDEX : UNSEARCHED;
    return index;
}

/* What `find` does where the cell is unknown; apart, so that the rest of it is inlined. */
static __attribute__((noinline)) int32_t search(const Lookup *lookup, Rgba colour) {
    const int32_t cell = cell_of(colour);
    switch (lookup->states[cell]) {
    case CROWDED:
        return find_in_cache(lookup, colour);
    case IS_ITS_INDEX:
        return LOOKUP_UNKNOWN;
    default:
        return answer(lookup, cell, nearest(&lookup->palette, unpacked((colour & 0xFCFCFC) | 0x020202)));
    }
}

/* The index of the nearest palette colour. */
static inline int32_t find(const Lookup *lookup, Rgba colour) {
    int32_t index = lookup->cells[cell_of(colour)];
    return index != LOOKUP_UNKNOWN ? index : search(lookup, colour);
}

#endif
