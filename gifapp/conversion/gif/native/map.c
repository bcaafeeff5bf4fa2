/* Maps a frame's pixels to palette indices: canvas.py says by which rules. */
#include "lookup.h"
#include "phrases.h"
#include "strip.h"

enum { MOST_SIBLINGS = 12 /* phrases searched for a stand-in; all would save 0.7 % more (measured) */ };

/* A phrase in the tree of the phrases' continuations: its last pixel, with the index for an alpha; the first longer
   phrase, and the next as long. */
typedef struct {
    Rgba pixel;
    int16_t longer, next;
} Phrase;

/* LZW's dictionary while a frame is drawn. Many pixels are held: what continues a phrase by such a pixel is found
   without a search. */
typedef struct {
    Dictionary dictionary;
    Phrase tree[MOST_CODES];
    int16_t held[MOST_CODES];
} Tree;

static void forget(Tree *tree) {
    memset(&tree->dictionary, 0, sizeof tree->dictionary);
    for (int code = 0; code < FIRST_CODE; code++)
        tree->tree[code].longer = tree->held[code] = NONE;
}

/* Ends the phrase and adds the one that is longer by this pixel; returns its code, NONE if the dictionary was full and
   starts anew. */
static inline int32_t add_phrase(Tree *tree, Phrases *phrases, int32_t index, Rgba colour) {
    Phrase *prefix = &tree->tree[phrases->prefix];
    int32_t code = end_phrase(phrases, index);
    if (code == CLEAR_CODE) {
        forget(tree);
        return NONE;
    }
    tree->tree[code] = (Phrase){(colour & ~ALPHA) | (Rgba)index << ALPHA_SHIFT, NONE, prefix->longer};
    tree->held[code] = NONE;
    prefix->longer = (int16_t)code;
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

/* The code of the longer phrase whose last pixel is nearest to the wanted one, NONE if that is farther than `limit`.
   Transparency stands in for the colour on screen, where it may be held. */
static inline int32_t stand_in(
    const Tree *tree, int32_t prefix, const Pixel *pixel, int32_t limit, int32_t transparent
) {
    int32_t code = tree->tree[prefix].longer, best = NONE;
    for (int left = MOST_SIBLINGS; code >= 0 && left > 0; left--) {
        const Phrase *phrase = &tree->tree[code];
        bool is_held = (int32_t)(phrase->pixel >> ALPHA_SHIFT) == transparent;
        int32_t apart = distance(pixel->wanted, is_held ? pixel->held : phrase->pixel);
        apart = is_held && pixel->apart == FAR ? FAR : apart;
        best = apart < limit ? code : best;
        limit = apart < limit ? apart : limit;
        code = phrase->next;
    }
    return best;
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
} Dither;

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
static inline int32_t index_for(
    const Frame *frame, const Lookup *lookup, Tree *tree, Phrases *phrases, const Pixel *pixel, bool is_patterned
) {
    if (pixel->apart <= pixel->allowance)
        return hold(tree, phrases, frame->transparent);
    int32_t best = best_index(lookup, pixel, is_patterned);
    Rgba colour = lookup->colours[best];
    if (pixel->apart <= pixel->allowance + distance(pixel->source, colour))
        return hold(tree, phrases, frame->transparent);
    uint32_t *slot = phrase_slot(&tree->dictionary, phrase_key(phrases->prefix, best));
    if (*slot == 0 && pixel->allowance > 0) {
        int32_t limit = distance(pixel->wanted, colour) + pixel->allowance + 1;
        int32_t longer = stand_in(tree, phrases->prefix, pixel, limit, frame->transparent);
        if (longer != NONE) {
            phrases->prefix = longer;
            return (int32_t)(tree->tree[longer].pixel >> ALPHA_SHIFT);
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

/* Draws a strip of a row. */
static void draw_strip(
    const Frame *frame, const Strip *strip, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y,
    int64_t left, int64_t count
) {
    const int64_t last = dither->side - 1;
    const int32_t *offsets = dither->mask + (y & last) * dither->side;
    Rgba *screen = frame->screen + y * frame->width + left - 1;
    Channels *owed = drawing->owed + left - 1; /* of the pixel before */
    Phrases phrases = drawing->phrases; /* in registers, as is */
    Owed passed = drawing->passed;
    for (int64_t at = 1; at <= count; at++) {
        Pixel pixel = {strip->source[at], screen[at], 0, strip->apart[at], strip->busy[at], strip->allowance[at]};
        Channels error = {0};
        int32_t index;
        if (pixel.apart > 0) {
            int32_t offset = offsets[(left - 1 + at) & last];
            pixel.wanted = wanted_colour(pixel.source, owed[at + 1] + passed.ahead, offset);
            index = index_for(frame, lookup, &drawing->tree, &phrases, &pixel, last > 0);
            error = show(&screen[at], lookup, frame->transparent, index, &pixel);
        } else {
            index = hold(&drawing->tree, &phrases, frame->transparent);
        }
        owed[at] = diffuse(&passed, error, dither->weights);
        *drawing->indices++ = (uint8_t)index;
    }
    drawing->phrases = phrases;
    drawing->passed = passed;
}

/* Draws a row's pixels from `left` to `right`. */
static void draw_row(
    const Frame *frame, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y, int64_t left,
    int64_t right
) {
    Strip strip;
    drawing->passed = (Owed){{0}, {0}, {0}};
    for (int64_t x = left; x < right; x += STRIP) {
        const int64_t count = end_of_strip(x, right) - x;
        measure_apart(frame, &strip, y, x, count);
        measure_busy(frame, &strip, y, x, count);
        for (int64_t at = 1; at <= count && frame->transparent == NONE; at++)
            strip.apart[at] = FAR;
        draw_strip(frame, &strip, lookup, dither, drawing, y, x, count);
    }
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
    const Dither dither = {weights, mask, side};
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
