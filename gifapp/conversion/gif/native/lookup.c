#include "lookup.h"

/* Enters each palette colour into its cell. */
KERNEL void mark_cells(const int32_t *colours, int64_t count, int16_t *cells) {
    Planes palette = planes_of(colours, count);
    for (int32_t index = 0; index < count; index++) {
        int16_t *cell = &cells[cell_of(colour_of(palette, index))];
        *cell = *cell == UNKNOWN ? (int16_t)index : CROWDED;
    }
}
