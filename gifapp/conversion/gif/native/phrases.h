/* LZW's dictionary, and the codes of the phrases that were found with it. A phrase's key is the code of its prefix and
   one more index. The codes are those of a table of 256 colours, whatever the table will be: see lzw.c. */
#ifndef GIFAPP_PHRASES_H
#define GIFAPP_PHRASES_H

#include "kernels.h"

enum { FIRST_CODE = END_CODE + 1, MAX_CODES = 4096, PHRASE_BITS = 14, PHRASE_SLOTS = 1 << PHRASE_BITS };

/* per slot: a phrase's key, and its own code in the lower 12 bits; 0 if free */
typedef struct {
    uint32_t slots[PHRASE_SLOTS];
} Dictionary;

/* A phrase on its way, and where the next code goes. It begins as the clear code that a frame begins with; the phrase
   that is longer by the first pixel then takes up the code that no phrase may have. */
typedef struct {
    int32_t prefix, next_code;
    uint16_t *codes;
} Phrases;

static inline Phrases first_phrase(uint16_t *codes) {
    return (Phrases){CLEAR_CODE, END_CODE, codes};
}

static inline uint32_t phrase_key(int32_t prefix, int32_t index) {
    return (uint32_t)(prefix << 8 | index);
}

/* The slot of this phrase, or the free slot where it belongs. */
static inline uint32_t *phrase_slot(Dictionary *dictionary, uint32_t key) {
    uint32_t slot = hashed(key, PHRASE_BITS);
    while (dictionary->slots[slot] != 0 && dictionary->slots[slot] >> 12 != key)
        slot = (slot + 1) & (PHRASE_SLOTS - 1);
    return &dictionary->slots[slot];
}

/* The same, to read only. */
static inline const uint32_t *phrase_slot_in(const Dictionary *dictionary, uint32_t key) {
    return phrase_slot((Dictionary *)dictionary, key);
}

static inline int32_t phrase_code(uint32_t slot) {
    return slot & 0xFFF;
}

/* Ends the phrase before `index`, which begins the next one. Returns the code for both together; if there is none left,
   the clear code: then the dictionary must be emptied. */
static inline int32_t end_phrase(Phrases *phrases, int32_t index) {
    *phrases->codes++ = (uint16_t)phrases->prefix;
    phrases->prefix = index;
    if (phrases->next_code < MAX_CODES)
        return phrases->next_code++;
    phrases->next_code = FIRST_CODE;
    return *phrases->codes++ = CLEAR_CODE;
}

/* Ends the last phrase and the frame. */
static inline void end_frame(Phrases *phrases) {
    *phrases->codes++ = (uint16_t)phrases->prefix;
    *phrases->codes++ = END_CODE;
}

#endif
