/* Maps a frame's pixels to palette indices: canvas.py says by which rules. */
#include "lookup.h"
#include "strip.h"
#include "tree.h"

/* A pixel to draw: see Strip. */
typedef struct {
    Rgba source, target, held, wanted;
    int32_t apart, busy, allowance;
} Pixel;

/* Red, green and blue at once; the fourth is not used. */
typedef int32_t Channels __attribute__((vector_size(16), aligned(4), may_alias)); /* as NumPy aligns integers */
typedef uint8_t Bytes __attribute__((vector_size(4)));

static inline Channels channels_of(Rgba pixel) {
    return __builtin_convertvector((Bytes)pixel, Channels);
}

static inline Rgba packed(Channels channels) {
    return (Rgba)__builtin_convertvector(channels, Bytes);
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
static inline Channels wanted_colour(Rgba source, Channels owed, int32_t offset) {
    Channels wanted = channels_of(source) + offset + ((owed + 2048) >> 12);
    wanted = __builtin_elementwise_max(wanted, (Channels){0});
    return __builtin_elementwise_min(wanted, (Channels){255, 255, 255, 255});
}

/* Passes a pixel's error on. Returns what the pixel below the one before is owed in the end. */
static inline Channels diffuse(Owed *owed, Channels error, const int32_t *weights) {
    Channels done = owed->below_before + error * weights[1];
    *owed = (Owed){error * weights[0], owed->below + error * weights[2], error * weights[3]};
    return done;
}

/* Whether the palette has this exact colour; apart, so that `find` is inlined only once more. */
static __attribute__((noinline)) bool has_colour(const Lookup *lookup, Rgba colour) {
    return ((lookup->colours[find(lookup, colour)] ^ colour) & ~ALPHA) == 0;
}

/* The index nearest to `wanted`, or of the exact source colour if that is preferred and exists. */
static inline int32_t best_index(const Lookup *lookup, const Pixel *pixel, bool is_patterned) {
    const bool is_preferred = (pixel->busy == 0 || is_patterned) && has_colour(lookup, pixel->source);
    return find(lookup, is_preferred ? pixel->source : pixel->wanted);
}

/* Leaves a pixel as it is. Where runs are long, it waits for the others: two in a row would be no faster. */
static inline void hold(Tree *tree, Path *path, bool waits) {
    if (waits)
        path->waiting++;
    else
        follow_held(tree, &path->phrases);
}

/* Chooses the index for a pixel that is not simply held, and adds it to the phrase. */
static inline __attribute__((always_inline)) int32_t index_for(
    const Lookup *lookup, Tree *tree, Path *path, const Pixel *pixel, bool is_patterned, bool waits
) {
    int32_t best = best_index(lookup, pixel, is_patterned);
    Rgba colour = lookup->colours[best];
    const Weights weights = lookup->palette.weights;
    if (pixel->apart <= pixel->allowance + distance(weights, pixel->source, colour)) {
        hold(tree, path, waits);
        return tree->transparent;
    }
    if (waits)
        follow_waiting(tree, path);
    Phrases *phrases = &path->phrases;
    uint32_t *slot = phrase_slot(&tree->dictionary, phrase_key(phrases->prefix, best));
    if (*slot == 0 && pixel->allowance > 0) {
        int32_t limit = distance(weights, pixel->wanted, colour) + pixel->allowance + 1;
        int32_t longer = stand_in(
            tree, weights, phrases->prefix, pixel->wanted, limit, pixel->held, pixel->apart != FAR
        );
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
    const Rgba seen = index == transparent ? pixel->held : lookup->colours[index];
    *screen = seen;
    if (((seen ^ pixel->source) & ~ALPHA) == 0)
        return (Channels){0};
    return channels_of(pixel->wanted) - channels_of(seen);
}

/* What is written to while a frame is drawn: the indices, and what each pixel of the next row is owed. */
typedef struct {
    Tree tree;
    Path path;
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
    const int32_t transparent = frame->transparent;
    const int32_t *offsets = dither->mask + (y & last) * dither->side;
    Rgba *screen = frame->screen + y * frame->width + left - 1;
    Channels *owed = drawing->owed + left - 1; /* of the pixel before */
    uint8_t *restrict indices = drawing->indices - 1;
    Path path = drawing->path; /* in registers, as is */
    Owed passed = drawing->passed;
    for (int64_t at = 1; at <= count; at++) {
        Pixel pixel = {
            .source = strip->source[at], .target = strip->target[at], .held = screen[at],
            .apart = strip->apart[at], .busy = strip->busy[at], .allowance = strip->allowance[at],
        };
        const int32_t offset = offsets[(left - 1 + at) & last];
        Channels error = {0};
        int32_t index = transparent;
        if (pixel.apart > pixel.allowance) {
            const Channels more = diffuses ? owed[at + 1] + passed.ahead : (Channels){0};
            pixel.wanted = packed(wanted_colour(pixel.target, more, offset));
            index = index_for(lookup, &drawing->tree, &path, &pixel, last > 0, !diffuses);
            error = show(&screen[at], lookup, transparent, index, &pixel);
        } else {
            hold(&drawing->tree, &path, !diffuses);
            if (diffuses && pixel.apart > 0)
                error = wanted_colour(pixel.target, owed[at + 1] + passed.ahead, offset) - channels_of(pixel.held);
        }
        indices[at] = (uint8_t)index;
        if (diffuses)
            owed[at] = diffuse(&passed, error, dither->weights);
    }
    drawing->indices += count;
    drawing->path = path;
    drawing->passed = passed;
}

/* Leaves a strip as it is, without errors. */
static void hold_strip(const Frame *frame, const Dither *dither, Drawing *drawing, int64_t left, int64_t count) {
    memset(drawing->indices, frame->transparent, (size_t)count);
    drawing->indices += count;
    drawing->path.waiting += count;
    if (dither->diffuses)
        follow_waiting(&drawing->tree, &drawing->path);
    for (int64_t at = 0; at < count && dither->diffuses; at++)
        drawing->owed[left + at] = diffuse(&drawing->passed, (Channels){0}, dither->weights);
}

static void draw_strip(
    const Frame *frame, const Frame *targets, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y,
    int64_t left, int64_t count
) {
    Strip strip;
    measure_apart(frame, &strip, y, left, count);
    const bool is_near = !is_any_beyond(strip.apart, count, least_allowance(frame)); /* all of it stays as it is */
    for (int64_t at = 1; at <= count && frame->transparent == NONE; at++)
        strip.apart[at] = FAR;
    if (!is_any_beyond(strip.apart, count, dither->diffuses ? 0 : least_allowance(frame))) {
        hold_strip(frame, dither, drawing, left, count);
        return;
    }
    measure_busy(frame, &strip, y, left, count);
    read_pixels(is_near ? frame : targets, y, left, count, strip.target);
    if (dither->diffuses)
        draw_pixels(frame, &strip, lookup, dither, drawing, y, left, count, true);
    else
        draw_pixels(frame, &strip, lookup, dither, drawing, y, left, count, false);
}

/* Draws a row's pixels from `left` to `right`. */
static void draw_row(
    const Frame *frame, const Frame *targets, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y,
    int64_t left, int64_t right
) {
    drawing->passed = (Owed){{0}, {0}, {0}};
    for (int64_t x = left; x < right; x += STRIP)
        draw_strip(frame, targets, lookup, dither, drawing, y, x, end_of_strip(x, right) - x);
    drawing->owed[right] = drawing->passed.below_before;
}

/* Draws the part `where` of a frame on the screen and writes its indices, and the codes of their phrases; returns the
   number of codes. steady: the colours to draw instead of these pixels, in strips that do not all stay as they are;
   shape: height, width, channels; where: left, top, right, bottom; table: (count, 3); mask: (side, side); errors:
   (width + 2, 4), scratch. */
KERNEL int64_t remap(
    const uint8_t *pixels, const uint8_t *steady, const int64_t *shape, uint32_t *screen, const int64_t *where,
    const uint8_t *table, int64_t count, uint32_t *cells, int32_t *cached_keys, uint8_t *cached,
    const int32_t *rules, const int32_t *weights, const int32_t *mask, int64_t side, int32_t *errors, uint8_t *indices,
    uint16_t *codes
) {
    const Frame frame = frame_of(pixels, shape, screen, rules), targets = frame_of(steady, shape, screen, rules);
    const Dither dither = dither_of(weights, mask, side);
    Lookup lookup = {.is_exact = rules[7], .cells = cells, .cached_keys = cached_keys, .cached = cached};
    sort_palette(&lookup.palette, table, count, frame.weights);
    for (int64_t index = 0; index < count; index++)
        lookup.colours[index] = colour_at(table, index);
    Drawing drawing = {.path = {first_phrase(codes), 0}, .owed = (Channels *)errors, .indices = indices};
    drawing.tree.transparent = frame.transparent;
    clear_tree(&drawing.tree);
    memset(errors, 0, (frame.width + 2) * sizeof(Channels));
    for (int64_t y = where[1]; y < where[3]; y++)
        draw_row(&frame, &targets, &lookup, &dither, &drawing, y, where[0], where[2]);
    follow_waiting(&drawing.tree, &drawing.path);
    end_frame(&drawing.path.phrases);
    return drawing.path.phrases.codes - codes;
}
