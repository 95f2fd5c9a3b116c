/* What the API shows: the engine's state as JSON. Read only. Field names are stable: docs and the
 * command line depend on them. */
#ifndef EVAC_VIEW_H
#define EVAC_VIEW_H

#include "daemon.h"
#include "jw.h"

/* view_vantage.c: "vantages", and a region's "opinions". */
void evac_view_vantages(struct evac_daemon *daemon, struct evac_jw *w);
void evac_view_opinions(const struct evac_engine *engine, const struct evac_engine_app *a,
                        size_t region, struct evac_jw *w);

/* "active", "standby"; of an active-active app several are active, and one may be "out". */
const char *evac_view_role(const struct evac_engine_app *app, size_t region);

void evac_view_status(struct evac_daemon *daemon, struct evac_jw *w);
void evac_view_app(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
/* view_list.c: the little that a list of many apps shows of one; readiness of its standbys. */
void evac_view_app_line(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
void evac_view_readiness(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
/* Drills of an app ("" all): to come until that instant, going on, past, owed. A page has so many
 * of those that are past, from the newest on, or from those before that row of the journal; the
 * first page (0) has all the rest. */
struct evac_drills_asked {
    struct evac_str app;
    int64_t until_ms;
    uint64_t limit, before_seq;
};
/* *ret_next: where the next page begins, 0 there is none. */
enum evac_code evac_view_drills(struct evac_daemon *daemon, const struct evac_drills_asked *asked,
                                struct evac_jw *w, uint64_t *ret_next, struct evac_err *err);
/* view_faults.c: the faults of an app's newest game day, or of the one that the run was a part of
 * (0: the newest). */
enum evac_code evac_view_faults(struct evac_daemon *daemon, size_t app, uint64_t run,
                                struct evac_jw *w, struct evac_err *err);
/* Of one app: what goes on, and what is owed. */
void evac_view_debt(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
/* The decision clock: see clock.h. */
void evac_view_decide(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
/* view_health.c: the chain from answers to the decision. */
void evac_view_why(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
void evac_view_probe(const struct evac_engine_app *app, size_t probe, size_t region, size_t vantage,
                     uint64_t now_boot_ms, struct evac_jw *w);
void evac_view_condition(const struct evac_engine_app *app, size_t region, size_t vantage,
                         struct evac_jw *w);
/* view_probes.c: the newest answers of an app's probes. */
void evac_view_probes(struct evac_daemon *daemon, size_t app, struct evac_jw *w);
/* "certificates": of each probe's address that shows one, if it ends within the probe's own window,
 * else within two weeks; the soonest first-hand word of any vantage. */
void evac_view_certificates(const struct evac_engine_app *app, int64_t now_wall_ms,
                            struct evac_jw *w);
/* engine NULL: an empty list. which: a bit each. */
void evac_view_dependencies(struct evac_daemon *daemon, const struct evac_engine *engine,
                            uint64_t which, struct evac_jw *w);
void evac_view_self(const struct evac_engine *engine, struct evac_jw *w);
/* A run that is going on. */
void evac_view_run(struct evac_daemon *daemon, const struct evac_run *run, bool steps,
                   struct evac_jw *w);
/* The policy, what it decided and by which gates, whether it may act on its own, and what people
 * waived or froze. Members of the object that is open: "decision", "waivers", "frozen". */
void evac_view_decision(const struct evac_engine *engine, const struct evac_engine_app *app,
                        const struct evac_now *now, struct evac_jw *w);
/* {"global": text or null, "regions": [ ... ]}: of each region how many apps serve there and are
 * down there, and its incident, if it had one; apps: with what each app is to it. At most so many
 * regions, from that one on. */
void evac_view_incidents(const struct evac_engine *engine, bool apps, const struct evac_now *now,
                         size_t from, size_t most, struct evac_jw *w, const char *key);
#endif
