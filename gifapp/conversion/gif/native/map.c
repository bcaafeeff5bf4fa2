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

static inline Frame frame_of(
    const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int32_t *rules
) {
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
KERNEL void find_changed(
    const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int32_t *rules, int64_t *where
) {
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

/* A phrase in the tree of the phrases' continuations: the first longer one, the next as long, and its last pixel. */
typedef struct {
    int16_t longer, next;
    uint8_t index, red, green, blue;
} Phrase;

/* LZW's dictionary while a frame is drawn. Many pixels are held: what continues a phrase by such a pixel is found
   without a search. */
typedef struct {
    Phrases phrases;
    Phrase tree[MOST_CODES];
    int16_t held[MOST_CODES];
    int64_t prefix, next_code;
} Drawn;

static void forget(Drawn *drawn) {
    memset(&drawn->phrases, 0, sizeof drawn->phrases);
    for (int code = 0; code < FIRST_CODE; code++)
        drawn->tree[code].longer = drawn->held[code] = NONE;
    drawn->next_code = FIRST_CODE;
}

static inline uint32_t *slot_after(Drawn *drawn, int32_t index) {
    return phrase_slot(&drawn->phrases, phrase_key(drawn->prefix, index));
}

/* Adds the phrase that is longer by this index, as the compressor will; returns its code, NONE if the dictionary was
   full and starts anew. */
static inline int64_t add_phrase(Drawn *drawn, int32_t index, Colour colour) {
    if (drawn->next_code == MOST_CODES) {
        forget(drawn);
        return NONE;
    }
    Phrase *prefix = &drawn->tree[drawn->prefix];
    drawn->tree[drawn->next_code] = (Phrase){
        NONE, prefix->longer, (uint8_t)index, (uint8_t)colour.red, (uint8_t)colour.green, (uint8_t)colour.blue,
    };
    drawn->held[drawn->next_code] = NONE;
    return prefix->longer = (int16_t)drawn->next_code++;
}

/* Adds a colour to the phrase. `slot`: of the phrase that is longer by this index. */
static inline void follow(Drawn *drawn, uint32_t *slot, int32_t index, Colour colour) {
    if (*slot != 0) {
        drawn->prefix = phrase_code(*slot);
        return;
    }
    uint32_t key = phrase_key(drawn->prefix, index);
    int64_t code = add_phrase(drawn, index, colour);
    if (code != NONE)
        *slot = key << 12 | (uint32_t)code;
    drawn->prefix = index;
}

/* The code of the longer phrase whose last index is nearest to `wanted`, NONE if that is farther than `limit`.
   Transparency stands in for the colour `held` on screen, where there is one. */
static inline int64_t stand_in(
    const Drawn *drawn, Colour wanted, int32_t limit, int32_t transparent, const Colour *held
) {
    int64_t code = drawn->tree[drawn->prefix].longer, best = NONE;
    for (int left = MOST_SIBLINGS; code >= 0 && left > 0; left--) {
        const Phrase *phrase = &drawn->tree[code];
        int32_t apart = limit;
        if (phrase->index != transparent)
            apart = distance(wanted, (Colour){phrase->red, phrase->green, phrase->blue});
        else if (held)
            apart = distance(wanted, *held);
        if (apart < limit) {
            limit = apart;
            best = code;
        }
        code = phrase->next;
    }
    return best;
}

static inline int32_t clamped(int32_t value) {
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Red, green and blue at once; the fourth is not used. */
typedef int32_t Channels __attribute__((vector_size(16), aligned(4), may_alias)); /* as NumPy aligns integers */

typedef struct {
    const int32_t *weights; /* of the error's four neighbours: see canvas.py */
    const int32_t *mask;    /* offsets, (side, side), a power of two */
    int64_t side;
} Dither;

/* A pixel to draw. `apart`: its distance from what is held on screen, FAR where it may not be held at all. */
typedef struct {
    Colour source, held, wanted;
    int32_t apart, busy;
} Pixel;

/* Errors on their way, in 4096ths: to the next pixel, and to the two below this one and the one before, which others
   add to. */
typedef struct {
    Channels ahead, below_before, below;
} Owed;

/* The source colour plus the error that is diffused to it. */
static inline Colour wanted_colour(Colour source, Channels owed, int32_t offset) {
    owed = ((owed + 2048) >> 12) + offset;
    return (Colour){clamped(source.red + owed[0]), clamped(source.green + owed[1]), clamped(source.blue + owed[2])};
}

/* Passes a pixel's error on. Returns what the pixel below the one before is owed in the end. */
static inline Channels diffuse(Owed *owed, Channels error, const int32_t *weights) {
    Channels done = owed->below_before + error * weights[1];
    *owed = (Owed){error * weights[0], owed->below + error * weights[2], error * weights[3]};
    return done;
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

/* Leaves a pixel as it is, and adds that to the phrase. */
static inline int32_t hold(Drawn *drawn, int32_t transparent) {
    int64_t prefix = drawn->prefix;
    if (prefix >= 0 && drawn->held[prefix] != NONE) {
        drawn->prefix = drawn->held[prefix];
        return transparent;
    }
    if (prefix >= 0) {
        int64_t code = add_phrase(drawn, transparent, (Colour){0});
        if (code != NONE)
            drawn->held[prefix] = (int16_t)code;
    }
    drawn->prefix = transparent;
    return transparent;
}

/* Chooses the index for a pixel that is not simply held, and adds it to the phrase. */
static inline int32_t index_for(
    const Frame *frame, const Lookup *lookup, Drawn *drawn, const Pixel *pixel, bool is_patterned
) {
    int32_t allowance = allowance_of(frame, pixel->busy);
    if (pixel->apart <= allowance)
        return hold(drawn, frame->transparent);
    int32_t best = best_index(lookup, pixel->source, pixel->wanted, pixel->busy == 0 || is_patterned);
    Colour colour = colour_of(lookup->palette, best);
    if (pixel->apart <= allowance + distance(pixel->source, colour))
        return hold(drawn, frame->transparent);
    if (drawn->prefix < 0)
        return (int32_t)(drawn->prefix = best);
    uint32_t *slot = slot_after(drawn, best);
    if (allowance > 0 && *slot == 0) {
        int32_t limit = distance(pixel->wanted, colour) + allowance + 1;
        const Colour *held = pixel->apart == FAR ? NULL : &pixel->held;
        int64_t longer = stand_in(drawn, pixel->wanted, limit, frame->transparent, held);
        if (longer != NONE) {
            drawn->prefix = longer;
            return drawn->tree[longer].index;
        }
    }
    follow(drawn, slot, best, colour);
    return best;
}

/* Shows a pixel by its index; returns what is wrong with it. */
static inline Channels show(const Frame *frame, Planes palette, int64_t at, int32_t index, const Pixel *pixel) {
    Colour seen = pixel->held, wanted = pixel->wanted;
    if (index != frame->transparent) {
        seen = colour_of(palette, index);
        frame->shown[at * 3] = (uint8_t)seen.red;
        frame->shown[at * 3 + 1] = (uint8_t)seen.green;
        frame->shown[at * 3 + 2] = (uint8_t)seen.blue;
        frame->is_shown[at] = 1;
    }
    if (distance(pixel->source, seen) == 0)
        return (Channels){0};
    return (Channels){wanted.red - seen.red, wanted.green - seen.green, wanted.blue - seen.blue};
}

/* Draws a row's pixels from `left` to `right`. owed: (width + 2) channels, by the row above; becomes what the row below
   is owed. */
static void remap_row(
    const Frame *frame, const Lookup *lookup, const Dither *dither, Drawn *drawn, int64_t y, int64_t left,
    int64_t right, Channels *owed, uint8_t *indices
) {
    const int64_t last = dither->side - 1;
    const int32_t *offsets = dither->mask + (y & last) * dither->side;
    Owed passed = {{0}, {0}, {0}};
    for (int64_t x = left; x < right; x++) {
        const int64_t at = y * frame->width + x;
        const uint8_t *source = source_at(frame, y, x);
        Pixel pixel = {.source = pixel_at(source), .held = pixel_at(frame->shown + at * 3), .apart = FAR};
        if (frame->transparent >= 0 && frame->is_shown[at])
            pixel.apart = distance(pixel.source, pixel.held);
        Channels error = {0};
        int32_t index;
        if (pixel.apart > 0 && !is_clear(frame, source)) {
            pixel.wanted = wanted_colour(pixel.source, owed[x + 1] + passed.ahead, offsets[x & last]);
            pixel.busy = busyness(frame, y, x, pixel.source);
            index = index_for(frame, lookup, drawn, &pixel, dither->side > 1);
            error = show(frame, lookup->palette, at, index, &pixel);
        } else {
            index = hold(drawn, frame->transparent);
        }
        owed[x] = diffuse(&passed, error, dither->weights);
        indices[x - left] = (uint8_t)index;
    }
    owed[right] = passed.below_before;
}

/* Draws the part `where` of a frame on the canvas and writes its indices.
   shape: height, width, channels; where: left, top, right, bottom; colours: (3, count); mask: (side, side);
   errors: (width + 2, 4), scratch. */
KERNEL void remap(
    const uint8_t *pixels, const int64_t *shape, uint8_t *shown, uint8_t *is_shown, const int64_t *where,
    const int32_t *colours, int64_t count, int16_t *cells, int32_t *cached_keys, uint8_t *cached,
    const int32_t *rules, const int32_t *weights, const int32_t *mask, int64_t side, int32_t *errors, uint8_t *indices
) {
    const Frame frame = frame_of(pixels, shape, shown, is_shown, rules);
    const Lookup lookup = {planes_of(colours, count), cells, cached_keys, cached};
    const Dither dither = {weights, mask, side};
    const int64_t left = where[0], right = where[2];
    Drawn drawn = {.prefix = NONE};
    forget(&drawn);
    memset(errors, 0, (frame.width + 2) * sizeof(Channels));
    for (int64_t y = where[1]; y < where[3]; y++) {
        remap_row(&frame, &lookup, &dither, &drawn, y, left, right, (Channels *)errors, indices);
        indices += right - left;
    }
}
