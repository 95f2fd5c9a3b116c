/* One line of `evac top`: an app, and what somebody should know of it first. */
#ifndef EVAC_TOP_H
#define EVAC_TOP_H

#include "cli.h"

#define EVAC_TOP_NAME 128u

/* The worst first. */
enum evac_top_worth { EVAC_TOP_BAD, EVAC_TOP_MOVES, EVAC_TOP_WARNS, EVAC_TOP_FINE };

struct evac_top_row {
    enum evac_top_worth worth;
    char name[EVAC_TOP_NAME], active[64], situation[24];
    bool has_data;
    double loss_ms, rpo_ms; /* loss below 0: unknown */
    double debt;            /* points */
    unsigned long run;      /* that goes on; 0: none */
    char word[256];
};

/* From /v1/status and one of its apps. */
void evac_top_row_make(const cJSON *status, const cJSON *app, struct evac_top_row *ret_row);

evac_command_fn evac_cmd_top;
#endif
