/* Averages what stays nearly the same in the frames to come: steady.py says what for. */
#include "strip.h"

enum { COLOURS = 3, ROUNDING_BITS = 16 };

/* At most STRIP neighbours of a row, from the second place on, as in Strip: the sums of their colours so far; how many
   they are; and whether all frames so far were alike. */
typedef struct {
    int32_t sums[COLOURS][STRIP + 1], count[STRIP + 1];
    int32_t is_alike[STRIP + 1]; /* all bits or none */
} Run;

static void begin_run(Run *run, const Strip *strip, int64_t count) {
    for (int64_t at = 1; at <= count; at++) {
        for (int colour = 0; colour < COLOURS; colour++)
            run->sums[colour][at] = strip->source[at] >> 8 * colour & 255;
        run->count[at] = 1;
        run->is_alike[at] = -(int32_t)(strip->source[at] >> ALPHA_SHIFT >= OPAQUE_ALPHA);
    }
}

/* Adds the pixels of the next frame that are as near as half as much again as they might be wrong. */
static void add_to_run(Run *run, const Strip *strip, Weights weights, const Rgba *next, int64_t count) {
    for (int64_t at = 1; at <= count; at++) {
        const int32_t limit = strip->allowance[at] * 3 / 2;
        run->is_alike[at] &= -(int32_t)(distance(weights, strip->source[at], next[at]) <= limit);
        run->is_alike[at] &= -(int32_t)(next[at] >> ALPHA_SHIFT >= OPAQUE_ALPHA);
        for (int colour = 0; colour < COLOURS; colour++)
            run->sums[colour][at] += (int32_t)(next[at] >> 8 * colour & 255) & run->is_alike[at];
        run->count[at] -= run->is_alike[at];
    }
}

static void write_means(const Run *run, const Frame *frame, int64_t y, int64_t x, int64_t count, uint8_t *means) {
    /* of 1 << ROUNDING_BITS, rounded up */
    static const int32_t shares[] = {0, 1 << 16, 1 << 15, 21846, 1 << 14, 13108};
    uint8_t *to = means + (y * frame->width + x) * frame->channels;
    for (int64_t at = 1; at <= count; at++, to += frame->channels) {
        for (int colour = 0; colour < COLOURS; colour++) {
            const int32_t sum = run->sums[colour][at] * shares[run->count[at]];
            to[colour] = (uint8_t)((sum + (1 << (ROUNDING_BITS - 1))) >> ROUNDING_BITS);
        }
    }
}

/* A picture, and those that follow it. */
typedef struct {
    Frame frame;
    const uint8_t *following[4];
    int64_t count;
} Sequence;

/* Whether a strip is the same in all pictures, and so its own mean. */
static bool is_still(const Sequence *sequence, int64_t y, int64_t x, int64_t count) {
    const Frame *frame = &sequence->frame;
    const int64_t start = (y * frame->width + x) * frame->channels;
    for (int64_t number = 0; number < sequence->count; number++) {
        const uint8_t *other = sequence->following[number] + start;
        if (memcmp(frame->pixels + start, other, (size_t)(count * frame->channels)) != 0)
            return false;
    }
    return true;
}

static void average_strip(const Sequence *sequence, int64_t y, int64_t x, int64_t count, uint8_t *means) {
    const Frame *frame = &sequence->frame;
    Strip strip;
    Run run;
    Rgba next[STRIP + 1];
    read_pixels(frame, y, x, count, strip.source);
    measure_busy(frame, &strip, y, x, count);
    begin_run(&run, &strip, count);
    for (int64_t number = 0; number < sequence->count; number++) {
        const Frame other = {sequence->following[number], .width = frame->width, .channels = frame->channels};
        read_pixels(&other, y, x, count, next);
        add_to_run(&run, &strip, frame->weights, next, count);
    }
    write_means(&run, frame, y, x, count, means);
}

/* In `means`, a copy of `pixels`, makes each pixel the mean of itself and of as many of the `count` frames that follow
   as are alike; the alpha stays. shape: height, width, channels, of all; rules: as in canvas.py. */
KERNEL void average_steady(
    const uint8_t *pixels, const int64_t *shape, const uint8_t *first, const uint8_t *second, const uint8_t *third,
    const uint8_t *fourth, int64_t count, const int32_t *rules, uint8_t *means
) {
    const Sequence sequence = {frame_of(pixels, shape, NULL, rules), {first, second, third, fourth}, count};
    for (int64_t y = 0; y < shape[0]; y++) {
        for (int64_t x = 0; x < shape[1]; x += STRIP) {
            const int64_t width = end_of_strip(x, shape[1]) - x;
            if (!is_still(&sequence, y, x, width))
                average_strip(&sequence, y, x, width, means);
        }
    }
}
