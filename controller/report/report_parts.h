/* What report.c is helped with, each after all of the run's rows were read. */
#ifndef EVAC_REPORT_PARTS_H
#define EVAC_REPORT_PARTS_H

#include "report.h"

/* What the run left behind. */
void report_residue(struct evac_report *report);
/* How the criteria of its plan came out. After the residue. */
void report_judge(struct evac_report *report);
/* What it did not show. */
void report_limits(struct evac_report *report);
/* The outage that it answered was put in by a game day. */
void report_limit_of_game_day(struct evac_report *report);
/* The last runs of the same kind before it. */
enum evac_code report_past(struct evac_store *store, struct evac_report *report,
                           struct evac_err *err);

/* Did a criterion or a fold count them: users were to be moved. */
bool report_moves(const struct evac_report *report);
#endif
