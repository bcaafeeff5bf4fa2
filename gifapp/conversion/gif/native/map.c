/* Maps a frame's pixels to palette indices: canvas.py says by which rules. */
#include "lookup.h"
#include "phrases.h"

enum {
    FIRST_CODE = 258,
    MOST_SIBLINGS = 12, /* phrases searched for a stand-in; all would save 0.7 % more (measured) */
    FAR = 1 << 30,
    NONE = -1,
};

/* What must be known of the canvas and the rules; `transparent` is NONE where nothing may be held. */
typedef struct {
    const uint8_t *pixels;
    uint8_t *shown, *is_shown;
    int64_t height, width, channels;
    int32_t floor, share, most, transparent;
} Frame;

static inline Frame frame_of(const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int32_t *rules) {
    return (Frame){pixels, shown, is_shown, shape[0], shape[1], shape[2], rules[0], rules[1], rules[2], rules[3]};
}

static inline const uint8_t *source_at(const Frame *frame, int64_t y, int64_t x) {
    return frame->pixels + (y * frame->width + x) * frame->channels;
}

static inline uint8_t *shown_at(const Frame *frame, int64_t y, int64_t x) {
    return frame->shown + (y * frame->width + x) * 3;
}

static inline bool is_clear(const Frame *frame, const uint8_t *source) {
    return frame->channels == 4 && source[3] < OPAQUE_ALPHA;
}

/* The distance of a pixel from its left and upper neighbours. */
static inline int32_t busyness(const Frame *frame, int64_t y, int64_t x, Colour source) {
    Colour beside = pixel_at(source_at(frame, y, x > 0 ? x - 1 : 0));
    Colour above = pixel_at(source_at(frame, y > 0 ? y - 1 : 0, x));
    return distance(source, beside) + distance(source, above);
}

static inline int32_t allowance_of(const Frame *frame, int32_t busy) {
    int64_t allowance = ((int64_t)busy * frame->share >> 8) + frame->floor;
    return (int32_t)(allowance < frame->most ? allowance : frame->most);
}

/* Whether a pixel is outside the tolerance, so that it is not simply held. */
static inline bool is_changed(const Frame *frame, int64_t y, int64_t x) {
    const uint8_t *pixel = source_at(frame, y, x);
    if (is_clear(frame, pixel))
        return false;
    if (!frame->is_shown[y * frame->width + x])
        return true;
    Colour source = pixel_at(pixel);
    int32_t apart = distance(source, pixel_at(shown_at(frame, y, x)));
    return apart > frame->floor && apart > allowance_of(frame, busyness(frame, y, x, source));
}

/* The first changed pixel of a row between `x` and `end`, or `end`. */
static int64_t first_changed(const Frame *frame, int64_t y, int64_t x, int64_t step, int64_t end) {
    while (x != end && !is_changed(frame, y, x))
        x += step;
    return x;
}

/* Finds the rectangle around the changed pixels: left, top, right, bottom; untouched if there are none. */
KERNEL void find_changed(const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int32_t *rules, int64_t *where) {
    const Frame frame = frame_of(pixels, shape, shown, is_shown, rules);
    int64_t top = 0, bottom = frame.height, left = frame.width, right = 0;
    while (top < bottom && first_changed(&frame, top, 0, 1, frame.width) == frame.width)
        top++;
    if (top == bottom)
        return;
    while (first_changed(&frame, bottom - 1, 0, 1, frame.width) == frame.width)
        bottom--;
    for (int64_t y = top; y < bottom; y++) {
        left = first_changed(&frame, y, 0, 1, left);
        right = first_changed(&frame, y, frame.width - 1, -1, right - 1) + 1;
    }
    memcpy(where, (int64_t[]){left, top, right, bottom}, 4 * sizeof *where);
}

/* LZW's dictionary while a frame is drawn, with a tree of the phrases' continuations. */
typedef struct {
    Phrases phrases;
    int16_t child[MOST_CODES], sibling[MOST_CODES], index[MOST_CODES];
    int64_t prefix, next_code;
} Drawn;

static void forget(Drawn *drawn) {
    memset(&drawn->phrases, 0, sizeof drawn->phrases);
    memset(drawn->child, NONE, sizeof drawn->child);
    drawn->next_code = FIRST_CODE;
}

static inline bool ends_phrase(Drawn *drawn, int32_t index) {
    return drawn->prefix >= 0 && *phrase_slot(&drawn->phrases, phrase_key(drawn->prefix, index)) == 0;
}

/* Adds an index to the phrase, as the compressor will. */
static inline void follow(Drawn *drawn, int32_t index) {
    if (drawn->prefix < 0) {
        drawn->prefix = index;
        return;
    }
    uint32_t key = phrase_key(drawn->prefix, index), *slot = phrase_slot(&drawn->phrases, key);
    if (*slot != 0) {
        drawn->prefix = phrase_code(*slot);
        return;
    }
    if (drawn->next_code < MOST_CODES) {
        *slot = key << 12 | (uint32_t)drawn->next_code;
        drawn->index[drawn->next_code] = (int16_t)index;
        drawn->sibling[drawn->next_code] = drawn->child[drawn->prefix];
        drawn->child[drawn->prefix] = (int16_t)drawn->next_code++;
    } else {
        forget(drawn);
    }
    drawn->prefix = index;
}

/* The index nearest to `wanted` that continues the phrase, if it is close enough; else `best`.
   Transparency stands in for the colour `held` on screen, where there is one. */
static inline int32_t stand_in(const Drawn *drawn, Planes palette, int32_t best, Colour wanted, int32_t allowance, int32_t transparent, const Colour *held) {
    int32_t limit = distance(wanted, colour_of(palette, best)) + allowance + 1;
    int64_t longer = drawn->child[drawn->prefix];
    for (int left = MOST_SIBLINGS; longer >= 0 && left > 0; left--, longer = drawn->sibling[longer]) {
        int32_t index = drawn->index[longer], apart = limit;
        if (index != transparent)
            apart = distance(wanted, colour_of(palette, index));
        else if (held)
            apart = distance(wanted, *held);
        if (apart < limit) {
            limit = apart;
            best = index;
        }
    }
    return best;
}

static inline int32_t clamped(int32_t value) {
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* The source colour plus the error that is diffused to it, in 4096ths. */
static inline Colour wanted_colour(Colour source, const int32_t *owed, int32_t offset) {
    return (Colour){
        clamped(source.red + ((owed[0] + 2048) >> 12) + offset),
        clamped(source.green + ((owed[1] + 2048) >> 12) + offset),
        clamped(source.blue + ((owed[2] + 2048) >> 12) + offset),
    };
}

/* `here` and `below` are what this pixel and the one below it are owed; `weights` as in canvas.py. */
static inline void diffuse(Colour wanted, Colour seen, const int32_t *weights, int32_t *here, int32_t *below) {
    const int32_t error[3] = {wanted.red - seen.red, wanted.green - seen.green, wanted.blue - seen.blue};
    for (int channel = 0; channel < 3; channel++) {
        here[channel + 3] += error[channel] * weights[0];
        below[channel - 3] += error[channel] * weights[1];
        below[channel] += error[channel] * weights[2];
        below[channel + 3] += error[channel] * weights[3];
    }
}

/* The index nearest to `wanted`, or of the exact source colour if that is preferred and exists. */
static inline int32_t best_index(const Lookup *lookup, Colour source, Colour wanted, bool prefers_exact) {
    if (prefers_exact) {
        int32_t index = find(lookup, source);
        if (distance(source, colour_of(lookup->palette, index)) == 0)
            return index;
    }
    return find(lookup, wanted);
}

/* The index for a pixel that is not simply held. `apart` is FAR where it may not be held at all. */
static inline int32_t index_for(const Frame *frame, const Lookup *lookup, Drawn *drawn, Colour source, Colour wanted, Colour held, int32_t apart, int32_t busy, bool is_patterned) {
    int32_t index = frame->transparent, allowance = allowance_of(frame, busy);
    if (apart > allowance) {
        int32_t best = best_index(lookup, source, wanted, busy == 0 || is_patterned);
        if (apart > allowance + distance(source, colour_of(lookup->palette, best)))
            index = best;
    }
    if (allowance > 0 && index != frame->transparent && ends_phrase(drawn, index))
        index = stand_in(drawn, lookup->palette, index, wanted, allowance, frame->transparent, apart == FAR ? NULL : &held);
    return index;
}

/* Shows a pixel by its index, and diffuses what is wrong with it. */
static inline void show(const Frame *frame, Planes palette, int64_t at, int32_t index, Colour source, Colour wanted, Colour held, const int32_t *weights, int32_t *here, int32_t *below) {
    Colour seen = held;
    if (index != frame->transparent) {
        seen = colour_of(palette, index);
        frame->shown[at * 3] = (uint8_t)seen.red;
        frame->shown[at * 3 + 1] = (uint8_t)seen.green;
        frame->shown[at * 3 + 2] = (uint8_t)seen.blue;
        frame->is_shown[at] = 1;
    }
    if (distance(source, seen) > 0)
        diffuse(wanted, seen, weights, here, below);
}

/* Draws the part `where` of a frame on the canvas and writes its indices.
   shape: height, width, channels; where: left, top, right, bottom; colours: (3, count); mask: (side, side), a power of two;
   errors: (2, width + 2, 3), scratch. */
KERNEL void remap(
    const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int64_t *where,
    const int32_t *colours, int64_t count, int16_t *cells, int32_t *cached_keys, uint8_t *cached,
    const int32_t *rules, const int32_t *weights, const int32_t *mask, int64_t side, int32_t *errors, uint8_t *indices
) {
    const Frame frame = frame_of(pixels, shape, shown, is_shown, rules);
    const Lookup lookup = {planes_of(colours, count), cells, cached_keys, cached};
    const int64_t row = (frame.width + 2) * 3;
    Drawn drawn = {.prefix = NONE};
    forget(&drawn);
    memset(errors, 0, 2 * row * sizeof *errors);
    for (int64_t y = where[1]; y < where[3]; y++) {
        int32_t *here = errors + (y & 1) * row, *below = errors + (1 - (y & 1)) * row;
        memset(below, 0, row * sizeof *below);
        for (int64_t x = where[0]; x < where[2]; x++) {
            const int64_t at = y * frame.width + x;
            const uint8_t *pixel = source_at(&frame, y, x);
            Colour source = pixel_at(pixel), held = pixel_at(shown + at * 3);
            int32_t index = frame.transparent;
            int32_t apart = frame.transparent >= 0 && is_shown[at] ? distance(source, held) : FAR;
            if (apart > 0 && !is_clear(&frame, pixel)) {
                int32_t *owed = here + (x + 1) * 3;
                Colour wanted = wanted_colour(source, owed, mask[(y & (side - 1)) * side + (x & (side - 1))]);
                int32_t busy = busyness(&frame, y, x, source);
                index = index_for(&frame, &lookup, &drawn, source, wanted, held, apart, busy, side > 1);
                show(&frame, lookup.palette, at, index, source, wanted, held, weights, owed, below + (x + 1) * 3);
            }
            *indices++ = (uint8_t)index;
            follow(&drawn, index);
        }
    }
}
