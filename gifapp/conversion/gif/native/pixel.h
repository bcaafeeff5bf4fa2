/* A pixel that is drawn: what is wanted of it, and its best colour. */
#ifndef GIFAPP_PIXEL_H
#define GIFAPP_PIXEL_H

#include "lookup.h"
#include "strip.h"

/* A pixel to draw: see Strip. */
typedef struct {
    Rgba source, target, held, wanted;
    int32_t apart, busy, allowance;
} Pixel;

static inline Pixel pixel_at(const Strip *strip, const Rgba *screen, int64_t at) {
    return (Pixel){
        .source = strip->source[at], .target = strip->target[at], .held = screen[at],
        .apart = strip->apart[at], .busy = strip->busy[at], .allowance = strip->allowance[at],
    };
}

/* Red, green and blue at once; the fourth is not used. */
typedef int32_t Channels __attribute__((vector_size(16), aligned(4), may_alias)); /* as NumPy aligns integers */
typedef uint8_t Bytes __attribute__((vector_size(4)));

static inline Channels channels_of(Rgba pixel) {
    return __builtin_convertvector((Bytes)pixel, Channels);
}

static inline Rgba packed(Channels channels) {
    return (Rgba)__builtin_convertvector(channels, Bytes);
}

typedef struct {
    const int32_t *weights; /* of the error's four neighbours: see canvas.py */
    const int32_t *mask;    /* offsets, (side, side), a power of two */
    int64_t side;
    bool diffuses;
} Dither;

static inline Dither dither_of(const int32_t *weights, const int32_t *mask, int64_t side) {
    return (Dither){weights, mask, side, weights[0] || weights[1] || weights[2] || weights[3]};
}

/* The source colour plus the error that is diffused to it. */
static inline Channels wanted_colour(Rgba source, Channels owed, int32_t offset) {
    Channels wanted = channels_of(source) + offset + ((owed + 2048) >> 12);
    wanted = __builtin_elementwise_max(wanted, (Channels){0});
    return __builtin_elementwise_min(wanted, (Channels){255, 255, 255, 255});
}

/* Whether the palette has this exact colour; apart, so that `find` is inlined only once more. */
static __attribute__((noinline)) bool has_colour(const Lookup *lookup, Rgba colour) {
    return ((lookup->colours[find(lookup, colour)] ^ colour) & ~ALPHA) == 0;
}

/* The index nearest to `wanted`, or of the exact source colour if that is preferred and exists. */
static inline int32_t best_index(const Lookup *lookup, const Pixel *pixel, bool is_patterned) {
    const bool is_preferred = (pixel->busy == 0 || is_patterned) && has_colour(lookup, pixel->source);
    return find(lookup, is_preferred ? pixel->source : pixel->wanted);
}

/* What is wrong with a pixel that is shown by this index. */
static inline Channels error_of(const Lookup *lookup, int32_t transparent, int32_t index, const Pixel *pixel) {
    const Rgba seen = index == transparent ? pixel->held : lookup->colours[index];
    if (((seen ^ pixel->source) & ~ALPHA) == 0)
        return (Channels){0};
    return channels_of(pixel->wanted) - channels_of(seen);
}

#endif
