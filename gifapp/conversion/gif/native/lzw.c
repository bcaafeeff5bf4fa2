/* LZW as GIF uses it: variable code sizes, clear codes, sub-blocks of at most 255 bytes.
   Source: T. Welch, "A technique for high-performance data compression", IEEE Computer 17(6), 1984,
   in the form of the GIF89a specification, appendix F. */
#include "phrases.h"

typedef struct {
    uint8_t *bytes;
    int64_t next, block; /* where the next byte goes, and where this sub-block's length is */
    uint64_t pending;
    int pending_bits;
} Output;

static void close_block(Output *output) {
    output->bytes[output->block] = (uint8_t)(output->next - output->block - 1);
    output->block = output->next++;
}

static inline void put(Output *output, int64_t code, int size) {
    output->pending |= (uint64_t)code << output->pending_bits;
    output->pending_bits += size;
    while (output->pending_bits >= 8) {
        output->bytes[output->next++] = (uint8_t)output->pending;
        output->pending >>= 8;
        output->pending_bits -= 8;
        if (output->next - output->block == 256)
            close_block(output);
    }
}

static int64_t finish(Output *output) {
    if (output->pending_bits > 0)
        put(output, 0, 8 - output->pending_bits);
    if (output->next - output->block > 1)
        close_block(output);
    return output->block;
}

/* Writes sub-blocks to `packed`; returns their number of bytes. */
KERNEL int64_t compress(const uint8_t *pixels, int64_t count, int bits, uint8_t *packed) {
    Phrases phrases = {{0}};
    Output output = {packed, .next = 1};
    const int64_t clear = 1 << bits;
    int size = bits + 1;
    int64_t next_code = clear + 2, prefix = pixels[0];
    put(&output, clear, size);
    for (int64_t at = 1; at < count; at++) {
        uint32_t key = phrase_key(prefix, pixels[at]), *slot = phrase_slot(&phrases, key);
        if (*slot != 0) {
            prefix = phrase_code(*slot);
            continue;
        }
        put(&output, prefix, size);
        prefix = pixels[at];
        if (next_code < MOST_CODES) {
            *slot = key << 12 | (uint32_t)next_code;
            size += next_code == 1 << size;
            next_code++;
        } else {
            put(&output, clear, size);
            memset(&phrases, 0, sizeof phrases);
            size = bits + 1;
            next_code = clear + 2;
        }
    }
    put(&output, prefix, size);
    /* the decoder has added a code for the one just sent, which may have increased its code size */
    size += next_code == 1 << size && size < 12;
    put(&output, clear + 1, size);
    return finish(&output);
}
