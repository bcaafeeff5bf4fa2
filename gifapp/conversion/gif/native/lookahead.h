/* Looks ahead for the indices of the next pixels that cost the least for each pixel: canvas.py says why. */
#ifndef GIFAPP_LOOKAHEAD_H
#define GIFAPP_LOOKAHEAD_H

#include "pixel.h"
#include "tree.h"

/* how many pixels are planned at once, how many are tried for that, and how many indices for each of them (measured:
   more save hardly anything) */
enum { MAX_PLANNED = 32, MAX_TRIED = 8, CHOICE_BITS = 4, MAX_CHOICES = 1 << CHOICE_BITS };

/* The indices of the next pixels. `cost`: of the code that ends their phrase, and how much worse than their best
   colours they are. */
typedef struct {
    uint8_t indices[MAX_PLANNED];
    int32_t length, next, cost;
} Plan;

/* A strip that is drawn, from the pixel before it on, and the plan for its next pixels. */
typedef struct {
    const Strip *strip;
    const Rgba *screen;
    const Channels *owed;
    const int32_t *offsets; /* of the row, from which `first` and `last` select: see Dither */
    int64_t first, last, count;
    const Lookup *lookup;
    const Tree *tree;
    const int32_t *weights;
    int32_t code_cost, smooth; /* rules: see tolerance.py */
    int32_t tried;
    Plan path, plan;
} Search;

/* The indices to try for a pixel in the order of their cost, and the phrases that they make. */
typedef struct {
    uint32_t costs[MAX_CHOICES]; /* each with its place in the arrays below in the lower bits */
    int32_t nodes[MAX_CHOICES], indices[MAX_CHOICES], count;
} Choices;

static inline void add_choice(Choices *choices, int32_t node, int32_t index, int32_t cost) {
    if (choices->count == MAX_CHOICES)
        return;
    const int32_t place = choices->count++;
    choices->nodes[place] = node;
    choices->indices[place] = index;
    const uint32_t key = (uint32_t)(cost > 0 ? cost : 0) << CHOICE_BITS | (uint32_t)place;
    int32_t at = place;
    for (; at > 0 && choices->costs[at - 1] > key; at--)
        choices->costs[at] = choices->costs[at - 1];
    choices->costs[at] = key;
}

/* Adds transparency if it stands in well enough for the colour on screen. */
static inline void add_held_choice(
    const Search *search, Choices *choices, int32_t node, const Pixel *pixel, int32_t least
) {
    const int32_t cost = distance(search->lookup->palette.weights, pixel->held, pixel->wanted) - least;
    if (node != NONE && pixel->apart != FAR && cost <= pixel->allowance)
        add_choice(choices, node, search->tree->transparent, cost);
}

/* The colours that continue a phrase; `least`: the distance of the best one. */
static inline void find_longer(
    const Search *search, Choices *choices, int32_t node, const Pixel *pixel, int32_t best, int32_t least
) {
    const Longer *longer = &search->tree->longer[node];
    const uint32_t *slot = phrase_slot_in(&search->tree->dictionary, phrase_key(node, best));
    if (*slot != 0)
        add_choice(choices, phrase_code(*slot), best, 0);
    if (pixel->allowance == 0)
        return;
    add_held_choice(search, choices, search->tree->held[node].longer, pixel, least);
    const uint32_t count = longer->count < MAX_SIBLINGS ? longer->count : MAX_SIBLINGS;
    for (uint32_t at = 0; at < count; at++) {
        const int32_t index = (int32_t)(longer->pixels[at] >> ALPHA_SHIFT);
        const int32_t cost = distance(search->lookup->palette.weights, longer->pixels[at], pixel->wanted) - least;
        if (cost <= pixel->allowance && index != best && index != search->tree->transparent)
            add_choice(choices, longer->codes[at], index, cost);
    }
}

/* The colours that begin a phrase, likewise. */
static inline void find_first(
    const Search *search, Choices *choices, const Pixel *pixel, int32_t best, int32_t least
) {
    const Palette *palette = &search->lookup->palette;
    const Colour wanted = unpacked(pixel->wanted);
    const int32_t limit = least + pixel->allowance;
    const Range range = range_within(palette, wanted, limit);
    add_choice(choices, best, best, 0);
    if (pixel->allowance == 0)
        return;
    add_held_choice(search, choices, search->tree->transparent, pixel, least);
    for (int32_t at = range.begin; at < range.end; at += LANES) {
        const Lanes near = distances(palette, at, wanted);
        for (uint32_t lanes = not_negative((limit << 8 | 255) - near); lanes != 0; lanes &= lanes - 1) {
            const int32_t index = near[__builtin_ctz(lanes)] & 255;
            if (index != best)
                add_choice(choices, index, index, (near[__builtin_ctz(lanes)] >> 8) - least);
        }
    }
}

static void try_pixel(Search *search, int32_t node, Channels ahead);

/* Goes on behind a pixel with this index. */
static inline void try_index(Search *search, int32_t node, int32_t index, const Pixel *pixel, int32_t cost) {
    search->path.indices[search->path.length++] = (uint8_t)index;
    search->path.cost += cost;
    try_pixel(search, node, error_of(search->lookup, search->tree->transparent, index, pixel) * search->weights[0]);
    search->path.cost -= cost;
    search->path.length--;
}

static inline void try_held(Search *search, int32_t node, const Pixel *pixel) {
    const int32_t transparent = search->tree->transparent;
    const int32_t longer = node == NONE ? transparent : search->tree->held[node].longer;
    if (longer != NONE)
        try_index(search, longer, transparent, pixel, 0);
}

/* The pixel at this place of a strip, with the error that the one before passes on. */
static inline Pixel wanted_pixel(const Search *search, int64_t at, Channels ahead) {
    Pixel pixel = pixel_at(search->strip, search->screen, at);
    const int32_t offset = search->offsets[(search->first + at) & search->last];
    pixel.wanted = packed(wanted_colour(pixel.target, search->owed[at + 1] + ahead, offset));
    return pixel;
}

/* Compares costs per pixel, without divisions. */
static inline bool is_better(const Plan *path, const Plan *plan) {
    return path->length > 0 && (int64_t)path->cost * plan->length < (int64_t)plan->cost * path->length;
}

/* Tries what continues a path, which ends with this phrase; NONE: with another. */
static void try_pixel(Search *search, int32_t node, Channels ahead) {
    const int64_t at = search->path.next + search->path.length;
    if (is_better(&search->path, &search->plan))
        search->plan = search->path;
    if (at > search->count || search->path.length == MAX_PLANNED || search->tried == MAX_TRIED)
        return;
    search->tried++;
    const Pixel pixel = wanted_pixel(search, at, ahead);
    if (pixel.apart <= pixel.allowance) {
        try_held(search, node, &pixel);
        return;
    }
    const Weights weights = search->lookup->palette.weights;
    const int32_t best = best_index(search->lookup, &pixel, search->last > 0);
    const Rgba colour = search->lookup->colours[best];
    if (pixel.apart <= pixel.allowance + distance(weights, pixel.source, colour)) {
        try_held(search, node, &pixel);
        return;
    }
    Choices choices = {.count = 0};
    const int32_t least = distance(weights, pixel.wanted, colour);
    if (node == NONE)
        find_first(search, &choices, &pixel, best, least);
    else
        find_longer(search, &choices, node, &pixel, best, least);
    const int32_t count = pixel.allowance < search->smooth && choices.count > 0 ? 1 : choices.count;
    for (int32_t number = 0; number < count; number++) {
        const int32_t place = choices.costs[number] & (MAX_CHOICES - 1);
        const int32_t cost = (int32_t)(choices.costs[number] >> CHOICE_BITS);
        try_index(search, choices.nodes[place], choices.indices[place], &pixel, cost);
    }
}

/* Plans the pixels from `at` on, which follow on a phrase or begin the next; NONE: they begin one. */
static inline void plan_from(Search *search, int64_t at, int32_t node, Channels ahead) {
    search->plan = (Plan){.length = 0, .cost = 1};
    search->path.length = 0;
    search->path.next = (int32_t)at;
    search->path.cost = search->code_cost;
    search->tried = 0;
    try_pixel(search, node, ahead);
    search->plan.next = 0;
}

#endif
