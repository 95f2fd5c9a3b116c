/*
 * What driver packs know of the services behind their operations, as dated data: where a control
 * plane lives, what a regional call needs elsewhere, what does the same without it. The lint is
 * generic; all names of services and regions come from here.
 */
#ifndef EVAC_FACTS_H
#define EVAC_FACTS_H

#include "conf.h"

#define EVAC_LINT_VERDICTS(X)                                                                      \
    X(OK, "ok")                                                                                    \
    X(INFO, "info")                                                                                \
    X(WARN, "warn")                                                                                \
    X(ERROR, "error")

#define X(name, text) EVAC_LINT_##name,
enum evac_lint_verdict { EVAC_LINT_VERDICTS(X) EVAC_LINT_VERDICT_COUNT };
#undef X
const char *evac_lint_verdict_name(enum evac_lint_verdict v);

/* Operations of one service. Regions are by partition: main = "us-east-1". */
struct evac_fact_plane {
    struct evac_place place;
    struct evac_str service;
    const struct evac_str *operations; /* names, '*' stands for anything */
    size_t operation_count;
    struct evac_args home;   /* region of the control plane; none: in each region */
    struct evac_args needs;  /* region that a regional call needs as well; none */
    struct evac_str because; /* what it needs there */
    bool provisions;         /* it makes something: quotas, capacity and time are not certain */
    struct evac_str works;   /* data plane that goes on working, "" unknown */
    struct evac_str alternative;
    struct evac_str source; /* address of a page */
};

/* A host that looks like no region's and is served from one. */
struct evac_fact_endpoint {
    struct evac_place place;
    struct evac_str host;
    struct evac_args home;
    struct evac_str alternative, source;
};

/* A setting of a driver pack ("pack.setting") that may name a region. */
struct evac_fact_setting {
    struct evac_place place;
    struct evac_str name;
    enum evac_lint_verdict verdict; /* when the region that it names is gone */
    struct evac_str problem, alternative, source;
};

/* What one of something costs by the hour. */
struct evac_fact_price {
    struct evac_place place;
    struct evac_str unit;   /* as drivers say it: EVAC_HOURLY in evac/driver.h */
    struct evac_str price;  /* as it was written */
    int64_t micros;         /* the same in millionths of the currency */
    struct evac_str source; /* address of a page */
};

/* How many calls a service takes: a bucket that holds `burst` calls and is filled with `rate` a
 * second. Several rows may count the same call. */
struct evac_fact_limit {
    struct evac_place place;
    struct evac_str service;
    const struct evac_str *operations; /* names, '*' stands for anything */
    size_t operation_count;
    bool everywhere;        /* one bucket an account, not one a region of it */
    bool budget;            /* what evac allows itself; the service does not count so */
    struct evac_str rate;   /* as it was written */
    int64_t rate_micros;    /* the same in millionths of a call a second */
    int64_t burst;          /* calls at once */
    struct evac_str source; /* address of a page */
};

/* Changes of several that a service takes as one call, all or nothing; or looks at several that it
 * answers as one. Each is a record, and a change's values are counted by their characters. */
struct evac_fact_batch {
    struct evac_place place;
    struct evac_str service;
    const struct evac_str *operations; /* names, '*' stands for anything */
    size_t operation_count;
    struct evac_str by;            /* the argument whose value says what goes together */
    const struct evac_str *values; /* arguments that are counted by characters */
    size_t value_count;
    int64_t records, characters; /* of one call, at most */
    int64_t counts;              /* each record and character counts so often */
    struct evac_str source;      /* address of a page */
};

struct evac_fact_partition {
    struct evac_place place;
    struct evac_str name, prefix; /* of its regions' names; the first that fits counts */
};

/* One file; several follow each other. Never changed once it is read. */
struct evac_facts {
    struct evac_place place;
    const struct evac_facts *next;
    struct evac_str date; /* "2026-11-21": the state of its oldest source */
    struct evac_args sources;
    const struct evac_fact_partition *partitions;
    size_t partition_count;
    struct evac_fact_plane *planes;
    size_t plane_count;
    struct evac_fact_endpoint *endpoints;
    size_t endpoint_count;
    struct evac_fact_setting *settings;
    size_t setting_count;
    struct evac_fact_limit *limits;
    size_t limit_count;
    struct evac_fact_batch *batches;
    size_t batch_count;
    struct evac_fact_price *prices;
    size_t price_count;
    struct evac_str currency, priced_in; /* of the prices; priced_in: a region */
};

/* *ret_facts lives in diag's arena and is NULL when count is 0. */
enum evac_code evac_facts_parse(const struct evac_conf_text *texts, size_t count,
                                struct evac_diag *diag, const struct evac_facts **ret_facts,
                                struct evac_err *err);
/* The same, and files after them. */
enum evac_code evac_facts_load(const struct evac_conf_text *texts, size_t count,
                               const char *const *paths, size_t path_count, struct evac_diag *diag,
                               const struct evac_facts **ret_facts, struct evac_err *err);

/* The last that has it: who adds a file means its prices. *ret_of: whose currency, region and date
 * hold. NULL: there is none. */
const struct evac_fact_price *evac_facts_price(const struct evac_facts *facts, const char *unit,
                                               const struct evac_facts **ret_of);

/* The first that fits; NULL: nothing is known. */
const struct evac_fact_plane *evac_facts_find(const struct evac_facts *facts, const char *service,
                                              const char *operation);
/* The entry of regions for the partition that region is in; "" none. */
struct evac_str evac_facts_region(const struct evac_facts *facts, const struct evac_args *regions,
                                  struct evac_str region);

/* All rows that count a call of that operation ("db", "Failover"), at most so many of them: those
 * of the last file that says something of the service. */
size_t evac_facts_limits(const struct evac_facts *facts, struct evac_str service,
                         struct evac_str operation, const struct evac_fact_limit **ret_rows,
                         size_t most);
/* NULL: each change is a call of its own. */
const struct evac_fact_batch *evac_facts_batch(const struct evac_facts *facts,
                                               struct evac_str service, struct evac_str operation);

/* Days since 1970-01-01 of "YYYY-MM-DD"; false when it is none. */
bool evac_facts_day(struct evac_str date, int64_t *ret_day);

/* '*' in pattern stands for anything. */
bool evac_facts_fits(struct evac_str pattern, struct evac_str text);
#endif
