/* Chooses palette colours: greedy splits by variance, then k-means; quantizer.py names the sources. */
#include "palette.h"

#include <math.h>

enum { POLISH_ROUNDS = 3 };

/* A colour, 0 to 255, and its weight. */
typedef float Point __attribute__((vector_size(16), aligned(4), may_alias));
/* Sums of weighted colours, and of the weights. */
typedef double Moments __attribute__((vector_size(32)));
enum { WEIGHT = 3 };

/* The values on each axis, from the first to the last. */
typedef struct {
    int first[3], last[3];
} Box;

typedef struct {
    int64_t start, end; /* in the order of the points */
    Box box;
    double gain; /* of its best cut: colours below `value` on `axis` go to one side */
    int axis, value;
} Cluster;

static inline Moments moments_of(Point point) {
    Point weighted = point * point[WEIGHT];
    weighted[WEIGHT] = point[WEIGHT];
    return __builtin_convertvector(weighted, Moments);
}

/* The part of the squares that a cluster's mean explains; the larger the total, the smaller the error. */
static inline double explained(Weights weights, Moments part) {
    const double red = weights.red * part[0] * part[0], green = weights.green * part[1] * part[1];
    return (red + green + weights.blue * part[2] * part[2]) / part[WEIGHT];
}

/* The best cut through sums by plane; returns its gain, 0 if there is none. */
static double best_plane(Weights weights, const Moments *planes, int first, int last, int *value) {
    Moments all = {0}, below = {0};
    for (int plane = first; plane <= last; plane++)
        all += planes[plane];
    const double uncut = explained(weights, all);
    double best = uncut;
    for (int plane = first; plane < last; plane++) {
        below += planes[plane];
        const Moments above = all - below;
        if (planes[plane][WEIGHT] < 0.5 || above[WEIGHT] < 0.5)
            continue;
        double cut = explained(weights, below) + explained(weights, above);
        if (cut > best) {
            best = cut;
            *value = plane + 1;
        }
    }
    return best - uncut;
}

/* Cuts off the empty planes on both sides. */
static void shrink(Box *box, int axis, const Moments *planes) {
    while (box->first[axis] < box->last[axis] && planes[box->first[axis]][WEIGHT] == 0)
        box->first[axis]++;
    while (box->first[axis] < box->last[axis] && planes[box->last[axis]][WEIGHT] == 0)
        box->last[axis]--;
}

/* Finds the cut across one axis that removes the most squared error. */
static void find_best_cut(Weights weights, Cluster *cluster, const Point *points, const int32_t *order) {
    Box box = cluster->box;
    Moments planes[3][256];
    for (int axis = 0; axis < 3; axis++)
        memset(&planes[axis][box.first[axis]], 0, (size_t)(box.last[axis] - box.first[axis] + 1) * sizeof(Moments));
    for (int64_t at = cluster->start; at < cluster->end; at++) {
        const Point point = points[order[at]];
        const Moments moments = moments_of(point);
        for (int axis = 0; axis < 3; axis++)
            planes[axis][(int)point[axis]] += moments;
    }
    cluster->gain = 0;
    cluster->axis = cluster->value = 0;
    for (int axis = 0; axis < 3; axis++) {
        int value = 0;
        shrink(&box, axis, planes[axis]);
        double gain = best_plane(weights, planes[axis], box.first[axis], box.last[axis], &value);
        if (gain > cluster->gain) {
            cluster->gain = gain;
            cluster->axis = axis;
            cluster->value = value;
        }
    }
    cluster->box = box;
}

/* The squared error of a single colour for all points, and their weight. */
static double scatter(Weights weights, const Point *points, int64_t count, double *weight) {
    Moments all = {0};
    double squares = 0;
    for (int64_t at = 0; at < count; at++) {
        Moments colour = __builtin_convertvector(points[at], Moments);
        colour[WEIGHT] = 1;
        all += moments_of(points[at]);
        squares += points[at][WEIGHT] * explained(weights, colour);
    }
    *weight = all[WEIGHT];
    return squares - explained(weights, all);
}

/* Moves the members below the cut to the front; returns where the others begin. */
static int64_t partition(const Point *points, int32_t *order, const Cluster *cluster) {
    int64_t below = cluster->start;
    for (int64_t at = cluster->start; at < cluster->end; at++) {
        const int32_t member = order[at], other = order[below];
        const bool is_below = points[member][cluster->axis] < cluster->value;
        order[at] = is_below ? other : member; /* branchless, since the branch would be unpredictable */
        order[below] = is_below ? member : other;
        below += is_below;
    }
    return below;
}

/* Cuts a cluster; returns the part above the cut. */
static Cluster cut(Weights weights, Cluster *cluster, const Point *points, int32_t *order) {
    Cluster above = *cluster;
    above.start = cluster->end = partition(points, order, cluster);
    above.box.first[cluster->axis] = cluster->value;
    cluster->box.last[cluster->axis] = cluster->value - 1;
    find_best_cut(weights, cluster, points, order);
    find_best_cut(weights, &above, points, order);
    return above;
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
   values: (count, 4), the points; three: the weights; order: (count), their numbers; owners: (count), the number of
   each cluster. */
KERNEL int64_t split(
    const float *values, int64_t count, const int32_t *three, int64_t most, double spread, int32_t *order,
    int32_t *owners
) {
    const Weights weights = weights_of(three);
    const Point *points = (const Point *)values;
    Cluster clusters[MAX_COLOURS] = {{.start = 0, .end = count, .box = {{0, 0, 0}, {255, 255, 255}}}};
    double weight, error = scatter(weights, points, count, &weight);
    int64_t used = 1;
    find_best_cut(weights, clusters, points, order);
    while (used < most && used < MAX_COLOURS) {
        Cluster *chosen = most_gainful(clusters, used);
        if (chosen->gain <= 0 || error <= spread * weight)
            break;
        error -= chosen->gain;
        clusters[used++] = cut(weights, chosen, points, order);
    }
    for (int32_t number = 0; number < used; number++) {
        for (int64_t at = clusters[number].start; at < clusters[number].end; at++)
            owners[order[at]] = number;
    }
    return used;
}

static void compute_means(
    const Point *points, int64_t count, const int32_t *owners, int64_t clusters, uint8_t *table
) {
    Moments sums[MAX_COLOURS] = {{0}};
    for (int64_t at = 0; at < count; at++)
        sums[owners[at]] += moments_of(points[at]);
    for (int64_t cluster = 0; cluster < clusters; cluster++) {
        const Moments sum = sums[cluster];
        for (int channel = 0; sum[WEIGHT] > 0 && channel < 3; channel++)
            table[cluster * 3 + channel] = (uint8_t)rint(sum[channel] / sum[WEIGHT]);
    }
}

/* Assigns each point to its nearest mean. */
static void assign(
    Weights weights, const Point *points, int64_t count, int32_t *owners, int64_t clusters, const uint8_t *table
) {
    Palette palette;
    sort_palette(&palette, table, clusters, weights);
    for (int64_t at = 0; at < count; at++) {
        const Point point = points[at];
        const uint8_t *mean = table + owners[at] * 3;
        const Colour colour = {(int32_t)point[0], (int32_t)point[1], (int32_t)point[2]};
        int32_t limit = weighted(weights, colour.red - mean[0], colour.green - mean[1], colour.blue - mean[2]);
        owners[at] = nearest_within(&palette, colour, limit);
    }
}

/* The weighted mean squared distance of points from the nearest colours. values: (count, 4); table: (colours, 3). */
KERNEL double mean_error(
    const float *values, int64_t count, const int32_t *three, const uint8_t *table, int64_t colours
) {
    const Weights weights = weights_of(three);
    const Point *points = (const Point *)values;
    Palette palette;
    double error = 0, weight = 0;
    sort_palette(&palette, table, colours, weights);
    for (int64_t at = 0; at < count; at++) {
        const Point point = points[at];
        const Colour rounded = {(int32_t)point[0], (int32_t)point[1], (int32_t)point[2]};
        const uint8_t *colour = table + 3 * nearest(&palette, rounded);
        const float red = point[0] - colour[0], green = point[1] - colour[1], blue = point[2] - colour[2];
        error += point[WEIGHT] * (weights.red * red * red + weights.green * green * green + weights.blue * blue * blue);
        weight += point[WEIGHT];
    }
    return weight > 0 ? error / weight : 0;
}

/* Lloyd's algorithm: computes each cluster's mean, then assigns each point to its nearest mean.
   values: (count, 4), the points; owners: (count), as `split` left them; table: (clusters, 3), the means. */
KERNEL void polish(
    const float *values, int64_t count, const int32_t *three, int32_t *owners, int64_t clusters, uint8_t *table
) {
    const Point *points = (const Point *)values;
    compute_means(points, count, owners, clusters, table);
    for (int round = 0; round < POLISH_ROUNDS; round++) {
        assign(weights_of(three), points, count, owners, clusters, table);
        compute_means(points, count, owners, clusters, table);
    }
}
