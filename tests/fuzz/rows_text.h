/*
 * Rows of a journal as a text that a fuzzer changes easily: a line each, its fields between tabs.
 *
 *   kind run step attempt ms number app name from event to who text request_id data
 *
 * ms is how long after the row before it. "@plan" as data stands for a plan that the harness has.
 */
#ifndef EVAC_ROWS_TEXT_H
#define EVAC_ROWS_TEXT_H

#include "fuzz.h"
#include "record.h"

#include "evac/arena.h"

#define ROWS_TEXT_MAX    256u
#define ROWS_TEXT_WALL   INT64_C(1790000000000)
#define ROWS_TEXT_BOOT   UINT64_C(1000000)
#define ROWS_TEXT_FIELDS 15u

static inline int64_t rows_text_number(struct evac_str text)
{
    int64_t value = 0;
    return evac_str_i64(text, &value) ? value : 0;
}

/* Rows whose kind there is, numbered from 1. Texts point into the input. */
static inline size_t rows_text_read(struct evac_str text, struct evac_str plan,
                                    struct evac_record rows[ROWS_TEXT_MAX])
{
    size_t n = 0;
    int64_t at_ms = 0;
    while (text.n && n < ROWS_TEXT_MAX) {
        struct evac_str line = evac_str_cut(text, '\n', &text), f[ROWS_TEXT_FIELDS];
        struct evac_record *r = &rows[n];
        for (size_t i = 0; i < ROWS_TEXT_FIELDS; i++)
            f[i] = evac_str_cut(line, '\t', &line);
        *r = (struct evac_record){ .app = f[6],
                                   .name = f[7],
                                   .from = f[8],
                                   .event = f[9],
                                   .to = f[10],
                                   .who = f[11],
                                   .text = f[12],
                                   .request_id = f[13] };
        if (!evac_record_kind_parse(f[0], &r->kind))
            continue;
        r->run = (uint64_t)rows_text_number(f[1]);
        r->step = f[2].n ? (uint32_t)rows_text_number(f[2]) : EVAC_NO_STEP;
        r->attempt = (uint32_t)rows_text_number(f[3]);
        int64_t ms = rows_text_number(f[4]);
        at_ms += ms > 0 && ms < 90 * INT64_C(86400000) ? ms : 0;
        r->number = rows_text_number(f[5]);
        r->t_wall_ms = ROWS_TEXT_WALL + at_ms;
        r->t_boot_ms = ROWS_TEXT_BOOT + (uint64_t)at_ms;
        r->data = evac_str_is(f[14], "@plan") ? plan : f[14];
        r->epoch = 1;
        r->seq = ++n;
    }
    return n;
}
#endif
