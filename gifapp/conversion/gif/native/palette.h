/* A palette, and the search for the colour in it that is nearest to another. */
#ifndef GIFAPP_PALETTE_H
#define GIFAPP_PALETTE_H

#include "kernels.h"

enum { LANES = 8, NOWHERE = 600 /* far enough from every colour; its distance and an index still fit in 31 bits */ };

/* The colours in the order of their green, which weighs most; channel by channel, so that the search is vectorised. */
typedef struct {
    int32_t red[MAX_COLOURS + LANES], green[MAX_COLOURS + LANES], blue[MAX_COLOURS + LANES];
    int32_t index[MAX_COLOURS + LANES]; /* in the palette */
    int32_t below[257];                  /* per green: how many colours have less */
    Weights weights;
} Palette;

/* table: (count, 3). */
static inline void sort_palette(Palette *palette, const uint8_t *table, int64_t count, Weights weights) {
    int32_t next[257] = {0};
    for (int64_t index = 0; index < count; index++)
        next[table[index * 3 + 1] + 1]++;
    for (int green = 0; green < 256; green++)
        next[green + 1] += next[green];
    memcpy(palette->below, next, sizeof next);
    palette->weights = weights;
    for (int64_t index = 0; index < count; index++) {
        const uint8_t *colour = table + index * 3;
        int32_t at = next[colour[1]]++;
        palette->red[at] = colour[0];
        palette->green[at] = colour[1];
        palette->blue[at] = colour[2];
        palette->index[at] = (int32_t)index;
    }
    for (int64_t at = count; at < count + LANES; at++) {
        palette->red[at] = palette->green[at] = palette->blue[at] = NOWHERE;
        palette->index[at] = 0;
    }
}

typedef int32_t Lanes __attribute__((vector_size(4 * LANES)));
typedef int32_t AnyLanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline Lanes lanes_at(const int32_t *values) {
    return *(const AnyLanes *)values;
}

/* The lanes that are not negative, as bits. */
static inline uint32_t not_negative(Lanes values) {
    typedef bool Bits __attribute__((ext_vector_type(LANES)));
    const Bits bits = __builtin_convertvector(values >= 0, Bits);
    uint8_t packed;
    memcpy(&packed, &bits, sizeof packed);
    return packed;
}

/* The distances of some neighbours in the order, each with its index in the lower 8 bits. */
static inline Lanes distances(const Palette *palette, int32_t at, Colour colour) {
    Lanes red = lanes_at(palette->red + at) - colour.red;
    Lanes green = lanes_at(palette->green + at) - colour.green;
    Lanes blue = lanes_at(palette->blue + at) - colour.blue;
    const Weights weights = palette->weights;
    const Lanes apart = weights.red * red * red + weights.green * green * green + weights.blue * blue * blue;
    return apart << 8 | lanes_at(palette->index + at);
}

/* Places in the order of green. */
typedef struct {
    int32_t begin, end;
} Range;

/* Where all colours are that are as near to this one as `limit`. */
static inline Range range_within(const Palette *palette, Colour colour, int32_t limit) {
    const int32_t reach = (int32_t)__builtin_elementwise_sqrt((float)(limit / palette->weights.green));
    const int32_t lowest = colour.green > reach ? colour.green - reach : 0;
    const int32_t highest = colour.green + reach < 255 ? colour.green + reach : 255;
    return (Range){palette->below[lowest], palette->below[highest + 1]};
}

/* The index of the palette's colour that is nearest to this one, where at least one is as near as `limit`. */
static inline int32_t nearest_within(const Palette *palette, Colour colour, int32_t limit) {
    const Range range = range_within(palette, colour, limit);
    int32_t at = range.begin;
    Lanes best = distances(palette, at, colour);
    while ((at += LANES) < range.end)
        best = __builtin_elementwise_min(best, distances(palette, at, colour));
    return __builtin_reduce_min(best) & 255;
}

/* The index of the palette's colour that is nearest to this one. */
static inline int32_t nearest(const Palette *palette, Colour colour) {
    const int32_t at = palette->below[colour.green];
    const Lanes some = distances(palette, at > LANES / 2 ? at - LANES / 2 : 0, colour);
    return nearest_within(palette, colour, __builtin_reduce_min(some) >> 8);
}

#endif
