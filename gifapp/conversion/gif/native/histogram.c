/* Counts the colours of pictures: histogram.py says how. */
#include "kernels.h"

enum {
    SLOT_BITS = 15,
    TONE_BITS = 13,
    FULL = HISTOGRAM_SLOTS / 2,
    SHARE_OF_TONE = 2048, /* a colour covering 1/2048 of the pixels stays exact */
};

typedef struct {
    int64_t weight, red, green, blue;
} Sums;

typedef struct {
    int32_t *tone_keys; /* per place of the vote: its candidate ... */
    int64_t *votes;     /* ... and the votes it has left */
    int32_t *keys;
    Sums *sums;
    int64_t *dropped_bits, *used; /* bits dropped per channel, slots used */
} Histogram;

static inline int32_t slot_of(const int32_t *keys, int32_t key) {
    uint32_t slot = hashed((uint32_t)key, SLOT_BITS);
    while (keys[slot] != key && keys[slot] != -1)
        slot = (slot + 1) & (HISTOGRAM_SLOTS - 1);
    return (int32_t)slot;
}

static inline int32_t mask_of(int64_t dropped_bits) {
    int32_t channel = 255 >> dropped_bits << dropped_bits;
    return channel << 16 | channel << 8 | channel;
}

/* Branchless, since the branch would be unpredictable. */
static inline void vote(const Histogram *histogram, int32_t colour, int64_t weight) {
    uint32_t place = hashed((uint32_t)colour, TONE_BITS);
    int32_t *candidate = &histogram->tone_keys[place];
    int64_t left = histogram->votes[place] + (*candidate == colour ? weight : -weight);
    *candidate = left < 0 ? colour : *candidate;
    histogram->votes[place] = left < 0 ? -left : left;
}

static inline void add_sums(Sums *to, const Sums *more) {
    to->weight += more->weight;
    to->red += more->red;
    to->green += more->green;
    to->blue += more->blue;
}

/* Drops one more bit per channel and merges equal entries; the first time, all entries vote. */
static void coarsen(Histogram *histogram, int32_t *old_keys, Sums *old_sums) {
    memcpy(old_keys, histogram->keys, HISTOGRAM_SLOTS * sizeof *old_keys);
    memcpy(old_sums, histogram->sums, HISTOGRAM_SLOTS * sizeof *old_sums);
    memset(histogram->keys, -1, HISTOGRAM_SLOTS * sizeof *histogram->keys);
    memset(histogram->sums, 0, HISTOGRAM_SLOTS * sizeof *histogram->sums);
    const int32_t mask = mask_of(++*histogram->dropped_bits);
    *histogram->used = 0;
    for (int old = 0; old < HISTOGRAM_SLOTS; old++) {
        if (old_keys[old] < 0)
            continue;
        if (*histogram->dropped_bits == 1)
            vote(histogram, old_keys[old], old_sums[old].weight);
        int32_t key = old_keys[old] & mask, slot = slot_of(histogram->keys, key);
        *histogram->used += histogram->keys[slot] < 0;
        histogram->keys[slot] = key;
        add_sums(&histogram->sums[slot], &old_sums[old]);
    }
}

/* A pixel's weight, higher the less it differs from the one before: banding shows in smooth areas. */
static inline int32_t weight_of(Colour colour, Colour before) {
    int32_t red = colour.red - before.red, green = colour.green - before.green, blue = colour.blue - before.blue;
    return 1 + 512 / (128 + red * red + green * green + blue * blue);
}

static inline bool is_same(const uint8_t *pixel, const uint8_t *other, int64_t channels) {
    bool is_same_colour = pixel[0] == other[0] && pixel[1] == other[1] && pixel[2] == other[2];
    return is_same_colour && pixel[channels - 1] == other[channels - 1];
}

/* How many of the next pixels are exactly like this one. */
static inline int64_t run_after(const uint8_t *pixel, int64_t left, int64_t channels) {
    const uint8_t *next = pixel + channels;
    int64_t run = 0;
    while (run < left && is_same(pixel, next, channels)) {
        next += channels;
        run++;
    }
    return run;
}

static void count_row(
    Histogram *histogram, const uint8_t *row, int64_t width, int64_t channels, int32_t *spare_keys, Sums *spare_sums
) {
    int32_t mask = mask_of(*histogram->dropped_bits), slot = -1, last = -1;
    for (int64_t at = 0; at < width; at++) {
        const uint8_t *pixel = row + at * channels;
        if (channels == 4 && pixel[3] < OPAQUE_ALPHA)
            continue;
        Colour colour = pixel_at(pixel);
        int32_t exact = colour.red << 16 | colour.green << 8 | colour.blue, key = exact & mask;
        if (key != last) {
            slot = slot_of(histogram->keys, key);
            last = key;
        }
        int64_t weight = weight_of(colour, pixel_at(at > 0 ? pixel - channels : pixel));
        if (histogram->keys[slot] < 0) {
            histogram->keys[slot] = key;
            ++*histogram->used;
        } else { /* a new entry may be the one too many, and `coarsen` votes with what it then has */
            int64_t run = run_after(pixel, width - at - 1, channels);
            weight += run * weight_of(colour, colour);
            at += run;
        }
        const Sums more = {weight, weight * colour.red, weight * colour.green, weight * colour.blue};
        add_sums(&histogram->sums[slot], &more);
        if (*histogram->dropped_bits > 0)
            vote(histogram, exact, weight);
        while (*histogram->used > FULL) {
            coarsen(histogram, spare_keys, spare_sums);
            mask = mask_of(*histogram->dropped_bits);
            last = -1;
        }
    }
}

/* Counts one picture; once bits are dropped, one of its rows in `step`, a different one each time.
   shape: height, width, channels; sums: (slots, 4); state: bits dropped per channel, slots used, which rows. */
KERNEL void count_colours(
    const uint8_t *pixels, const int64_t *shape, int64_t step, int32_t *tone_keys, int64_t *votes,
    int32_t *keys, int64_t *sums, int32_t *spare_keys, int64_t *spare_sums, int64_t *state
) {
    Histogram histogram = {tone_keys, votes, keys, (Sums *)sums, &state[0], &state[1]};
    state[2] = (state[2] + 1) % step;
    int64_t y = state[0] == 0 ? 0 : state[2];
    while (y < shape[0]) {
        const uint8_t *row = pixels + y * shape[1] * shape[2];
        count_row(&histogram, row, shape[1], shape[2], spare_keys, (Sums *)spare_sums);
        y += state[0] == 0 ? 1 : step;
    }
}

/* Finds the tones with enough votes, and subtracts them from the entries that include them. */
KERNEL void take_out_tones(
    const int32_t *tone_keys, const int64_t *votes, const int32_t *keys, int64_t *sums, int64_t dropped_bits,
    bool *is_tone
) {
    int64_t total = 0;
    for (int slot = 0; slot < HISTOGRAM_SLOTS; slot++)
        total += ((Sums *)sums)[slot].weight;
    for (int at = 0; at < HISTOGRAM_TONES; at++) {
        int32_t colour = tone_keys[at];
        int64_t weight = votes[at];
        if (weight == 0 || weight * SHARE_OF_TONE < total)
            continue;
        is_tone[at] = true;
        Sums *entry = (Sums *)sums + slot_of(keys, colour & mask_of(dropped_bits));
        entry->weight -= weight;
        entry->red -= weight * (colour >> 16);
        entry->green -= weight * (colour >> 8 & 255);
        entry->blue -= weight * (colour & 255);
    }
}

/* Clears `is_unlike` for the points that are less than one step away from any of `others`. */
KERNEL void mark_alike(const float *points, int64_t count, const float *others, int64_t other_count, bool *is_unlike) {
    const double step = RED + GREEN + BLUE; /* colours closer than one step of 255 look the same */
    for (int64_t other = 0; other < other_count; other++) {
        for (int64_t at = 0; at < count; at++) {
            double red = points[at * 3] - others[other * 3];
            double green = points[at * 3 + 1] - others[other * 3 + 1];
            double blue = points[at * 3 + 2] - others[other * 3 + 2];
            if (RED * red * red + GREEN * green * green + BLUE * blue * blue < step)
                is_unlike[at] = false;
        }
    }
}
