/*
 * Rows of a journal as a text that a bundle carries, one JSON object a line, and back. It covers
 * the whole journal, from its first row on: rows that the evidence needs in full, one that stands
 * just before such a row by its hash, all others by the roots of the subtrees that they are.
 *
 *   {"seq":7,"kind":"admit", ... ,"prev_hash":"..","hash":".."}     a row
 *   {"seq":6,"hash":".."}                                           a row that is not shown
 *   {"from":1,"rows":4,"tree":".."}                                 rows 1 to 4, not shown
 *
 * The text is exact: every byte of a row can be had back, and another text for the same row is
 * refused.
 */
#ifndef EVAC_ROWS_H
#define EVAC_ROWS_H

#include "store.h"
#include "tree.h"

/* One line, with its newline. */
void evac_rows_put(const struct evac_row *row, struct evac_buf *out);
void evac_rows_put_leaf(uint64_t seq, const uint8_t hash[32], struct evac_buf *out);
void evac_rows_put_tree(uint64_t from, unsigned level, const uint8_t root[32],
                        struct evac_buf *out);

enum evac_rows_kind { EVAC_ROWS_ROW, EVAC_ROWS_LEAF, EVAC_ROWS_TREE };
struct evac_rows_line {
    enum evac_rows_kind kind;
    struct evac_row row; /* ROW; its texts in the arena */
    uint64_t from;       /* first row that it stands for */
    unsigned level;      /* it stands for 2^level rows */
    uint8_t hash[32];    /* of the row, or the subtree's root */
};

struct evac_arena;
/* One line without its newline. PARSE: it is none as they are written. */
enum evac_code evac_rows_parse(struct evac_str line, struct evac_arena *arena,
                               struct evac_rows_line *ret_line, struct evac_err *err);

/* A journal of some rows, to be read only. rows are borrowed, in order of their numbers. */
struct evac_store *evac_rows_store(const struct evac_row *rows, size_t count);

/* What is found wrong: which line, which row (0: none), and the sentence. */
struct evac_rows_fault {
    size_t line;
    uint64_t row;
    bool missing; /* or out of order, rather than altered */
    char text[240];
};
#define EVAC_ROWS_FAULTS_MAX 16u

struct evac_rows_reading {
    struct evac_row *rows; /* the full ones, in the arena */
    size_t count;
    struct evac_tree tree; /* over all that the lines stand for */
    struct evac_rows_fault faults[EVAC_ROWS_FAULTS_MAX];
    size_t fault_count;
};
/* All lines: each row's hash, its link to the row before it, no number left out or twice. */
void evac_rows_read(struct evac_str text, struct evac_arena *arena, struct evac_rows_reading *ret);
#endif
