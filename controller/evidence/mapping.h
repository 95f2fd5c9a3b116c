/* Which part of the evidence answers which requirement of whom: a dated file in the binary. It says
 * what the evidence supports, and what it leaves open; nobody complies by it. */
#ifndef EVAC_MAPPING_H
#define EVAC_MAPPING_H

#include "conf.h"

extern const struct evac_conf_text evac_builtin_mappings[]; /* made at build from mapping/ *.cfg */
extern const size_t evac_builtin_mapping_count;

struct evac_requirement {
    struct evac_place place;
    struct evac_str ref, asks, supports, open;
    const struct evac_str *parts;
    size_t part_count;
};

struct evac_framework {
    struct evac_place place;
    struct evac_str name, title, source;
    const struct evac_requirement *requirements;
    size_t requirement_count;
};

struct evac_mapping {
    struct evac_place place;
    struct evac_str date;
    const struct evac_framework *frameworks;
    size_t framework_count;
};

/* In arena. */
enum evac_code evac_mapping_load(struct evac_arena *arena, struct evac_mapping *ret_mapping,
                                 struct evac_err *err);
void evac_mapping_json(const struct evac_mapping *mapping, struct evac_buf *out);
void evac_mapping_html(const struct evac_mapping *mapping, struct evac_buf *out);
#endif
