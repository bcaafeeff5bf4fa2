/* Strips of a row of pixels against what is on screen: canvas.py says by which rules pixels are held. */
#ifndef GIFAPP_STRIP_H
#define GIFAPP_STRIP_H

#include "kernels.h"

enum { STRIP = 256, FAR = 1 << 30, NONE = -1 };

/* What must be known of the canvas and the rules; `transparent` is NONE where nothing may be held. */
typedef struct {
    const uint8_t *pixels;
    Rgba *screen; /* clear where nothing is shown */
    int64_t height, width, channels;
    int32_t floor, share, most, transparent;
} Frame;

/* At most STRIP neighbours of a row, from the second place on: the first is for the pixel before. Each pixel's colour
   and the one above it; its distance from what is on screen, FAR where nothing is shown, 0 where the pixel is clear;
   its distance from its left and upper neighbours; how much worse than its best colour it may be. */
typedef struct {
    Rgba source[STRIP + 1], above[STRIP + 1];
    int32_t apart[STRIP + 1], busy[STRIP + 1], allowance[STRIP + 1];
} Strip;

static inline Frame frame_of(const uint8_t *pixels, const int64_t *shape, Rgba *screen, const int32_t *rules) {
    return (Frame){pixels, screen, shape[0], shape[1], shape[2], rules[0], rules[1], rules[2], rules[3]};
}

static inline int64_t end_of_strip(int64_t left, int64_t right) {
    return right - left < STRIP ? right : left + STRIP;
}

/* Reads `count` pixels from (x, y) on, and the one before: for a row's first, itself. */
static inline void read_pixels(const Frame *frame, int64_t y, int64_t x, int64_t count, Rgba *to) {
    const uint8_t *pixels = frame->pixels + (y * frame->width + x) * frame->channels;
    if (frame->channels == 4) {
        for (int64_t at = x > 0 ? 0 : 1; at <= count; at++)
            memcpy(&to[at], pixels + (at - 1) * 4, sizeof *to);
    } else {
        for (int64_t at = x > 0 ? 0 : 1; at <= count; at++) {
            const uint8_t *pixel = pixels + (at - 1) * 3;
            to[at] = pixel[0] | (Rgba)pixel[1] << 8 | (Rgba)pixel[2] << 16 | ALPHA;
        }
    }
    if (x == 0)
        to[0] = to[1];
}

static inline void measure_apart(const Frame *frame, Strip *strip, int64_t y, int64_t x, int64_t count) {
    const Rgba *screen = frame->screen + y * frame->width + x - 1;
    read_pixels(frame, y, x, count, strip->source);
    for (int64_t at = 1; at <= count; at++) {
        Rgba source = strip->source[at];
        int32_t apart = screen[at] & ALPHA ? distance(source, screen[at]) : FAR;
        strip->apart[at] = source >> ALPHA_SHIFT < OPAQUE_ALPHA ? 0 : apart;
    }
}

/* Follows on `measure_apart`. */
static inline void measure_busy(const Frame *frame, Strip *strip, int64_t y, int64_t x, int64_t count) {
    const int32_t floor = frame->floor, share = frame->share, most = frame->most;
    read_pixels(frame, y > 0 ? y - 1 : 0, x, count, strip->above);
    for (int64_t at = 1; at <= count; at++) {
        Rgba source = strip->source[at];
        int32_t busy = distance(source, strip->source[at - 1]) + distance(source, strip->above[at]);
        int32_t allowance = (busy * share >> 8) + floor;
        strip->busy[at] = busy;
        strip->allowance[at] = allowance < most ? allowance : most;
    }
}

#endif
