/* Finds the part of a frame that changes. */
#include "strip.h"

/* Measures a strip; returns whether any of its pixels changes, that is, is not simply held. */
static bool is_any_changed(const Frame *frame, Strip *strip, int64_t y, int64_t x, int64_t count) {
    measure_apart(frame, strip, y, x, count);
    if (!is_any_beyond(strip->apart, count, least_allowance(frame)))
        return false;
    measure_busy(frame, strip, y, x, count);
    bool is_changed = false;
    for (int64_t at = 1; at <= count; at++)
        is_changed |= strip->apart[at] > strip->allowance[at];
    return is_changed;
}

/* The first changed pixel of a row before `end`, or `end`. */
static int64_t first_changed(const Frame *frame, int64_t y, int64_t end) {
    Strip strip;
    for (int64_t x = 0; x < end; x += STRIP) {
        if (!is_any_changed(frame, &strip, y, x, end_of_strip(x, end) - x))
            continue;
        int64_t at = 1;
        while (strip.apart[at] <= strip.allowance[at])
            at++;
        return x + at - 1;
    }
    return end;
}

/* Behind the last changed pixel of a row from `start` on, or `start`. */
static int64_t after_changed(const Frame *frame, int64_t y, int64_t start) {
    Strip strip;
    for (int64_t end = frame->width; end > start; end -= STRIP) {
        int64_t count = end - start < STRIP ? end - start : STRIP;
        if (!is_any_changed(frame, &strip, y, end - count, count))
            continue;
        int64_t at = count;
        while (strip.apart[at] <= strip.allowance[at])
            at--;
        return end - count + at;
    }
    return start;
}

/* Finds the rectangle around the changed pixels: left, top, right, bottom; untouched if there are none. */
KERNEL void find_changed(
    const uint8_t *pixels, const int64_t *shape, uint32_t *screen, const int32_t *rules, int64_t *where
) {
    const Frame frame = frame_of(pixels, shape, screen, rules);
    int64_t top = 0, bottom = frame.height, left = frame.width, right = 0;
    while (top < bottom && first_changed(&frame, top, frame.width) == frame.width)
        top++;
    if (top == bottom)
        return;
    while (first_changed(&frame, bottom - 1, frame.width) == frame.width)
        bottom--;
    for (int64_t y = top; y < bottom; y++) {
        left = first_changed(&frame, y, left);
        right = after_changed(&frame, y, right);
    }
    memcpy(where, (int64_t[]){left, top, right, bottom}, 4 * sizeof *where);
}

/* Counts the pixels that are farther than `limit` from those before, in one row of four.
   shape: height, width, channels, of both; three: the weights. */
KERNEL int64_t count_changed(
    const uint8_t *pixels, const uint8_t *before, const int64_t *shape, const int32_t *three, int64_t limit
) {
    const Weights weights = weights_of(three);
    const int64_t channels = shape[2], row = shape[1] * channels;
    int64_t changed = 0;
    for (int64_t start = 0; start < shape[0] * row; start += 4 * row) {
        for (int64_t at = start; at < start + row; at += channels)
            changed += distance(weights, colour_at(pixels + at, 0), colour_at(before + at, 0)) > limit;
    }
    return changed;
}
