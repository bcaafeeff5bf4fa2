/* LZW's dictionary while a frame is drawn: what continues a phrase can be looked through. */
#ifndef GIFAPP_TREE_H
#define GIFAPP_TREE_H

#include "phrases.h"

/* phrases searched for a stand-in, all at once; all there are would save 0.7 % more (measured) */
enum { MAX_SIBLINGS = 12, SIBLING_LANES = 16, TOO_FAR = 0xFFFFF, NONE = -1 };

typedef uint32_t Siblings __attribute__((vector_size(4 * SIBLING_LANES), aligned(4), may_alias));
typedef uint16_t SiblingCodes __attribute__((vector_size(2 * SIBLING_LANES), aligned(2), may_alias));

/* The phrases that are one pixel longer than another: their number; of the latest, their last pixel, with the index for
   an alpha, and their code. */
typedef struct {
    uint32_t count;
    Rgba pixels[SIBLING_LANES];
    uint16_t codes[SIBLING_LANES];
} Longer;

/* Many pixels are held: the phrase that is longer by such a pixel, or NONE, is found without a search. A phrase of
   nothing else is a run and has a length; that of others is 0. */
typedef struct {
    int16_t longer, length;
} Held;

typedef struct {
    int32_t transparent;
    Dictionary dictionary;
    Longer longer[MAX_CODES];
    uint8_t index[MAX_CODES]; /* of a phrase's last pixel */
    Held held[MAX_CODES];
    int16_t runs[MAX_CODES]; /* by length */
    int16_t longest;          /* run there is */
} Tree;

/* The phrase on its way, and the number of held pixels that are still to be added to it. */
typedef struct {
    Phrases phrases;
    int64_t waiting;
} Path;

/* Makes the dictionary one of single pixels. */
static inline void clear_tree(Tree *tree) {
    memset(&tree->dictionary, 0, sizeof tree->dictionary);
    for (int code = 0; code < FIRST_CODE; code++) {
        tree->longer[code].count = 0;
        tree->held[code] = (Held){NONE, code == tree->transparent};
    }
    tree->longest = 1;
    tree->runs[1] = (int16_t)tree->transparent;
}

/* Ends the phrase and adds the one that is longer by this pixel; returns its code, NONE if the dictionary was full and
   starts anew. */
static inline int32_t add_phrase(Tree *tree, Phrases *phrases, int32_t index, Rgba colour) {
    Longer *longer = &tree->longer[phrases->prefix];
    int32_t code = end_phrase(phrases, index);
    if (code == CLEAR_CODE) {
        clear_tree(tree);
        return NONE;
    }
    uint32_t at = longer->count++ % MAX_SIBLINGS;
    longer->pixels[at] = (colour & ~ALPHA) | (Rgba)index << ALPHA_SHIFT;
    longer->codes[at] = (uint16_t)code;
    tree->longer[code].count = 0;
    tree->index[code] = (uint8_t)index;
    tree->held[code] = (Held){NONE, 0};
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

/* Adds a held pixel to a phrase that no such pixel has continued yet. */
static inline void add_held(Tree *tree, Phrases *phrases) {
    const int32_t prefix = phrases->prefix, code = add_phrase(tree, phrases, tree->transparent, 0);
    if (code == NONE)
        return;
    Held *held = &tree->held[prefix];
    held->longer = (int16_t)code;
    if (held->length == 0)
        return;
    tree->longest = tree->held[code].length = (int16_t)(held->length + 1);
    tree->runs[tree->longest] = (int16_t)code;
}

/* Adds a held pixel to the phrase. */
static inline void follow_held(Tree *tree, Phrases *phrases) {
    const int32_t longer = tree->held[phrases->prefix].longer;
    if (longer != NONE)
        phrases->prefix = longer;
    else
        add_held(tree, phrases);
}

/* Adds the held pixels that wait to the phrase; to a run, as many at once as the longest one has. */
static inline void follow_waiting(Tree *tree, Path *path) {
    Phrases *phrases = &path->phrases;
    while (path->waiting > 0) {
        const int64_t length = tree->held[phrases->prefix].length, left = tree->longest - length;
        if (length == 0 || left == 0) {
            follow_held(tree, phrases);
            path->waiting--;
        } else {
            const int64_t more = path->waiting < left ? path->waiting : left;
            phrases->prefix = tree->runs[length + more];
            path->waiting -= more;
        }
    }
}

/* The code of the longer phrase whose last pixel is nearest to `wanted`, the latest of equals; NONE if that is as far
   as `limit`. Transparency stands in for the colour on screen, where it may be held. */
static inline int32_t stand_in(
    const Tree *tree, Weights weights, int32_t prefix, Rgba wanted, int32_t limit, Rgba held, bool may_hold
) {
    static const Siblings lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const Longer *longer = &tree->longer[prefix];
    const uint32_t count = longer->count < MAX_SIBLINGS ? longer->count : MAX_SIBLINGS;
    if (count == 0)
        return NONE;
    const Siblings last = *(const Siblings *)longer->pixels;
    const Siblings is_held = (Siblings)(last >> ALPHA_SHIFT == (uint32_t)tree->transparent);
    const Siblings pixels = (last & ~is_held) | (held & is_held);
    const Colour to = unpacked(wanted);
    const Siblings red = (pixels & 255) - (uint32_t)to.red, green = (pixels >> 8 & 255) - (uint32_t)to.green;
    const Siblings blue = (pixels >> 16 & 255) - (uint32_t)to.blue;
    Siblings apart = (uint32_t)weights.red * red * red + (uint32_t)weights.green * green * green +
                     (uint32_t)weights.blue * blue * blue;
    apart |= (Siblings)(lanes >= count) & TOO_FAR;
    apart |= may_hold ? (Siblings){0} : is_held & TOO_FAR;
    const Siblings later = MAX_CODES - 1 - __builtin_convertvector(*(const SiblingCodes *)longer->codes, Siblings);
    const uint32_t best = __builtin_reduce_min(apart << 12 | later);
    return (int32_t)(best >> 12) < limit ? MAX_CODES - 1 - (int32_t)(best & 0xFFF) : NONE;
}

#endif
