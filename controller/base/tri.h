/*
 * Kleene's three values, and a fourth for what is not there at all: the arithmetic of every
 * condition (of steps, of health). Something is decided only when it is certain whatever the unsure
 * ones turn out to be.
 */
#ifndef EVAC_TRI_H
#define EVAC_TRI_H

enum evac_tri {
    EVAC_TRI_NO,
    EVAC_TRI_YES,
    EVAC_TRI_UNSURE,
    EVAC_TRI_ABSENT, /* left out: neither for nor against */
};

static inline enum evac_tri evac_tri_not(enum evac_tri x)
{
    return x == EVAC_TRI_YES ? EVAC_TRI_NO : x == EVAC_TRI_NO ? EVAC_TRI_YES : x;
}

/* Do at least `need` hold, when `yes` hold for sure and `unsure` may? */
static inline enum evac_tri evac_tri_at_least(unsigned need, unsigned yes, unsigned unsure)
{
    if (yes >= need)
        return EVAC_TRI_YES;
    return yes + unsure >= need ? EVAC_TRI_UNSURE : EVAC_TRI_NO;
}
#endif
