#include "lookup.h"

/* Enters each palette colour into its cell. table: (count, 3). */
KERNEL void mark_cells(const uint8_t *table, int64_t count, uint8_t *cells, uint8_t *states) {
    const Lookup lookup = {.cells = cells, .states = states};
    for (int32_t index = 0; index < count; index++) {
        int32_t cell = cell_of(colour_at(table, index));
        if (cells[cell] == LOOKUP_UNKNOWN && states[cell] == UNSEARCHED) {
            answer(&lookup, cell, index);
        } else {
            cells[cell] = LOOKUP_UNKNOWN;
            states[cell] = CROWDED;
        }
    }
}
