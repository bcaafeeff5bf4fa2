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

/* what Python needs to know too: constants.c exports these, library.constant reads them.
   RED, GREEN, BLUE: weights in a distance, halfway between equal and perceived brightness, to preserve hues.
   Compared with equal weights (measured): SSIM +.002, SSIMULACRA2 +2, PSNR -0.1 dB */
#define CONSTANTS(X) \
    X(RED, 3) \
    X(GREEN, 4) \
    X(BLUE, 2) \
    X(OPAQUE_ALPHA, 128) \
    X(MOST_COLOURS, 256) \
    X(LOOKUP_CELLS, 1 << 18) \
    X(LOOKUP_CACHE, 1 << 14) \
    X(HISTOGRAM_SLOTS, 1 << 15) \
    X(HISTOGRAM_TONES, 1 << 13)

#define ENUMERATED(name, value) name = (value),
enum { CONSTANTS(ENUMERATED) };

typedef struct {
    int32_t red, green, blue;
} Colour;

/* A palette, channel by channel, so that a search through it is vectorised. */
typedef struct {
    const int32_t *red, *green, *blue;
    int64_t count;
} Planes;

static inline Planes planes_of(const int32_t *colours, int64_t count) {
    return (Planes){colours, colours + count, colours + 2 * count, count};
}

static inline Colour colour_of(Planes palette, int32_t index) {
    return (Colour){palette.red[index], palette.green[index], palette.blue[index]};
}

static inline Colour pixel_at(const uint8_t *pixel) {
    return (Colour){pixel[0], pixel[1], pixel[2]};
}

static inline int32_t distance(Colour one, Colour other) {
    int32_t red = one.red - other.red, green = one.green - other.green, blue = one.blue - other.blue;
    return RED * red * red + GREEN * green * green + BLUE * blue * blue;
}

/* The index of the palette's colour that is nearest to this one. */
static inline int32_t nearest(Planes palette, Colour colour) {
    int32_t best = INT32_MAX;
    for (int32_t index = 0; index < palette.count; index++) {
        /* distance and index in one number, so that the compiler can vectorise the minimum */
        int32_t candidate = distance(colour_of(palette, index), colour) << 8 | index;
        best = candidate < best ? candidate : best;
    }
    return best & 255;
}

/* Knuth's multiplicative hash: the upper `bits` bits of the product. */
static inline uint32_t hashed(uint32_t key, int bits) {
    return key * 0x9E3779B1u >> (32 - bits);
}

#endif
