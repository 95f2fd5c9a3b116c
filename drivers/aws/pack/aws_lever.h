/*
 * Most of what a failover moves is one setting of one thing: a function's concurrency, a rule's
 * state, a dial. A lever says in one row of a table how it is looked at, what it should be, and how
 * it is changed; observe, apply and rollback follow from that, once, in aws_lever.c:
 *
 *     static const struct aws_lever fence = {
 *         .what = "the function's reserved concurrency",
 *         .look = { "lambda", "GetFunctionConcurrency", "GET",
 * "/2019-09-30/functions/<function>/concurrency" }, .at = "ReservedConcurrentExecutions", .absent =
 * "none", .want = "0", .act = { "lambda", "PutFunctionConcurrency", "PUT",
 * "/2017-10-31/functions/<function>/concurrency", .body =
 * "{\"ReservedConcurrentExecutions\":<value>}" }, .act_absent = &forget,
 *     };
 *     static const struct aws_handlers handlers[] = { { .action = "fence", .lever = &fence }, { 0 }
 * };
 *
 * An apply looks first: what is already so is not asked for again, and what must be sent along with
 * the change (see kept) is as it is now. Holes: those of aws_template.h, and
 *
 *   <value>   what is wanted: of a rollback, what was
 *   <found>   what is there
 *   <other>   of from and to, the one that the call is not for
 *   <word>    what act_words says for it
 *   <item>    of each: the element
 *   <min>     a kept name: of a rollback what was, else what is now
 *   <room.NAME>  a kept number, moved only so far that the wanted count fits: NAME is min or max
 */
#ifndef EVAC_AWS_LEVER_H
#define EVAC_AWS_LEVER_H

#include "aws_template.h"

enum aws_compare {
    AWS_IS,       /* as text; want may name several, with '|' between: the first is what is set */
    AWS_AT_LEAST, /* as numbers */
    AWS_AT_MOST,
    AWS_COUNT, /* aws_wanted(): at least so many where the app is taken over, exactly so many where
                  it was left */
};

struct aws_kept {
    const char *name; /* NULL ends the list */
    const char *at;   /* as in aws_pick.h */
};

struct aws_lever {
    const char *what; /* for people: "the rule" */
    const char *each; /* a list parameter: each of its elements is looked at and moved */
    struct aws_ask look;
    const char *at;           /* where the value is, as in aws_pick.h, with holes */
    const char *absent;       /* what it is when it is not there; NULL: blocked, there is none */
    const char *absent_codes; /* "A|B": refusals of the look that mean that it is not there */
    const char
        *missing_codes; /* "A|B": refusals of the look that mean that there is no such thing */
    const char *want;   /* with holes; unused for AWS_COUNT */
    enum aws_compare compare;
    const char *present_at; /* AWS_COUNT: how many are really there; NULL: the same */
    const char *moving;     /* "A|B": values on the way */
    const char *status_at;  /* another member that tells whether it moves, or is broken */
    const char *busy, *broken;
    const char *idle; /* it moves unless the status is this */
    const struct aws_kept *kept;
    struct aws_ask act;               /* operation NULL: it can only be looked at */
    const struct aws_ask *act_absent; /* when what is wanted is what absent says */
    const char *act_words; /* "Enabled=true|Disabled=false": what <word> is for a wanted value */
    const char *other;     /* a value that another request sets */
    const struct aws_ask *act_other;
    /* Of the look's reply: what blocks whatever the value is, as a sentence; NULL nothing. */
    const char *(*flaw)(struct aws_call *c, const struct evac_aws_reply *reply);
    bool exact;  /* want is one value, which may have a '|' in it */
    bool strong; /* the look is strongly consistent */
};

/* An action that is not a state: a message, an invocation. Only the journal knows that it was. */
struct aws_shot {
    struct aws_ask act;
    const char *fails_at;     /* a member of the reply ... */
    const char *fails_unless; /* ... that means a refusal unless it is this or is not there */
    const char *why_at;       /* where the reason is */
    const char *fails_header; /* a header of the reply that means that it failed half-way */
};

enum evac_code aws_lever_observe(struct aws_call *c, struct evac_err *err);
enum evac_code aws_lever_apply(struct aws_call *c, struct evac_err *err);
enum evac_code aws_shot_apply(struct aws_call *c, struct evac_err *err);

#endif
