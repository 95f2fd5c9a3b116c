/*
 * A whole year of the controller in a second: the real configuration, calendar, engine, shell,
 * store and reports in virtual time, over services that are models. A step is unsatisfied until it
 * was applied, then on its way for as long as its action usually takes, then satisfied; probes see
 * a region that is up or down, and users where traffic was led last. What the drivers and the
 * sandbox's services do by themselves is world.h's to tell; here time is what passes.
 *
 * Looks cost, and most of a year is quiet: it has two configurations that differ in nothing but how
 * often they look, and is reloaded with the other one, as evacd is by SIGHUP.
 */
#ifndef EVAC_MODEL_WORLD_H
#define EVAC_MODEL_WORLD_H

#include "shell.h"

struct model_world;

struct model_world_options {
    int64_t wall_ms; /* when it begins */
    /* Of the app's file; "@EVERY@" and "@MEASURE@" stand in it for how often it looks.
     * Its name is "shop". */
    const char *app;
};

struct model_world *model_world_new(const struct model_world_options *options);
void model_world_free(struct model_world *w);

/* Looks every few seconds, or every ten minutes. */
void model_world_watch(struct model_world *w, bool closely);
/* To an instant of the wall clock. */
void model_world_until(struct model_world *w, int64_t wall_ms);
void model_world_run(struct model_world *w, int64_t ms);
int64_t model_world_wall(const struct model_world *w);

/* From now on a change in that phase takes so many times as long as usual. */
void model_world_pace(struct model_world *w, enum evac_phase phase, double factor);
/* The next applies of that step are refused for good; NULL: none is. */
void model_world_refuse(struct model_world *w, const char *step, const char *reason);
/* That region of the app is gone; NULL: all are back. */
void model_world_down(struct model_world *w, const char *region);
void model_world_lag(struct model_world *w, uint32_t ms);

/* What a person says, of the app or of its newest run. */
enum evac_code model_world_say(struct model_world *w, enum evac_command_verb verb, const char *who,
                               const char *reason);
/* A planned move home. */
enum evac_code model_world_home(struct model_world *w, const char *who, const char *reason);
/* Rows from outside of the engine: what a person says of a deficiency. */
enum evac_code model_world_note(struct model_world *w, const struct evac_record *row);

struct evac_shell *model_world_shell(struct model_world *w);
struct evac_store *model_world_store(struct model_world *w);
const struct evac_engine_app *model_world_app(const struct model_world *w);
uint64_t model_world_last_run(const struct model_world *w);
/* Where users were led last. */
struct evac_str model_world_users(const struct model_world *w);
#endif
