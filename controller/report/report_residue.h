#ifndef EVAC_REPORT_RESIDUE_H
#define EVAC_REPORT_RESIDUE_H

#include "report.h"

/* Fills in what the run left behind; after all of its rows were read. */
void report_residue(struct evac_report *report);

#endif
