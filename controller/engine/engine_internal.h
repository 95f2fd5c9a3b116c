/* What the engine's files share: engine.c routes events to the others. */
#ifndef EVAC_ENGINE_INTERNAL_H
#define EVAC_ENGINE_INTERNAL_H

#include "engine.h"
#include "run_internal.h"

struct engine_io {
    struct evac_engine *engine;
    struct evac_effects *fx;
    const struct evac_now *now;
};

struct evac_run_io engine_run_io(struct engine_io *io);
void engine_record(struct engine_io *io, struct evac_record record);
/* The answer to whoever asked, in a line for people. */
void engine_refuse(struct engine_io *io, enum evac_code code, const char *why);
void engine_notice(struct engine_io *io, bool alarm, struct evac_str app, const char *text);

/* engine_apps.c */
/* When the app is next due may be another time now. Every app, unless the event says which. */
void engine_touch(struct evac_engine *engine, const struct evac_engine_app *a);
struct evac_str engine_region(const struct evac_engine_app *a, uint16_t region);
uint16_t engine_region_index(const struct evac_app *app, struct evac_str region);
bool engine_is_active_active(const struct evac_engine_app *a);
size_t engine_watch_count(const struct evac_app *app);

/* engine_health.c */
void engine_probe(struct engine_io *io, uint16_t app, const struct evac_probe_result *result);
/* After whatever may have changed its health: rows, the fleet's count, a decision. */
void engine_health_changed(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_health_news *news);

/* engine_runs.c */
struct evac_engine_app *engine_app_of(struct evac_engine *engine, const struct evac_run *run);
void engine_admit(struct engine_io *io, const struct evac_admit_event *e);
void engine_not_admitted(struct engine_io *io, const struct evac_not_admitted_event *e);
void engine_replied(struct engine_io *io, const struct evac_reply_event *e);
void engine_committed(struct engine_io *io, uint64_t seq);
/* Those that are due. */
void engine_tick_runs(struct engine_io *io);
bool engine_link_run(struct evac_engine *engine, struct evac_engine_app *a, struct evac_run *run);
/* What its gates look at, up to date: before anything is told to a run. */
void engine_before_run(struct engine_io *io, struct evac_run *run);
void engine_tell_run(struct engine_io *io, const struct evac_engine_app *a, struct evac_run *run,
                     const struct evac_command *cmd);

/* engine_command.c */
void engine_command(struct engine_io *io, const struct evac_command *cmd);

/* engine_drill.c */
void engine_drill_said(struct engine_io *io, const struct evac_drill_event *e);
void engine_drill_watch(struct engine_io *io, struct evac_engine_app *a);
void engine_drill_yield(struct engine_io *io, struct evac_engine_app *a);
void engine_drill_admitted(struct evac_engine_app *a, const struct evac_run *run,
                           struct evac_str who);
void engine_drill_not_admitted(struct engine_io *io, struct evac_engine_app *a,
                               struct evac_str why);
void engine_drill_overtaken(struct engine_io *io, struct evac_engine_app *a, struct evac_str who);
void engine_drill_run_ended(struct engine_io *io, struct evac_engine_app *a,
                            const struct evac_run *run);
void engine_drill_other_ended(struct engine_io *io, struct evac_engine_app *a,
                              const struct evac_run *run);
bool engine_drill_call_off(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_command *cmd);
/* It looks, breaks or mends for a drill: that says nothing of the standby. */
bool engine_drill_is_side_work(const struct evac_engine_app *a, uint64_t run);
void engine_see_drill(struct evac_engine *engine, struct evac_engine_app *a,
                      const struct evac_record *r);
void engine_see_drill_run(struct evac_engine_app *a, const struct evac_record *r);
void engine_drill_resume(struct engine_io *io, struct evac_engine_app *a);
uint64_t engine_drill_wake_ms(const struct evac_engine *engine, const struct evac_engine_app *a);

/* After whatever happened to a run: traffic that moved makes its target the active region; a run
 * that ended makes room for the next. */
void engine_unlink_run(struct evac_engine *engine, struct evac_run *run);
void engine_after_run(struct engine_io *io, struct evac_run *run);

/* A real run moved the users, or took that back. */
void engine_moved(struct evac_engine_app *a, enum evac_workflow workflow, uint16_t from,
                  uint16_t to);
void engine_move_back(struct evac_engine_app *a);
/* A real failover out of that region was admitted. */
void engine_note_leave(struct evac_engine_app *a, uint64_t run, uint16_t from);

/* Measurements that are due; their next due time. */
void engine_measure(struct engine_io *io, uint16_t app);
uint64_t engine_measure_wake_ms(const struct evac_engine_app *a);
void engine_measured(struct engine_io *io, const struct evac_reply_event *reply);
/* A LAG row: the trend goes on after a restart. */
void engine_measure_clock_jumped(struct evac_engine *engine, int64_t now_wall_ms, int64_t by_ms);
/* Fences are noted by the wall clock: by how much it may have been set since. */
void engine_fences_moved(struct evac_engine *engine, int64_t by_ms);
/* The clock that looks at standbys were dated by was set by so much: they are no older for it, nor
 * newer. */
void engine_looks_moved(struct evac_engine *engine, int64_t by_ms);
/* As if nobody had looked at any standby: nothing begins by itself before somebody does. */
void engine_forget_looks(struct evac_engine *engine);
/* At the first event: how far the wall clock is from the boot clock. */
void engine_know_clock(struct evac_engine *engine, const struct evac_now *now);
/* A hold, a freeze, a waiver: said for so long, they end as much later or earlier. */
void engine_words_moved(struct evac_engine *engine, int64_t by_ms);
/* It was set: all three, and what runs measure. */
void engine_clock_set(struct evac_engine *engine, int64_t now_wall_ms, int64_t by_ms);
void engine_replay_lag(struct evac_engine_app *a, const struct evac_record *record);
/* The run's loss, kept up to date for its gate, and journalled when it is known for good. */
void engine_run_loss(struct engine_io *io, struct evac_engine_app *a);
/* The same of a rehearsal, which only tells it. */
void engine_rehearsal_loss(struct engine_io *io, struct evac_engine_app *a);
/* Decide about the app now: something that its gates look at is news. */
void engine_decide(struct engine_io *io, struct evac_engine_app *a);
/* The decision alone, with nothing that follows from it. */
void engine_weigh(struct engine_io *io, struct evac_engine_app *a);
/* Would that be decided now, if nothing were on its way? A proposal also where it would act. */
bool engine_still_wants(const struct engine_io *io, const struct evac_engine_app *a, bool proposed);
void engine_judge_anew(struct evac_engine *engine);

/* engine_assure.c */
void engine_assure(struct engine_io *io, const struct evac_assure_event *event);
void engine_see_assurance(struct evac_engine_app *a, const struct evac_record *r);

/* engine_self.c */
void engine_self_feel(struct engine_io *io, const struct evac_self_event *event);
void engine_self_configured(struct evac_engine *engine);
void engine_self_anchors(struct engine_io *io, bool reached);
/* What this controller's opinion is worth now, told to one health. True: its verdicts may be
 * others. */
bool engine_self_apply(struct engine_io *io, struct evac_health *health,
                       struct evac_health_news *ret_news);

/* engine_depend.c */
void engine_depend_init(struct evac_engine_dependency *list, const struct evac_model *model);
void engine_depend_carry_over(const struct evac_engine *engine, struct evac_engine_dependency *list,
                              const struct evac_model *model);
uint64_t engine_needs(const struct evac_model *model, const struct evac_app *app);
/* What of it fails, in words, for its gate. */
void engine_note_needs(const struct evac_engine *engine, struct evac_engine_app *a,
                       const struct evac_now *now);
void engine_depend_probe(struct engine_io *io, size_t index, const struct evac_probe_result *r);
void engine_depend_tick(struct engine_io *io);
uint64_t engine_depend_wake_ms(const struct evac_engine *engine);
void engine_see_dependency(struct evac_engine *engine, const struct evac_record *r);

/* engine_words.c: what people and the calendar say, until when. */
void engine_waive(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd);
void engine_freeze_by_word(struct engine_io *io, struct evac_engine_app *a, /* NULL: all */
                           const struct evac_command *cmd);
void engine_freeze_by_calendar(struct engine_io *io, const struct evac_freeze_event *event);
void engine_see_waiver(struct evac_engine_app *a, const struct evac_record *r);
void engine_see_freeze(struct evac_engine *engine, struct evac_engine_app *a,
                       const struct evac_record *r);

/* engine_fleet.c: apps by region, incidents declared and closed. */
void engine_fleet_build(struct evac_engine *engine); /* after init and reconfigure */
void engine_fleet_count(struct evac_engine *engine, struct evac_engine_app *a);
/* Who goes first by what evac_engine_expect() was told. */
void engine_fleet_rank(struct evac_engine *engine);
struct evac_fleet_region *engine_fleet_region(struct evac_engine *engine, struct evac_str name);
/* At the end of each event; true when it looked at all apps. */
bool engine_fleet_step(struct engine_io *io);
uint64_t engine_fleet_wake_ms(const struct evac_engine *engine);
/* Why the app does not move on its own; NULL: it may. Lives until the next event. */
const char *engine_fleet_says(const struct evac_engine *engine, const struct evac_engine_app *a,
                              uint16_t region, bool *ret_in_incident);
bool engine_is_global(const struct evac_record *r);
void engine_see_global(struct evac_engine *engine, const struct evac_record *r);
void engine_incident_record(struct engine_io *io, struct evac_fleet_region *region,
                            const char *event, enum evac_incident_state to, struct evac_str who,
                            const char *text, int64_t number);
/* more: further members of its data, each behind a comma. */
void engine_incident_record_more(struct engine_io *io, struct evac_fleet_region *region,
                                 const char *event, enum evac_incident_state to,
                                 struct evac_str who, const char *text, int64_t number,
                                 struct evac_str more);
void engine_incident_notice(struct engine_io *io, const struct evac_fleet_region *region,
                            const char *what, const char *then);

/* engine_order.c: the evacuation that a person orders, incident or not. */
void engine_order(struct engine_io *io, const struct evac_command *cmd);
void engine_see_order(struct evac_engine *engine, struct evac_fleet_region *region,
                      const struct evac_record *r);
/* An order stands for that region, and it is not about the app. */
bool engine_order_leaves_out(const struct evac_incident *i, const struct evac_engine_app *a,
                             size_t region);
enum evac_mode engine_order_mode(const struct evac_engine_app *a, uint16_t region,
                                 enum evac_order_mode mode);
/* Where it would go; the app's region count: nowhere. */
uint16_t engine_order_target(const struct evac_engine_app *a, uint16_t region,
                             const struct evac_now *now);
bool engine_is_held(const struct evac_engine *engine, const struct evac_engine_app *a,
                    const struct evac_now *now);

/* engine_incident.c: the evacuation of one region. */
/* It is on, and the region was seen to be down: not by order alone. */
bool engine_incident_is_found(const struct evac_incident *i);
/* What an evacuation by order becomes when that is seen. */
enum evac_incident_state engine_incident_found_state(const struct evac_incident *i);
void engine_evacuate(struct engine_io *io, struct evac_fleet_region *region);
void engine_see_incident(struct evac_engine *engine, const struct evac_record *r);
/* engine_incident_ask.c: its proposal, and what becomes of one that nobody answers. Only while
 * there are apps that wait for the yes. */
void engine_incident_ask(struct engine_io *io, struct evac_fleet_region *region);
/* The journal was read: times on this process's clock. */
void engine_incidents_resume(struct evac_engine *engine, const struct evac_now *now);
void engine_incident_command(struct engine_io *io, const struct evac_command *cmd);
/* What is proposed for the app is so no more; why is for people. */
void engine_withdraw_proposal(struct engine_io *io, struct evac_engine_app *a, const char *why);

/* engine_pace.c: how often automation acted, how often verdicts changed. */
void engine_note_start(struct evac_engine *engine, struct evac_engine_app *a, int64_t at_ms);
/* The first time that it is seen that automation began that run. */
void engine_note_automatic(struct evac_engine *engine, struct evac_engine_app *a,
                           const struct evac_run *run, const struct evac_now *now);
void engine_note_flip(struct evac_engine_app *a, uint16_t region, enum evac_verdict verdict,
                      int64_t at_ms);
uint16_t engine_pace_max(const struct evac_engine *engine);
/* When one more automatic start fits; 0 now. */
uint64_t engine_pace_free_ms(const struct evac_engine *engine, const struct evac_now *now);
/* What a replay noted by the wall clock, by the boot clock. */
void engine_translate_times(struct evac_engine *engine, const struct evac_now *now);

/* engine_vantage.c */
void engine_vantage(struct engine_io *io, const struct evac_vantage_event *event);
void engine_end_leases(struct engine_io *io);
uint64_t engine_leases_wake_ms(const struct evac_engine *engine);
/* What an app's health has not heard yet of the vantages; false: nothing. */
bool engine_vantages_apply(struct engine_io *io, struct evac_health *health,
                           struct evac_health_news *ret_news);
/* As the model has them. was: the one before, NULL none; those that are the same stay as they are.
 */
void engine_place_vantages(struct evac_engine *engine, const struct evac_model *was);

/* A rehearsal or a drill towards a region ended so. */
void engine_note_readiness(struct evac_engine_app *a, uint16_t region, uint64_t run,
                           enum evac_run_state end, int64_t wall_ms, struct evac_str left);

/* engine_gates.c: what the run's gates look at, as it is now; a may be NULL: the app is not
 * configured any more. */
void engine_gate_facts(const struct evac_engine *engine, const struct evac_engine_app *a,
                       const struct evac_now *now, struct evac_run *run);
/* Is somebody's yes asked for before it begins? */
bool engine_asks(const struct evac_app *app, const struct evac_run *run, bool proposed);
void engine_safety(const struct evac_engine *engine, const struct evac_engine_app *a,
                   const struct evac_run *run, struct evac_gate_word *ret_word);
struct evac_str engine_short_of(struct evac_str left);

/* engine_old_side.c. A real run moved the users out of region: from now on it is watched. */
void engine_leave(struct engine_io *io, struct evac_engine_app *a, uint16_t region, uint64_t run);
void engine_look_back(struct engine_io *io, struct evac_engine_app *a);
uint64_t engine_look_back_wake_ms(const struct evac_engine_app *a);
void engine_looked_back(struct engine_io *io, struct evac_engine_app *a, uint16_t resource,
                        const struct evac_reply *reply);
/* engine_place.c */
void engine_place(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd);
void engine_see_place(struct evac_engine_app *a, const struct evac_record *r);

void engine_reconcile(struct engine_io *io, struct evac_engine_app *a,
                      const struct evac_command *cmd);
/* Its data may have gone their own way: nobody is led there by itself, nor by a failback. */
bool engine_is_unreconciled(const struct evac_engine_app *a, uint16_t region);
void engine_say_unreconciled(const struct evac_engine_app *a, struct evac_text *why);
void engine_see_old_side(struct evac_engine_app *a, const struct evac_record *r);
#endif
