/* LZW as GIF uses it: variable code sizes, clear codes, sub-blocks of at most 255 bytes.
   Source: T. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984,
   in the form of the GIF89a specification, appendix F. */
#include "phrases.h"

enum { MAX_BLOCK_BYTES = 255 };

/* Finds the phrases of these indices; returns the number of codes. map.c finds them while it draws. */
KERNEL int64_t find_phrases(const uint8_t *indices, int64_t count, uint16_t *codes) {
    Dictionary dictionary = {{0}};
    Phrases phrases = first_phrase(codes);
    for (int64_t at = 0; at < count; at++) {
        uint32_t key = phrase_key(phrases.prefix, indices[at]), *slot = phrase_slot(&dictionary, key);
        if (*slot != 0) {
            phrases.prefix = phrase_code(*slot);
            continue;
        }
        int32_t code = end_phrase(&phrases, indices[at]);
        if (code == CLEAR_CODE)
            memset(&dictionary, 0, sizeof dictionary);
        else
            *slot = key << 12 | (uint32_t)code;
    }
    end_frame(&phrases);
    return phrases.codes - codes;
}

/* Ticks the indices that occur: each is a phrase by itself when it is met first. */
KERNEL void mark_used(const uint16_t *codes, int64_t count, bool *used) {
    bool is_code[MAX_CODES] = {false};
    for (int64_t at = 0; at < count; at++)
        is_code[codes[at]] = true;
    memcpy(used, is_code, MAX_COLOURS);
}

/* Cuts bytes into sub-blocks, each behind its length; `blocks` may overlap with them if it begins before. */
static int64_t cut_into_blocks(const uint8_t *bytes, int64_t count, uint8_t *blocks) {
    uint8_t *next = blocks;
    while (count > 0) {
        int64_t length = count < MAX_BLOCK_BYTES ? count : MAX_BLOCK_BYTES;
        memmove(next + 1, bytes, (size_t)length);
        *next = (uint8_t)length;
        next += length + 1;
        bytes += length;
        count -= length;
    }
    return next - blocks;
}

/* Writes sub-blocks of the codes for a table of `1 << bits` colours, where each index has a new number; returns their
   number of bytes. `packed` has room for 12 bits a code and as many lengths again as these take, and for 16 bytes. */
KERNEL int64_t pack(const uint16_t *codes, int64_t count, const uint8_t *numbers, int bits, uint8_t *packed) {
    const int clear = 1 << bits;
    uint16_t renumbered[MAX_CODES];
    for (int code = 0; code < MAX_CODES; code++)
        renumbered[code] = (uint16_t)(code < CLEAR_CODE ? numbers[code] : code - CLEAR_CODE + clear);
    uint8_t *bytes = packed + (count * 3 / 2) / MAX_BLOCK_BYTES + 2, *next = bytes;
    uint64_t pending = 0;
    int pending_bits = 0, size = bits + 1, next_code = clear + 2;
    for (int64_t at = 0; at < count; at++) {
        const int code = renumbered[codes[at]];
        pending |= (uint64_t)code << pending_bits;
        pending_bits += size;
        memcpy(next, &pending, sizeof pending); /* a little-endian number's lowest bytes come first */
        next += pending_bits >> 3;
        pending >>= pending_bits & ~7;
        pending_bits &= 7;
        /* the decoder adds a phrase at each code, which may increase its code size */
        size += next_code == 1 << size && size < 12;
        next_code++;
        if (code == clear) {
            size = bits + 1;
            next_code = clear + 2;
        }
    }
    return cut_into_blocks(bytes, next - bytes + (pending_bits > 0), packed);
}
