/*
 * What a planned move waits for: a recovery point that has all that was written before the fence.
 * The controller says when the fence stood, by its own clock; a point's time is AWS's.
 */
#ifndef EVAC_AWS_FENCE_H
#define EVAC_AWS_FENCE_H

#include "aws_pack.h"

/* From when on nothing is written in that region any more, in wall ms of AWS's clock, as far as the
 * call's answers told it so far. 0: there is nothing to wait for: the run is not planned, its fence
 * does not stand, or the data's region is not the one that is left. */
int64_t aws_fenced_ms(const struct aws_call *c, struct evac_str source);

/* A recovery point's time by the controller's clock, which is what a fact as_of_wall_ms is compared
 * with; never later than it was. What is not known (0, -1) stays so. */
int64_t aws_point_ms(const struct aws_call *c, int64_t aws_ms);

/* Who sees to it that a newer point comes. */
enum aws_newer {
    AWS_NEWER_NONE,  /* nobody, or a schedule that can be a day away */
    AWS_NEWER_SOON,  /* it goes on by itself, in minutes */
    AWS_NEWER_BEGUN, /* one is being made or copied */
};

/* In a sentence, and what is to be answered (MOVING, BLOCKED), why it is not restored yet.
 * newest_ms: the newest point's, -1 when there is none or nothing tells how old it is. */
struct aws_wait {
    enum evac_seen seen;
    const char *why;
};
struct aws_wait aws_wait_for_point(struct aws_call *c, int64_t fenced_ms, int64_t newest_ms,
                                   enum aws_newer newer);

/* What is taken of that region from now on is from after the fence, whichever clock tells, with
 * that much to spare. Compares with AWS's last answer: ask something first. */
bool aws_is_after_fence(const struct aws_call *c, struct evac_str source, int64_t spare_ms);
/* AWS's clock now, by its last answer; no later than it really is. */
int64_t aws_now_ms(const struct aws_call *c);

/* An instant for people: "2026-01-02T03:04:05Z". Lives as long as the call. */
const char *aws_iso(struct aws_call *c, int64_t wall_ms);

#endif
