/*
 * What the files of discovery share. A walk is one discovery: pages of tagged ARNs, region by
 * region; each ARN that a row of the table knows becomes a thing; things are looked at; when all is
 * quiet, things of different regions are put together, and told.
 *
 *     walk.c   life, the queue of requests      kinds.c  the table of ARNs, and looks by rows
 *     looks.c  looks that need code             dns.c    which records lead users to a region
 *     pair.c   what belongs together
 */
#ifndef EVAC_AWS_WALK_H
#define EVAC_AWS_WALK_H

#include "aws_pick.h"
#include "aws_template.h"

#define THING_SETTINGS 24u
#define THING_DOUBTS   6u

struct walk;
struct thing;
struct job;
typedef void walk_read_fn(struct job *job, const struct evac_aws_reply *reply);

/* A value of a look's reply: set is a setting, or "*runs", "*name". */
struct kind_pick {
    const char *set, *at; /* as in aws_pick.h */
};

/* An ARN that means something. */
struct kind {
    const char *service;  /* NULL ends the table */
    const char *shape;    /* what follows the account: "service/<cluster>/<service>" */
    const char *type;     /* the driver; NULL: it moves with something else, or needs no moving */
    const char *name;     /* what it is paired by: "<cluster>/<service>" */
    const char *settings; /* "cluster=<cluster>&service=<service>" */
    struct aws_ask look;
    const struct kind_pick *picks;
    walk_read_fn *read;                /* instead of picks */
    void (*more)(struct thing *thing); /* asks more than one look */
    const char *hint;                  /* where type is NULL: said once, instead of nothing */
    const char *lacks;                 /* what its driver wants to know and nothing here tells */
};

/* One resource in one region. */
struct thing {
    struct thing *next;
    struct walk *walk;
    const struct kind *kind;
    struct evac_str arn, region; /* region "": it belongs to none */
    struct evac_str listed;      /* the region that told of it */
    struct evac_str name, type;
    struct evac_str relation; /* the same for all that are one thing; "" none is known */
    struct evac_arg settings[THING_SETTINGS];
    size_t setting_count;
    int64_t runs;
    bool writes;
    bool sends;  /* a bucket: it replicates */
    bool aside;  /* not told: a part of something else */
    bool torn;   /* a driver can not serve it as it is */
    bool placed; /* in a group */
    struct evac_str doubts[THING_DOUBTS];
    size_t doubt_count;
    struct evac_args holes; /* what its ARN's shape names, and arn */
};

/* Said by something else than the thing itself: that it is one with others. */
struct tie {
    struct tie *next;
    struct evac_str arn, relation;
    struct evac_str group; /* what they are together, by name */
    const char *setting;   /* in which the driver wants that name; NULL none */
    bool writes;
    bool done;
};

/* One record of a hosted zone. */
struct record {
    struct record *next;
    struct thing *zone;
    struct evac_str name, type; /* without the dot at the end */
    struct evac_str set;        /* "" : a simple record */
    struct evac_str region, alias, alias_zone, value, check;
    int64_t weight;  /* -1: it has none */
    bool failover;   /* of a failover pair */
    bool follows_go; /* its health check is inverted, and looks for where traffic goes */
    bool told;
};

struct area { /* a region that is asked */
    struct evac_str region;
    bool wanted; /* one of the query's; else asked for what is global only */
    bool answered;
    size_t pages, found;
    bool asked_clusters, asked_groups; /* for its global clusters, its global datastores */
};

struct job {
    struct job *next;
    struct walk *walk;
    struct thing *thing; /* NULL: of an area */
    struct area *area;
    struct aws_call call; /* for templates and paths: only what those need */
    struct evac_aws_request request;
    walk_read_fn *read;
    unsigned tries;
};

struct unserved { /* what no driver serves, by service and type */
    struct unserved *next;
    struct evac_str what, example;
    const char *hint;
    size_t count;
};

struct walk {
    struct evac_link *link;
    struct evac_arena *arena;
    struct evac_query query;
    evac_said_fn *said;
    evac_findings_fn *done;
    void *user;
    struct area *areas;
    size_t area_count;
    struct thing *things, **last_thing;
    size_t thing_count;
    struct tie *ties;
    struct record *records, **last_record;
    struct unserved *unserved;
    struct evac_str *doubts, *silent;
    size_t doubt_count, doubt_room, silent_count, silent_room;
    struct job *queue, **last_job;
    size_t open; /* on their way, or waiting to be tried again */
    bool asked_checks;
    bool pumping;
    struct evac_str public_name, regional_name;
};

/* walk.c, and aws_discover() of aws_pack.h */
/* Asks for a thing, or, thing NULL, for an area. read runs once, also when there is no answer.
 * Holes: those of the ARN's shape; <arn> <app> <region> <tag> <value>; <next>. */
void walk_ask(struct walk *w, struct thing *thing, struct area *area, const struct aws_ask *ask,
              struct evac_str next, walk_read_fn *read);
/* GET of a bucket; flag "replication" or so, NULL none. */
void walk_ask_bucket(struct thing *thing, const char *operation, struct evac_str path,
                     const char *flag, walk_read_fn *read);
/* False: it was no answer, and that was said. */
bool walk_answered(struct job *job, const struct evac_aws_reply *reply);
struct evac_str walk_keep(struct walk *w, struct evac_str text);
struct evac_str walk_printf(struct walk *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void walk_doubt(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void walk_silent(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The region is one of the query's. */
bool walk_wants(const struct walk *w, struct evac_str region);
struct area *walk_area(struct walk *w, struct evac_str region);

/* kinds.c */
/* A tagged ARN, listed in a region: a thing, or one more that no driver serves. */
struct thing *walk_found(struct walk *w, struct evac_str arn, struct evac_str region);
/* The one of that ARN; NULL: it was not found, or needs no looking at. */
struct thing *walk_thing(const struct walk *w, struct evac_str arn);
/* One that has no ARN of its own, and belongs to no one region. */
struct thing *walk_made(struct walk *w, const char *type, struct evac_str name);
struct evac_str arn_part(struct evac_str arn, size_t part); /* 5: all that follows the account */
bool arn_is_global(struct evac_str arn);                    /* it belongs to no one region */
void thing_set(struct thing *thing, const char *name, struct evac_str value);
struct evac_str thing_get(const struct thing *thing, const char *name);
void thing_doubt(struct thing *thing, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, and it can not be served as it is. */
void thing_tear(struct thing *thing, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* looks.c */
walk_read_fn look_cluster, look_instance, look_scaling_groups, look_mappings, look_schedules,
    look_origins, look_key, look_listeners, look_table, look_file_system;
void ask_scaling_groups(struct walk *w, struct area *area, struct evac_str next);
void look_bucket(struct thing *thing);
void look_datastore(struct thing *thing);
/* What ties say is true of things. True: there is something new to look at. */
bool walk_settle(struct walk *w);

/* dns.c */
walk_read_fn look_records;
bool walk_dns_checks(struct walk *w); /* true: health checks are asked for */
/* Makes things of the records that lead users to a region. */
void walk_dns(struct walk *w);

/* pair.c */
void walk_tell(struct walk *w);
/* "shop-db-use1" is "shop-db" in us-east-1. */
struct evac_str walk_stem(struct evac_arena *arena, struct evac_str name, struct evac_str region);

#endif
