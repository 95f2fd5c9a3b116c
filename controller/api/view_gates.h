/* What a run waits for, and the table of gates, as JSON. */
#ifndef EVAC_VIEW_GATES_H
#define EVAC_VIEW_GATES_H

#include "engine.h"
#include "jw.h"

/* Members of the run's own object: "open_until_ms" (of a start), "verdict", "gates" (those before
 * its start, or before steps that wait), "approvals_needed", "approvals". */
void evac_view_gates(const struct evac_run *run, const struct evac_now *now, struct evac_jw *w);
/* Member "start_gates": what a run of the plan would wait for, were it begun by a person now: each
 * gate of its start, and those of its steps that would be shut as things are. */
void evac_view_start_gates(const struct evac_engine *engine, const struct evac_plan *plan,
                           const struct evac_now *now, struct evac_arena *arena, struct evac_jw *w);
/* The table: [{"gate","doc","before","unknown","roles","phrase"}]. */
void evac_view_gate_table(struct evac_jw *w);
#endif
