/* What a run waits for, and the table of gates, as JSON. */
#ifndef EVAC_VIEW_GATES_H
#define EVAC_VIEW_GATES_H

#include "jw.h"
#include "run.h"

/* Members of the run's own object: "open_until_ms" (of a start), "verdict", "gates" (those before
 * its start, or before steps that wait), "approvals_needed", "approvals". */
void evac_view_gates(const struct evac_run *run, const struct evac_now *now, struct evac_jw *w);
/* The table: [{"gate","doc","before","unknown","roles","phrase"}]. */
void evac_view_gate_table(struct evac_jw *w);
#endif
