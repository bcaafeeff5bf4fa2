/* The encoder's inner loops. They allocate nothing and keep no state between calls, so threads may share them.
   Arrays are NumPy's, row by row without gaps; library.py checks their types and declares each kernel's signature. */
#ifndef GIFAPP_KERNELS_H
#define GIFAPP_KERNELS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define KERNEL __declspec(dllexport)
#else
#define KERNEL __attribute__((visibility("default")))
#endif

/* what Python needs to know too: constants.c exports these, library.constant reads them */
#define CONSTANTS(X) \
    X(OPAQUE_ALPHA, 128) \
    X(MAX_COLOURS, 256) \
    X(LOOKUP_CELLS, 1 << 18) \
    X(LOOKUP_CACHE, 1 << 14) \
    X(CLEAR_CODE, 256) \
    X(END_CODE, 257) \
    X(HISTOGRAM_SLOTS, 1 << 15) \
    X(HISTOGRAM_TONES, 1 << 13)

#define ENUMERATED(name, value) name = (value),
enum { CONSTANTS(ENUMERATED) };

typedef struct {
    int32_t red, green, blue;
} Colour;

/* What a step of each channel counts in a distance: tolerance.py says why. */
typedef Colour Weights;

static inline Weights weights_of(const int32_t *three) {
    return (Weights){three[0], three[1], three[2]};
}

/* Red in the lowest byte, then green, blue and alpha: as NumPy's four bytes. */
typedef uint32_t Rgba;

enum { ALPHA_SHIFT = 24 };
static const Rgba ALPHA = 0xFFu << ALPHA_SHIFT;

static inline Colour unpacked(Rgba pixel) {
    return (Colour){pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255};
}

static inline Rgba colour_at(const uint8_t *colours, int64_t index) {
    const uint8_t *colour = colours + index * 3;
    return ALPHA | (Rgba)(colour[0] | colour[1] << 8 | colour[2] << 16);
}

static inline int32_t weighted(Weights weights, int32_t red, int32_t green, int32_t blue) {
    return weights.red * red * red + weights.green * green * green + weights.blue * blue * blue;
}

static inline int32_t distance(Weights weights, Rgba one, Rgba other) {
    Colour here = unpacked(one), there = unpacked(other);
    return weighted(weights, here.red - there.red, here.green - there.green, here.blue - there.blue);
}

/* Knuth's multiplicative hash: the upper `bits` bits of the product. */
static inline uint32_t hashed(uint32_t key, int bits) {
    return key * 0x9E3779B1u >> (32 - bits);
}

#endif
