/* Chooses palette colours: greedy splits by variance, then k-means; quantizer.py names the sources.
   points: (count, 3), 0 to 255; weights: (count). */
#include "palette.h"

#include <math.h>

enum { POLISH_ROUNDS = 3 };

typedef struct {
    const float *points, *weights;
} Points;

typedef struct {
    double weight, red, green, blue;
} Moments;

typedef struct {
    int64_t start, end; /* in the order of the points */
    double gain;        /* of its best cut: colours below `value` on `axis` go to one side */
    int axis, value;
} Cluster;

static inline void include(Moments *moments, const Points *points, int64_t at) {
    const float weight = points->weights[at], *point = points->points + at * 3;
    moments->weight += weight;
    moments->red += weight * point[0];
    moments->green += weight * point[1];
    moments->blue += weight * point[2];
}

static inline void add_moments(Moments *to, const Moments *more) {
    to->weight += more->weight;
    to->red += more->red;
    to->green += more->green;
    to->blue += more->blue;
}

/* The part of the squares that a cluster's mean explains; the larger the total, the smaller the error. */
static inline double explained(double weight, double red, double green, double blue) {
    return (RED * red * red + GREEN * green * green + BLUE * blue * blue) / weight;
}

static inline double explained_by(const Moments *part) {
    return explained(part->weight, part->red, part->green, part->blue);
}

/* The best cut through sums by plane; returns its gain, 0 if there is none. */
static double best_plane(const Moments planes[256], int *value) {
    Moments all = {0}, below = {0};
    for (int plane = 0; plane < 256; plane++)
        add_moments(&all, &planes[plane]);
    const double uncut = explained_by(&all);
    double best = uncut;
    for (int plane = 0; plane < 255; plane++) {
        add_moments(&below, &planes[plane]);
        if (planes[plane].weight < 0.5 || all.weight - below.weight < 0.5)
            continue;
        double cut = explained_by(&below);
        cut += explained(
            all.weight - below.weight, all.red - below.red, all.green - below.green, all.blue - below.blue
        );
        if (cut > best) {
            best = cut;
            *value = plane + 1;
        }
    }
    return best - uncut;
}

/* Finds the cut across one axis that removes the most squared error. */
static void find_best_cut(Cluster *cluster, const Points *points, const int64_t *order) {
    cluster->gain = 0;
    cluster->axis = cluster->value = 0;
    for (int axis = 0; axis < 3; axis++) {
        Moments planes[256] = {{0}};
        for (int64_t at = cluster->start; at < cluster->end; at++)
            include(&planes[(int)points->points[order[at] * 3 + axis]], points, order[at]);
        int value = 0;
        double gain = best_plane(planes, &value);
        if (gain > cluster->gain) {
            cluster->gain = gain;
            cluster->axis = axis;
            cluster->value = value;
        }
    }
}

/* The squared error of a single colour for all points, and their weight. */
static double scatter(const Points *points, int64_t count, double *weight) {
    Moments all = {0};
    double squares = 0;
    for (int64_t at = 0; at < count; at++) {
        const float *point = points->points + at * 3;
        include(&all, points, at);
        squares += points->weights[at] * explained(1, point[0], point[1], point[2]);
    }
    *weight = all.weight;
    return squares - explained_by(&all);
}

/* Moves the members below the cut to the front; returns where the others begin. */
static int64_t partition(const Points *points, int64_t *order, const Cluster *cluster) {
    int64_t below = cluster->start;
    for (int64_t at = cluster->start; at < cluster->end; at++) {
        if (points->points[order[at] * 3 + cluster->axis] < cluster->value) {
            int64_t member = order[at];
            order[at] = order[below];
            order[below++] = member;
        }
    }
    return below;
}

static Cluster *most_gainful(Cluster *clusters, int64_t count) {
    Cluster *chosen = clusters;
    for (Cluster *cluster = clusters + 1; cluster < clusters + count; cluster++) {
        if (cluster->gain > chosen->gain)
            chosen = cluster;
    }
    return chosen;
}

/* Cuts the cluster with the best gain until there are `most`, or the error is small enough; returns their number.
   order: (count), the points' numbers; owners: (count), becomes the number of each point's cluster. */
KERNEL int64_t split(
    const float *colours, const float *weights, int64_t count, int64_t most, double spread, int64_t *order,
    int32_t *owners
) {
    const Points points = {colours, weights};
    Cluster clusters[MOST_COLOURS] = {{.start = 0, .end = count}};
    double weight, error = scatter(&points, count, &weight);
    int64_t used = 1;
    find_best_cut(clusters, &points, order);
    while (used < most && used < MOST_COLOURS) {
        Cluster *chosen = most_gainful(clusters, used), *added = &clusters[used];
        if (chosen->gain <= 0 || error <= spread * weight)
            break;
        error -= chosen->gain;
        added->end = chosen->end;
        added->start = chosen->end = partition(&points, order, chosen);
        find_best_cut(chosen, &points, order);
        find_best_cut(added, &points, order);
        used++;
    }
    for (int32_t number = 0; number < used; number++) {
        for (int64_t at = clusters[number].start; at < clusters[number].end; at++)
            owners[order[at]] = number;
    }
    return used;
}

static void compute_means(
    const Points *points, int64_t count, const int32_t *owners, int64_t clusters, uint8_t *table
) {
    Moments sums[MOST_COLOURS] = {{0}};
    for (int64_t at = 0; at < count; at++)
        include(&sums[owners[at]], points, at);
    for (int64_t cluster = 0; cluster < clusters; cluster++) {
        const Moments *sum = &sums[cluster];
        if (sum->weight > 0) {
            table[cluster * 3] = (uint8_t)rint(sum->red / sum->weight);
            table[cluster * 3 + 1] = (uint8_t)rint(sum->green / sum->weight);
            table[cluster * 3 + 2] = (uint8_t)rint(sum->blue / sum->weight);
        }
    }
}

/* Lloyd's algorithm: computes each cluster's mean, then assigns each point to its nearest mean.
   owners: (count), as `split` left them; table: (clusters, 3), the means. */
KERNEL void polish(
    const float *colours, const float *weights, int64_t count, int32_t *owners, int64_t clusters, uint8_t *table
) {
    const Points points = {colours, weights};
    Palette palette;
    for (int left = POLISH_ROUNDS; left >= 0; left--) {
        compute_means(&points, count, owners, clusters, table);
        sort_palette(&palette, table, clusters);
        for (int64_t at = 0; left > 0 && at < count; at++) {
            const float *point = colours + at * 3;
            owners[at] = nearest(&palette, (Colour){(int32_t)point[0], (int32_t)point[1], (int32_t)point[2]});
        }
    }
}
