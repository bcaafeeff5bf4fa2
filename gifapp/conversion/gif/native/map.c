/* Maps a frame's pixels to palette indices: canvas.py says by which rules. */
#include "lookahead.h"

/* Errors on their way, in 4096ths: to the next pixel, and to the two below this one and the one before, which others
   add to. */
typedef struct {
    Channels ahead, below_before, below;
} Owed;

/* Passes a pixel's error on. Returns what the pixel below the one before is owed in the end. */
static inline Channels diffuse(Owed *owed, Channels error, const int32_t *weights) {
    Channels done = owed->below_before + error * weights[1];
    *owed = (Owed){error * weights[0], owed->below + error * weights[2], error * weights[3]};
    return done;
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

/* What is written to while a frame is drawn: the indices, and what each pixel of the next row is owed. */
typedef struct {
    Tree tree;
    Path path;
    Owed passed;
    Channels *owed;
    uint8_t *indices;
    int32_t code_cost, smooth; /* rules: see tolerance.py */
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
        Pixel pixel = pixel_at(strip, screen, at);
        const int32_t offset = offsets[(left - 1 + at) & last];
        Channels error = {0};
        int32_t index = transparent;
        if (pixel.apart > pixel.allowance) {
            const Channels more = diffuses ? owed[at + 1] + passed.ahead : (Channels){0};
            pixel.wanted = packed(wanted_colour(pixel.target, more, offset));
            index = index_for(lookup, &drawing->tree, &path, &pixel, last > 0, !diffuses);
            screen[at] = index == transparent ? pixel.held : lookup->colours[index];
            error = error_of(lookup, transparent, index, &pixel);
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

/* Draws the next pixel of the plan; returns its index. */
static inline int32_t draw_as_planned(Search *search, Drawing *drawing, int64_t at, Rgba *screen) {
    Tree *tree = &drawing->tree;
    Phrases *phrases = &drawing->path.phrases;
    const int32_t index = search->plan.indices[search->plan.next++];
    if (index == tree->transparent) {
        follow_held(tree, phrases);
        return index;
    }
    const Rgba colour = search->lookup->colours[index];
    follow(tree, phrases, phrase_slot(&tree->dictionary, phrase_key(phrases->prefix, index)), index, colour);
    screen[at] = colour;
    return index;
}

/* Plans the pixels from `at` on: they continue the phrase or, if none of the first one's colours does, end it. */
static void plan_next(Search *search, Drawing *drawing, int64_t at) {
    follow_waiting(&drawing->tree, &drawing->path);
    plan_from(search, at, drawing->path.phrases.prefix, drawing->passed.ahead);
    if (search->plan.length == 0)
        plan_from(search, at, NONE, drawing->passed.ahead);
}

/* Draws a strip of a row, with the colours of whole phrases chosen together. */
static void draw_ahead(
    const Frame *frame, const Strip *strip, const Lookup *lookup, const Dither *dither, Drawing *drawing, int64_t y,
    int64_t left, int64_t count
) {
    Rgba *screen = frame->screen + y * frame->width + left - 1;
    Channels *owed = drawing->owed + left - 1; /* of the pixel before */
    const int64_t last = dither->side - 1;
    const int32_t transparent = frame->transparent;
    Search search = {
        .strip = strip, .screen = screen, .owed = owed, .offsets = dither->mask + (y & last) * dither->side,
        .first = left - 1, .last = last, .count = count, .lookup = lookup, .tree = &drawing->tree,
        .weights = dither->weights, .code_cost = drawing->code_cost, .smooth = drawing->smooth,
    };
    for (int64_t at = 1; at <= count; at++) {
        const Pixel pixel = wanted_pixel(&search, at, drawing->passed.ahead);
        const bool has_plan = search.plan.next < search.plan.length;
        int32_t index = transparent;
        if (!has_plan && pixel.apart <= pixel.allowance) {
            hold(&drawing->tree, &drawing->path, !dither->diffuses);
        } else {
            if (!has_plan)
                plan_next(&search, drawing, at);
            index = draw_as_planned(&search, drawing, at, screen);
        }
        *drawing->indices++ = (uint8_t)index;
        if (dither->diffuses) {
            const Channels error = pixel.apart > 0 ? error_of(lookup, transparent, index, &pixel) : (Channels){0};
            owed[at] = diffuse(&drawing->passed, error, dither->weights);
        }
    }
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
    if (drawing->code_cost > 0)
        draw_ahead(frame, &strip, lookup, dither, drawing, y, left, count);
    else if (dither->diffuses)
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
    drawing.code_cost = rules[8];
    drawing.smooth = rules[9];
    clear_tree(&drawing.tree);
    memset(errors, 0, (frame.width + 2) * sizeof(Channels));
    for (int64_t y = where[1]; y < where[3]; y++)
        draw_row(&frame, &targets, &lookup, &dither, &drawing, y, where[0], where[2]);
    follow_waiting(&drawing.tree, &drawing.path);
    end_frame(&drawing.path.phrases);
    return drawing.path.phrases.codes - codes;
}
