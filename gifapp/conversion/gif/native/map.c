/* Maps a frame's pixels to palette indices: canvas.py says by which rules. */
#include "lookup.h"
#include "phrases.h"
#include "strip.h"

/* phrases searched for a stand-in, all at once; all there are would save 0.7 % more (measured) */
enum { MOST_SIBLINGS = 12, SIBLING_LANES = 16, TOO_FAR = 0xFFFFF };

typedef uint32_t Siblings __attribute__((vector_size(4 * SIBLING_LANES), aligned(4), may_alias));
typedef uint16_t SiblingCodes __attribute__((vector_size(2 * SIBLING_LANES), aligned(2), may_alias));

/* The phrases that are one pixel longer than another: their number; of the latest, their last pixel, with the index for
   an alpha, and their code. */
typedef struct {
    uint32_t count;
    Rgba pixels[SIBLING_LANES];
    uint16_t codes[SIBLING_LANES];
} Longer;

/* LZW's dictionary while a frame is drawn. Many pixels are held: what continues a phrase by such a pixel is found
   without a search. */
typedef struct {
    Dictionary dictionary;
    Longer longer[MOST_CODES];
    uint8_t index[MOST_CODES]; /* of a phrase's last pixel */
    int16_t held[MOST_CODES];
} Tree;

static void forget(Tree *tree) {
    memset(&tree->dictionary, 0, sizeof tree->dictionary);
    for (int code = 0; code < FIRST_CODE; code++) {
        tree->longer[code].count = 0;
        tree->held[code] = NONE;
    }
}

/* Ends the phrase and adds the one that is longer by this pixel; returns its code, NONE if the dictionary was full and
   starts anew. */
static inline int32_t add_phrase(Tree *tree, Phrases *phrases, int32_t index, Rgba colour) {
    Longer *siblings = &tree->longer[phrases->prefix];
    int32_t code = end_phrase(phrases, index);
    if (code == CLEAR_CODE) {
        forget(tree);
        return NONE;
    }
    uint32_t at = siblings->count++ % MOST_SIBLINGS;
    siblings->pixels[at] = (colour & ~ALPHA) | (Rgba)index << ALPHA_SHIFT;
    siblings->codes[at] = (uint16_t)code;
    tree->longer[code].count = 0;
    tree->index[code] = (uint8_t)index;
    tree->held[code] = NONE;
    return code;
}

/* Adds a colour to the phrase. `slot`: of the phrase that is longer by this index. */
static inline void follow(Tree *tree, Phrases *phrases, uint32_t *slot, int32_t index, Rgba colour) {
    if (*slot != 0) {
        phrases->prefix = phrase_code(*slot);
        return;
    }
    uint32_t key = phrase_key(phrases->prefix, index);
    int32_t code = add_phrase(tree, phrases, index, colour);
    if (code != NONE)
        *slot = key << 12 | (uint32_t)code;
}

/* Leaves a pixel as it is, and adds that to the phrase. */
static inline int32_t hold(Tree *tree, Phrases *phrases, int32_t transparent) {
    const int32_t prefix = phrases->prefix;
    if (tree->held[prefix] != NONE) {
        phrases->prefix = tree->held[prefix];
        return transparent;
    }
    int32_t code = add_phrase(tree, phrases, transparent, 0);
    if (code != NONE)
        tree->held[prefix] = (int16_t)code;
    return transparent;
}

/* A pixel to draw: see Strip. */
typedef struct {
    Rgba source, held, wanted;
    int32_t apart, busy, allowance;
} Pixel;

/* The code of the longer phrase whose last pixel is nearest to the wanted one, the latest of equals; NONE if that is as
   far as `limit`. Transparency stands in for the colour on screen, where it may be held. */
static inline int32_t stand_in(const Longer *longer, const Pixel *pixel, int32_t limit, int32_t transparent) {
    static const Siblings lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const uint32_t count = longer->count < MOST_SIBLINGS ? longer->count : MOST_SIBLINGS;
    if (count == 0)
        return NONE;
    const Siblings last = *(const Siblings *)longer->pixels;
    const Siblings is_held = (Siblings)(last >> ALPHA_SHIFT == (uint32_t)transparent);
    const Siblings pixels = (last & ~is_held) | (pixel->held & is_held);
    const Colour wanted = unpacked(pixel->wanted);
    const Siblings red = (pixels & 255) - (uint32_t)wanted.red, green = (pixels >> 8 & 255) - (uint32_t)wanted.green;
    const Siblings blue = (pixels >> 16 & 255) - (uint32_t)wanted.blue;
    Siblings apart = RED * red * red + GREEN * green * green + BLUE * blue * blue;
    apart |= (Siblings)(lanes >= count) & TOO_FAR;
    apart |= pixel->apart == FAR ? is_held & TOO_FAR : (Siblings){0};
    const Siblings later = MOST_CODES - 1 - __builtin_convertvector(*(const SiblingCodes *)longer->codes, Siblings);
    const uint32_t best = __builtin_reduce_min(apart << 12 | later);
    return (int32_t)(best >> 12) < limit ? MOST_CODES - 1 - (int32_t)(best & 0xFFF) : NONE;
}

/* Red, green and blue at once; the fourth is not used. */
typedef int32_t Channels __attribute__((vector_size(16), aligned(4), may_alias)); /* as NumPy aligns integers */
typedef uint8_t Bytes __attribute__((vector_size(4)));

static inline Channels channels_of(Rgba pixel) {
    return __builtin_convertvector((Bytes)pixel, Channels);
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

/* Errors on their way, in 4096ths: to the next pixel, and to the two below this one and the one before, which others
   add to. */
typedef struct {
    Channels ahead, below_before, below;
} Owed;

/* The source colour plus the error that is diffused to it. */
static inline Rgba wanted_colour(Rgba source, Channels owed, int32_t offset) {
    Channels wanted = channels_of(source) + ((owed + 2048) >> 12) + offset;
    wanted = __builtin_elementwise_max(wanted, (Channels){0});
    wanted = __builtin_elementwise_min(wanted, (Channels){255, 255, 255, 255});
    return (Rgba)__builtin_convertvector(wanted, Bytes);
}

/* Passes a pixel's error on. Returns what the pixel below the one before is owed in the end. */
static inline Channels diffuse(Owed *owed, Channels error, const int32_t *weights) {
    Channels done = owed->below_before + error * weights[1];
    *owed = (Owed){error * weights[0], owed->below + error * weights[2], error * weights[3]};
    return done;
}

/* The index nearest to `wanted`, or of the exact source colour if that is preferred and exists. */
static inline int32_t best_index(const Lookup *lookup, const Pixel *pixel, bool is_patterned) {
    if (pixel->busy == 0 || is_patterned) {
        int32_t index = find(lookup, pixel->source);
        if (((lookup->colours[index] ^ pixel->source) & ~ALPHA) == 0)
            return index;
    }
    return find(lookup, pixel->wanted);
}

/* Chooses the index for a pixel that is not simply held, and adds it to the phrase. */
static inline __attribute__((always_inline)) int32_t index_for(
    const Frame *frame, const Lookup *lookup, Tree *tree, Phrases *phrases, const Pixel *pixel, bool is_patterned
) {
    int32_t best = best_index(lookup, pixel, is_patterned);
    Rgba colour = lookup->colours[best];
    if (pixel->apart <= pixel->allowance + distance(pixel->source, colour))
        return hold(tree, phrases, frame->transparent);
    uint32_t *slot = phrase_slot(&tree->dictionary, phrase_key(phrases->prefix, best));
    if (*slot == 0 && pixel->allowance > 0) {
        int32_t limit = distance(pixel->wanted, colour) + pixel->allowance + 1;
        int32_t longer = stand_in(&tree->longer[phrases->prefix], pixel, limit, frame->transparent);
        if (longer != NONE) {
            phrases->prefix = longer;
            return tree->index[longer];
        }
    }
    follow(tree, phrases, slot, best, colour);
    return best;
}

/* Shows a pixel by its index; returns what is wrong with it. */
static inline Channels show(
    Rgba *screen, const Lookup *lookup, int32_t transparent, int32_t index, const Pixel *pixel
) {
    Rgba seen = index == transparent ? pixel->held : lookup->colours[index];
    *screen = seen;
    if (((seen ^ pixel->source) & ~ALPHA) == 0)
        return (Channels){0};
    return channels_of(pixel->wanted) - channels_of(seen);
}

/* What is written to while a frame is drawn: the indices, and what each pixel of the next row is owed. */
typedef struct {
    Tree tree;
    Phrases phrases;
    Owed passed;
    Channels *owed;
    uint8_t *indices;
} Drawing;

/* Draws a strip of a row. `diffuses`: as the dither does, a constant, so that only one case is compiled. */
static inline __attribute__((always_inline)) void draw_pixels(
    const Frame *frame, const Strip *strip, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y,
    int64_t left, int64_t count, const bool diffuses
) {
    const int64_t last = dither->side - 1;
    const int32_t *offsets = dither->mask + (y & last) * dither->side;
    Rgba *screen = frame->screen + y * frame->width + left - 1;
    Channels *owed = drawing->owed + left - 1; /* of the pixel before */
    uint8_t *restrict indices = drawing->indices - 1;
    Phrases phrases = drawing->phrases; /* in registers, as is */
    Owed passed = drawing->passed;
    for (int64_t at = 1; at <= count; at++) {
        Pixel pixel = {strip->source[at], screen[at], 0, strip->apart[at], strip->busy[at], strip->allowance[at]};
        const bool stays = pixel.apart <= pixel.allowance;
        Channels error = {0};
        int32_t index = frame->transparent;
        if (diffuses || !stays) {
            Channels more = diffuses ? owed[at + 1] + passed.ahead : (Channels){0};
            pixel.wanted = wanted_colour(pixel.source, more, offsets[(left - 1 + at) & last]);
        }
        if (stays)
            hold(&drawing->tree, &phrases, index);
        else
            index = index_for(frame, lookup, &drawing->tree, &phrases, &pixel, last > 0);
        if ((diffuses && pixel.apart > 0) || !stays)
            error = show(&screen[at], lookup, frame->transparent, index, &pixel);
        if (diffuses)
            owed[at] = diffuse(&passed, error, dither->weights);
        indices[at] = (uint8_t)index;
    }
    drawing->indices += count;
    drawing->phrases = phrases;
    drawing->passed = passed;
}

/* Leaves a strip as it is, without errors. */
static void hold_strip(const Frame *frame, const Dither *dither, Drawing *drawing, int64_t left, int64_t count) {
    memset(drawing->indices, frame->transparent, (size_t)count);
    drawing->indices += count;
    Phrases phrases = drawing->phrases;
    for (int64_t at = 0; at < count; at++)
        hold(&drawing->tree, &phrases, frame->transparent);
    drawing->phrases = phrases;
    for (int64_t at = 0; at < count && dither->diffuses; at++)
        drawing->owed[left + at] = diffuse(&drawing->passed, (Channels){0}, dither->weights);
}

static void draw_strip(
    const Frame *frame, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y, int64_t left,
    int64_t count
) {
    Strip strip;
    measure_apart(frame, &strip, y, left, count);
    for (int64_t at = 1; at <= count && frame->transparent == NONE; at++)
        strip.apart[at] = FAR;
    if (!is_any_beyond(strip.apart, count, dither->diffuses ? 0 : least_allowance(frame))) {
        hold_strip(frame, dither, drawing, left, count);
        return;
    }
    measure_busy(frame, &strip, y, left, count);
    if (dither->diffuses)
        draw_pixels(frame, &strip, lookup, dither, drawing, y, left, count, true);
    else
        draw_pixels(frame, &strip, lookup, dither, drawing, y, left, count, false);
}

/* Draws a row's pixels from `left` to `right`. */
static void draw_row(
    const Frame *frame, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y, int64_t left,
    int64_t right
) {
    drawing->passed = (Owed){{0}, {0}, {0}};
    for (int64_t x = left; x < right; x += STRIP)
        draw_strip(frame, lookup, dither, drawing, y, x, end_of_strip(x, right) - x);
    drawing->owed[right] = drawing->passed.below_before;
}

/* Draws the part `where` of a frame on the screen and writes its indices, and the codes of their phrases; returns the
   number of codes. shape: height, width, channels; where: left, top, right, bottom; table: (count, 3);
   mask: (side, side); errors: (width + 2, 4), scratch. */
KERNEL int64_t remap(
    const uint8_t *pixels, const int64_t *shape, uint32_t *screen, const int64_t *where, const uint8_t *table,
    int64_t count, uint8_t *cells, uint8_t *states, int32_t *cached_keys, uint8_t *cached, const int32_t *rules,
    const int32_t *weights, const int32_t *mask, int64_t side, int32_t *errors, uint8_t *indices, uint16_t *codes
) {
    const Frame frame = frame_of(pixels, shape, screen, rules);
    const Dither dither = dither_of(weights, mask, side);
    Lookup lookup = {.cells = cells, .states = states, .cached_keys = cached_keys, .cached = cached};
    sort_palette(&lookup.palette, table, count);
    for (int64_t index = 0; index < count; index++)
        lookup.colours[index] = colour_at(table, index);
    Drawing drawing = {.phrases = first_phrase(codes), .owed = (Channels *)errors, .indices = indices};
    forget(&drawing.tree);
    memset(errors, 0, (frame.width + 2) * sizeof(Channels));
    for (int64_t y = where[1]; y < where[3]; y++)
        draw_row(&frame, &lookup, &dither, &drawing, y, where[0], where[2]);
    end_frame(&drawing.phrases);
    return drawing.phrases.codes - codes;
}
