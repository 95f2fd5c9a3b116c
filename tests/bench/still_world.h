/*
 * A world that takes no time of its own: the real conductor (plan, engine, shell, journal) over a
 * driver whose services are switches, on a clock that stands still while anything is to be done.
 * What is measured in it is evac's own work.
 */
#ifndef EVAC_STILL_WORLD_H
#define EVAC_STILL_WORLD_H

#include "group.h"
#include "shell.h"

struct still_options {
    unsigned apps, resources, layers; /* a run: resources * layers steps, one layer after another */
    uint64_t answer_ms;               /* how long the driver takes; 0: it answers at once */
    const char *path;                 /* of the journal; NULL: in memory */
    bool grouped;                     /* commits are the loop's turns', as in evacd */
};

struct still_world;

/* Exits with a word when it can not. */
struct still_world *still_new(const struct still_options *options);
/* The shell and the store go, the journal's file stays. */
void still_free(struct still_world *world);
/* A real failover, there and back by turns, of each app; until all have ended well. */
void still_run_all(struct still_world *world);

struct evac_shell *still_shell(const struct still_world *world);
uint64_t still_rows(const struct still_world *world);    /* written so far */
uint64_t still_commits(const struct still_world *world); /* durable writes */

/* The texts of its configuration, and the model that is read from them (the caller's). */
struct still_conf;
struct still_conf *still_conf_new(const struct still_options *options);
struct evac_model *still_conf_parse(const struct still_conf *conf);
size_t still_conf_bytes(const struct still_conf *conf);
void still_conf_free(struct still_conf *conf);

double still_cpu_s(void); /* of this process */
double still_wall_s(void);
/* Bytes that are allocated now. */
size_t still_heap_bytes(void);
/* A journal's files. */
void still_unlink(const char *path);
#endif
