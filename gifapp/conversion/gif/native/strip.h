/* Strips of a row of pixels against what is on screen: canvas.py says by which rules pixels are held. */
#ifndef GIFAPP_STRIP_H
#define GIFAPP_STRIP_H

#include "kernels.h"

enum { STRIP = 256, FAR = 1 << 30 };

/* What must be known of the canvas and the rules; `transparent` is negative where nothing may be held. */
typedef struct {
    const uint8_t *pixels;
    Rgba *screen; /* clear where nothing is shown */
    int64_t height, width, channels;
    int32_t floor, share, most, transparent;
    Weights weights;
} Frame;

/* At most STRIP neighbours of a row, from the second place on: the first is for the pixel before. Each pixel's colour,
   the one above it, and the one to draw; its distance from what is on screen, FAR where nothing is shown, 0 where the
   pixel is clear; its distance from its left and upper neighbours; how much worse than its best colour it may be. */
typedef struct {
    Rgba source[STRIP + 1], above[STRIP + 1], target[STRIP + 1];
    int32_t apart[STRIP + 1], busy[STRIP + 1], allowance[STRIP + 1];
} Strip;

static inline Frame frame_of(const uint8_t *pixels, const int64_t *shape, Rgba *screen, const int32_t *rules) {
    return (Frame){
        pixels, screen, shape[0], shape[1], shape[2], rules[0], rules[1], rules[2], rules[3], weights_of(rules + 4),
    };
}

static inline int64_t end_of_strip(int64_t left, int64_t right) {
    return right - left < STRIP ? right : left + STRIP;
}

typedef uint8_t SixteenBytes __attribute__((vector_size(16), aligned(1), may_alias));

/* Reads opaque pixels of three bytes each. */
static inline void read_rgb(const uint8_t *pixels, int64_t count, Rgba *to) {
    static const SixteenBytes opaque = {255};
    int64_t at = 0;
    for (; at + 6 <= count; at += 4) { /* sixteen bytes are more than five pixels */
        const SixteenBytes bytes = *(const SixteenBytes *)(pixels + at * 3);
        *(SixteenBytes *)(to + at) = __builtin_shufflevector(
            bytes, opaque, 0, 1, 2, 16, 3, 4, 5, 16, 6, 7, 8, 16, 9, 10, 11, 16
        );
    }
    for (; at < count; at++)
        to[at] = colour_at(pixels, at);
}

/* Reads `count` pixels from (x, y) on, and the one before: for a row's first, itself. */
static inline void read_pixels(const Frame *frame, int64_t y, int64_t x, int64_t count, Rgba *to) {
    const int64_t before = x > 0;
    const uint8_t *pixels = frame->pixels + (y * frame->width + x - before) * frame->channels;
    if (frame->channels == 4)
        memcpy(to + 1 - before, pixels, (size_t)(count + before) * sizeof *to);
    else
        read_rgb(pixels, count + before, to + 1 - before);
    if (x == 0)
        to[0] = to[1];
}

static inline void measure_apart(const Frame *frame, Strip *strip, int64_t y, int64_t x, int64_t count) {
    const Rgba *screen = frame->screen + y * frame->width + x - 1;
    const Weights weights = frame->weights;
    read_pixels(frame, y, x, count, strip->source);
    for (int64_t at = 1; at <= count; at++) {
        Rgba source = strip->source[at];
        int32_t apart = screen[at] & ALPHA ? distance(weights, source, screen[at]) : FAR;
        strip->apart[at] = source >> ALPHA_SHIFT < OPAQUE_ALPHA ? 0 : apart;
    }
}

static inline int32_t least_allowance(const Frame *frame) {
    return frame->floor < frame->most ? frame->floor : frame->most;
}

/* The source must have been read. */
static inline void measure_busy(const Frame *frame, Strip *strip, int64_t y, int64_t x, int64_t count) {
    const Weights weights = frame->weights;
    const int32_t floor = frame->floor, share = frame->share, most = frame->most;
    read_pixels(frame, y > 0 ? y - 1 : 0, x, count, strip->above);
    for (int64_t at = 1; at <= count; at++) {
        Rgba source = strip->source[at];
        int32_t busy = distance(weights, source, strip->source[at - 1]) + distance(weights, source, strip->above[at]);
        int32_t allowance = (busy * share >> 8) + floor;
        strip->busy[at] = busy;
        strip->allowance[at] = allowance < most ? allowance : most;
    }
}

static inline bool is_any_beyond(const int32_t *values, int64_t count, int32_t limit) {
    bool is_beyond = false;
    for (int64_t at = 1; at <= count; at++)
        is_beyond |= values[at] > limit;
    return is_beyond;
}

#endif
