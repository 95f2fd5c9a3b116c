/*
 * Many apps in virtual time: the real configuration, plan compiler, engine and shell over a memory
 * store, with a driver of one switch an app and probes that the test answers. Quick enough for
 * hundreds of apps.
 */
#ifndef EVAC_FLEET_WORLD_H
#define EVAC_FLEET_WORLD_H

#include "shell.h"

#define FLEET_APPS_MAX 2200u

struct fleet;

struct fleet_options {
    size_t apps;
    const char *controller; /* further settings of evac.cfg, "" none */
    size_t reversed_from;   /* apps from this one on serve in us-west-2; 0: none */
    /* An app's own settings: "policy.automatic" and more; NULL: propose. i from 0. */
    void (*app)(size_t i, struct evac_buf *out);
};

struct fleet *fleet_new(const struct fleet_options *options);
void fleet_free(struct fleet *f);
void fleet_run(struct fleet *f, uint64_t ms);
/* As kill -9 and a start at once. */
void fleet_crash(struct fleet *f);

/* The same configuration, loaded again. */
void fleet_reload(struct fleet *f);

/* Every app of [first, first + count) is down in that region (0 the first), or up again. */
void fleet_down(struct fleet *f, size_t first, size_t count, unsigned region, bool down);
/* The controller can not reach its anchors. */
void fleet_cut_off(struct fleet *f, bool cut_off);
/* The app's switch there is off. */
void fleet_off(struct fleet *f, size_t app, unsigned region);
/* What becomes of the next applies. */
void fleet_capacity(struct fleet *f, enum evac_outcome outcome);
enum evac_code fleet_say(struct fleet *f, enum evac_command_verb verb, const char *region);
/* Its evacuation is ordered: tiers a bit each, 0 all; caller NULL: ann, who may everything. The
 * answer's sentence is in fleet_said(). */
enum evac_code fleet_order(struct fleet *f, const char *region, const struct evac_order_wish *wish,
                           const struct evac_caller *caller);
const char *fleet_said(const struct fleet *f);
/* Its driver says that a move is one call of "db:Switch", and a look one of "db:Look". */
const struct evac_model *fleet_model(const struct fleet *f);
const struct evac_catalog *fleet_catalog(void);
struct evac_now fleet_now(struct fleet *f);
struct evac_shell *fleet_shell(struct fleet *f);
const struct evac_incident *fleet_incident(struct fleet *f, const char *region);

/* Runs in the order in which they were admitted; names of their apps. */
size_t fleet_admitted(const struct fleet *f);
size_t fleet_place(const struct fleet *f, size_t app); /* in that order; SIZE_MAX never */
size_t fleet_times(const struct fleet *f, size_t app); /* how often */
size_t fleet_most_at_once(const struct fleet *f);      /* real runs */
size_t fleet_active_in(struct fleet *f, unsigned region);
unsigned fleet_alarms(const struct fleet *f);
/* Lines of the trace that have the text. */
unsigned fleet_traced(const struct fleet *f, const char *part);
const char *fleet_trace(const struct fleet *f);
#endif
