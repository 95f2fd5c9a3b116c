/*
 * Reads back what evac_jw wrote, member by member in the order of its writing, and only that: no
 * other order, no blanks, no number or text that evac_jw would have written otherwise. So what was
 * read, written again, is the same bytes. For texts of our own that a journal or a file gives back,
 * possibly damaged; what others write is a JSON library's to read.
 *
 * The first thing that is not as expected is kept in `bad`, and from then on every answer is empty:
 * look at it once, at the end.
 */
#ifndef EVAC_JR_H
#define EVAC_JR_H

#include "evac/arena.h"

struct evac_jr {
    struct evac_str left;     /* what was not read yet; never NULL, "" is empty */
    struct evac_arena *arena; /* texts are copied into it */
    const char *bad;          /* the member, or what was wrong; NULL: nothing so far */
    bool comma;               /* one stands before the next value */
};

void evac_jr_bad(struct evac_jr *r, const char *what);

/* key: NULL within a list. bracket is the opening one: '{' or '['. */
void evac_jr_open(struct evac_jr *r, const char *key, char bracket);
void evac_jr_close(struct evac_jr *r, char bracket);
/* How many values are left of the list or object that was opened last. */
size_t evac_jr_count(const struct evac_jr *r);
/* Another value follows? false at the closing bracket, and when something was bad. */
bool evac_jr_more(const struct evac_jr *r);
/* Is that the next member? */
bool evac_jr_has(const struct evac_jr *r, const char *key);

/* The next member's name, whatever it is. Its value is read behind it, with key NULL. */
struct evac_str evac_jr_name(struct evac_jr *r);

struct evac_str evac_jr_str(struct evac_jr *r, const char *key);
/* Bad, and 0, when it is not between least and most. */
int64_t evac_jr_i64(struct evac_jr *r, const char *key, int64_t least, int64_t most);
bool evac_jr_bool(struct evac_jr *r, const char *key);
/* Nothing may be left. */
void evac_jr_end(struct evac_jr *r);
#endif
