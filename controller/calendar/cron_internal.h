/* What cron.c and cron_words.c share. */
#ifndef EVAC_CRON_INTERNAL_H
#define EVAC_CRON_INTERNAL_H

#include "cron.h"

#define CRON_MONTHS   "janfebmaraprmayjunjulaugsepoctnovdec"
#define CRON_WEEKDAYS "sunmontuewedthufrisat"

/* names: three letters each. */
bool cron_three_letters(const char *names, struct evac_str word, unsigned *ret_index);
/* Takes a word off the front; "" when there is none. */
struct evac_str cron_next_word(struct evac_str *text);
#endif
