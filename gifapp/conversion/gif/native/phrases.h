/* LZW's dictionary: a hash table of phrases. A phrase's key is the code of its prefix and one more index. */
#ifndef GIFAPP_PHRASES_H
#define GIFAPP_PHRASES_H

#include "kernels.h"

enum { MOST_CODES = 4096, PHRASE_BITS = 14, PHRASE_SLOTS = 1 << PHRASE_BITS };

/* per slot: a phrase's key, and its own code in the lower 12 bits; 0 if free */
typedef struct {
    uint32_t slots[PHRASE_SLOTS];
} Phrases;

static inline uint32_t phrase_key(int64_t prefix, int64_t index) {
    return (uint32_t)(prefix << 8 | index);
}

/* The slot of this phrase, or the free slot where it belongs. */
static inline uint32_t *phrase_slot(Phrases *phrases, uint32_t key) {
    uint32_t slot = hashed(key, PHRASE_BITS);
    while (phrases->slots[slot] != 0 && phrases->slots[slot] >> 12 != key)
        slot = (slot + 1) & (PHRASE_SLOTS - 1);
    return &phrases->slots[slot];
}

static inline int64_t phrase_code(uint32_t slot) {
    return slot & 0xFFF;
}

#endif
