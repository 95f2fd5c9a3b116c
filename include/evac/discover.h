/*
 * Finding what an app owns: a pack that can walks its cloud's regions for what carries a tag, and
 * tells what it found in the words of its own drivers' settings. It only looks. What it can not
 * tell it says; it never guesses which things belong together.
 */
#ifndef EVAC_DISCOVER_H
#define EVAC_DISCOVER_H

#include "evac/args.h"
#include "evac/err.h"

struct evac_query {
    struct evac_str app; /* for what is named after it */
    struct evac_str tag, value;
    const struct evac_str *regions;
    size_t region_count;
    uint64_t deadline_ms; /* host's now_ms: what has not answered by then is said, not waited for */
};

/* A region in which it was found. */
struct evac_found_side {
    struct evac_str region;
    int64_t runs; /* how many of it run there; -1: it is nothing of which one counts */
    bool writes;  /* the one that takes writes, where only one does */
};

/* One thing of the app, in as many regions as it was found in. */
struct evac_found {
    struct evac_str name;            /* its own, without the region's: for people, not unique */
    struct evac_str type;            /* the driver's name */
    const struct evac_arg *settings; /* as a call gets them: "buckets.us-east-1" */
    size_t setting_count;
    const struct evac_found_side *sides; /* none: it belongs to no one region */
    size_t side_count;
    bool whole; /* a driver can serve it as it is. False: doubts say what is missing */
    const struct evac_str *doubts; /* sentences */
    size_t doubt_count;
};

struct evac_findings {
    const struct evac_found *found;
    size_t found_count;
    const struct evac_str *doubts; /* sentences about no one thing */
    size_t doubt_count;
    const struct evac_str *silent; /* sentences: what could not be asked, and why */
    size_t silent_count;
    size_t regions_answered;
    /* Host names, "" not found: by which users are led to a region; of each region's own endpoint,
     * with {region} in it. */
    struct evac_str public_name, regional_name;
};

/* A line of progress. */
typedef void evac_said_fn(void *user, struct evac_str line);
/* What findings point at lives until it returns. */
typedef void evac_findings_fn(void *user, const struct evac_findings *findings);

#endif
