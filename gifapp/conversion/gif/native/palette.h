/* A palette, and the search for the colour in it that is nearest to another. */
#ifndef GIFAPP_PALETTE_H
#define GIFAPP_PALETTE_H

#include "kernels.h"

enum { BLOCK = 8, NOWHERE = 600 /* far enough from every colour; its distance and an index still fit in 31 bits */ };

/* The colours in the order of their green, which weighs most; channel by channel, so that the search is vectorised. */
typedef struct {
    int32_t red[MOST_COLOURS + BLOCK], green[MOST_COLOURS + BLOCK], blue[MOST_COLOURS + BLOCK];
    int32_t index[MOST_COLOURS + BLOCK]; /* in the palette */
    int32_t below[257];                  /* per green: how many colours have less */
    int32_t blocks;
} Palette;

static inline Rgba colour_at(const uint8_t *table, int64_t index) {
    const uint8_t *colour = table + index * 3;
    return ALPHA | (Rgba)(colour[0] | colour[1] << 8 | colour[2] << 16);
}

/* table: (count, 3). */
static inline void sort_palette(Palette *palette, const uint8_t *table, int64_t count) {
    int32_t next[257] = {0};
    for (int64_t index = 0; index < count; index++)
        next[table[index * 3 + 1] + 1]++;
    for (int green = 0; green < 256; green++)
        next[green + 1] += next[green];
    memcpy(palette->below, next, sizeof next);
    for (int64_t index = 0; index < count; index++) {
        const uint8_t *colour = table + index * 3;
        int32_t at = next[colour[1]]++;
        palette->red[at] = colour[0];
        palette->green[at] = colour[1];
        palette->blue[at] = colour[2];
        palette->index[at] = (int32_t)index;
    }
    palette->blocks = (int32_t)((count + BLOCK - 1) / BLOCK);
    for (int64_t at = count; at < palette->blocks * BLOCK; at++) {
        palette->red[at] = palette->green[at] = palette->blue[at] = NOWHERE;
        palette->index[at] = 0;
    }
}

/* The least distance in a block with its index in the lower 8 bits, or `best` if that is less. */
static inline int32_t nearest_in(const Palette *palette, int32_t block, Colour colour, int32_t best) {
    for (int32_t at = block * BLOCK; at < (block + 1) * BLOCK; at++) {
        int32_t red = palette->red[at] - colour.red, green = palette->green[at] - colour.green;
        int32_t blue = palette->blue[at] - colour.blue;
        int32_t candidate = weighted(red, green, blue) << 8 | palette->index[at];
        best = candidate < best ? candidate : best;
    }
    return best;
}

/* Whether a colour with this green may be as near as the best one. */
static inline bool is_near(int32_t green, Colour colour, int32_t best) {
    return GREEN * (green - colour.green) * (green - colour.green) <= best >> 8;
}

/* The index of the palette's colour that is nearest to this one. */
static inline int32_t nearest(const Palette *palette, Colour colour) {
    int32_t upper = palette->below[colour.green] / BLOCK, best = INT32_MAX;
    upper = upper < palette->blocks ? upper : palette->blocks - 1;
    int32_t lower = upper - 1;
    do {
        best = nearest_in(palette, upper++, colour, best);
    } while (upper < palette->blocks && is_near(palette->green[upper * BLOCK], colour, best));
    while (lower >= 0 && is_near(palette->green[lower * BLOCK + BLOCK - 1], colour, best))
        best = nearest_in(palette, lower--, colour, best);
    return best & 255;
}

#endif
