/* Counts the colours of pictures: histogram.py says how. */
#include "strip.h"

enum {
    SLOT_BITS = 15,
    TONE_BITS = 13,
    FULL = HISTOGRAM_SLOTS / 2,
    SHARE_OF_TONE = 2048, /* a colour covering 1/2048 of the pixels stays exact */
};

/* Of weighted colours: red, green, blue, and the weights. */
typedef int64_t Sums __attribute__((vector_size(32), aligned(8), may_alias)); /* as NumPy aligns integers */
enum { WEIGHT = 3 };

typedef struct {
    int32_t *tone_keys; /* per place of the vote: its candidate ... */
    int64_t *votes;     /* ... and the votes it has left */
    int32_t *keys;
    Sums *sums; /* of the slots that have a key */
    int32_t *spare_keys;
    Sums *spare_sums;
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

/* Adds to a slot's sums; returns whether it was free. */
static inline bool add_sums(Histogram *histogram, int32_t slot, int32_t key, Sums more) {
    if (histogram->keys[slot] == key) {
        histogram->sums[slot] += more;
        return false;
    }
    histogram->keys[slot] = key;
    histogram->sums[slot] = more;
    ++*histogram->used;
    return true;
}

/* Takes all entries out, in their order; returns their number. */
static int take_entries(Histogram *histogram) {
    int taken = 0;
    for (int slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        if (histogram->keys[slot] >= 0) {
            histogram->spare_keys[taken] = histogram->keys[slot];
            histogram->spare_sums[taken++] = histogram->sums[slot];
        }
    }
    memset(histogram->keys, -1, HISTOGRAM_SLOTS * sizeof *histogram->keys);
    *histogram->used = 0;
    return taken;
}

/* Drops one more bit per channel and merges equal entries; the first time, all entries vote. */
static void coarsen(Histogram *histogram) {
    const int taken = take_entries(histogram);
    const int32_t mask = mask_of(++*histogram->dropped_bits);
    for (int entry = 0; entry < taken; entry++) {
        int32_t exact = histogram->spare_keys[entry], key = exact & mask;
        Sums sums = histogram->spare_sums[entry];
        if (*histogram->dropped_bits == 1)
            vote(histogram, exact, sums[WEIGHT]);
        add_sums(histogram, slot_of(histogram->keys, key), key, sums);
    }
}

/* At most STRIP neighbours of a row, from the second place on: their keys, and their weights, higher the less they
   differ from the pixel before: banding shows in smooth areas. */
typedef struct {
    Rgba colours[STRIP + 1];
    int32_t keys[STRIP + 1], weights[STRIP + 1];
} Counted;

static inline void read_counted(Counted *counted, const Frame *frame, int64_t y, int64_t x, int64_t count) {
    read_pixels(frame, y, x, count, counted->colours);
    for (int64_t at = 1; at <= count; at++) {
        Colour colour = unpacked(counted->colours[at]), before = unpacked(counted->colours[at - 1]);
        int32_t red = colour.red - before.red, green = colour.green - before.green, blue = colour.blue - before.blue;
        int32_t apart = red * red + green * green + blue * blue;
        counted->keys[at] = colour.red << 16 | colour.green << 8 | colour.blue;
        counted->weights[at] = 1 + (apart <= 384) + (apart <= 128) + (apart <= 42) + (apart == 0);
    }
}

/* A weight of at most 16 bits and the sums of so many equal pixels. */
static inline Sums sums_of(Rgba colour, int32_t weight) {
    typedef uint8_t Bytes __attribute__((vector_size(4)));
    typedef int32_t Products __attribute__((vector_size(16)));
    Bytes bytes = (Bytes)((colour & ~ALPHA) | 1 << ALPHA_SHIFT);
    return __builtin_convertvector(__builtin_convertvector(bytes, Products) * weight, Sums);
}

static void count_strip(Histogram *histogram, const Counted *counted, int64_t count) {
    int32_t mask = mask_of(*histogram->dropped_bits);
    for (int64_t at = 1; at <= count; at++) {
        const Rgba colour = counted->colours[at];
        if (colour >> ALPHA_SHIFT < OPAQUE_ALPHA)
            continue;
        const int32_t exact = counted->keys[at], key = exact & mask;
        int32_t weight = counted->weights[at];
        while (at < count && counted->colours[at + 1] == colour)
            weight += counted->weights[++at];
        bool is_new = add_sums(histogram, slot_of(histogram->keys, key), key, sums_of(colour, weight));
        if (*histogram->dropped_bits > 0)
            vote(histogram, exact, weight);
        while (is_new && *histogram->used > FULL) {
            coarsen(histogram);
            mask = mask_of(*histogram->dropped_bits);
        }
    }
}

/* Counts one picture; once bits are dropped, one of its rows in `step`, a different one each time.
   shape: height, width, channels; sums: (slots, 4); state: bits dropped per channel, slots used, which rows. */
KERNEL void count_colours(
    const uint8_t *pixels, const int64_t *shape, int64_t step, int32_t *tone_keys, int64_t *votes,
    int32_t *keys, int64_t *sums, int32_t *spare_keys, int64_t *spare_sums, int64_t *state
) {
    const Frame frame = {.pixels = pixels, .height = shape[0], .width = shape[1], .channels = shape[2]};
    Histogram histogram = {
        tone_keys, votes, keys, (Sums *)sums, spare_keys, (Sums *)spare_sums, &state[0], &state[1],
    };
    Counted counted;
    state[2] = (state[2] + 1) % step;
    int64_t y = state[0] == 0 ? 0 : state[2];
    while (y < frame.height) {
        for (int64_t x = 0; x < frame.width; x += STRIP) {
            const int64_t some = end_of_strip(x, frame.width) - x;
            read_counted(&counted, &frame, y, x, some);
            count_strip(&histogram, &counted, some);
        }
        y += state[0] == 0 ? 1 : step;
    }
}

static int64_t total_weight(const int32_t *keys, const Sums *sums) {
    int64_t total = 0;
    for (int slot = 0; slot < HISTOGRAM_SLOTS; slot++)
        total += keys[slot] >= 0 ? sums[slot][WEIGHT] : 0;
    return total;
}

/* Finds the tones with enough votes, and subtracts them from the entries that include them. */
KERNEL void take_out_tones(
    const int32_t *tone_keys, const int64_t *votes, const int32_t *keys, int64_t *sums, int64_t dropped_bits,
    bool *is_tone
) {
    const int64_t total = total_weight(keys, (Sums *)sums);
    for (int at = 0; at < HISTOGRAM_TONES; at++) {
        int32_t colour = tone_keys[at];
        int64_t weight = votes[at];
        if (weight == 0 || weight * SHARE_OF_TONE < total)
            continue;
        is_tone[at] = true;
        Sums *entry = (Sums *)sums + slot_of(keys, colour & mask_of(dropped_bits));
        *entry -= (Sums){colour >> 16, colour >> 8 & 255, colour & 255, 1} * weight;
    }
}

/* Writes the means of the entries that have any weight, and the weights; returns their number. points: (slots, 4). */
KERNEL int64_t write_points(const int32_t *keys, const int64_t *sums, float *points) {
    int64_t count = 0;
    for (int slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
        const int64_t *entry = sums + slot * 4;
        if (keys[slot] < 0 || entry[WEIGHT] <= 0)
            continue;
        float *point = points + 4 * count++;
        for (int channel = 0; channel < WEIGHT; channel++)
            point[channel] = (float)((double)entry[channel] / (double)entry[WEIGHT]);
        point[WEIGHT] = (float)entry[WEIGHT];
    }
    return count;
}

/* Clears `is_unlike` for the points that are less than one step away from any of `others`. */
KERNEL void mark_alike(
    const float *points, int64_t count, const int32_t *three, const float *others, int64_t other_count, bool *is_unlike
) {
    const Weights weights = weights_of(three);
    const double step = weighted(weights, 1, 1, 1); /* colours closer than one step of 255 look the same */
    for (int64_t other = 0; other < other_count; other++) {
        for (int64_t at = 0; at < count; at++) {
            double red = points[at * 3] - others[other * 3];
            double green = points[at * 3 + 1] - others[other * 3 + 1];
            double blue = points[at * 3 + 2] - others[other * 3 + 2];
            if (weights.red * red * red + weights.green * green * green + weights.blue * blue * blue < step)
                is_unlike[at] = false;
        }
    }
}
