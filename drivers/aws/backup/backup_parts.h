/*
 * Recovery points of a resource in a region's vault, the restore job that a run has started from
 * one, and what that made. The vault carries the job's id as a tag: restore jobs themselves say
 * nothing of whoever asked for them, and a controller that was restarted has to know its own.
 */
#ifndef EVAC_BACKUP_PARTS_H
#define EVAC_BACKUP_PARTS_H

#include "aws_fence.h"
#include "aws_template.h"

/* A type of resource, as AWS Backup calls it. */
struct backup_kind {
    const char *type; /* NULL ends the table */
    const char
        *name_key; /* of the restore metadata: what the copy is called; NULL: not ours to say */
    struct aws_ask
        look; /* <copy>: the last part of its ARN; operation NULL: can not be looked at */
    const char *status_at;  /* as in aws_pick.h */
    const char *gone;       /* "A|B": refusals and statuses that mean that it is not there */
    const char *leaving;    /* "A|B": statuses of one that is being deleted */
    struct aws_ask discard; /* operation NULL: what a restore made is not deleted here */
};
/* Never NULL: an unknown type has no name and can only be restored. */
const struct backup_kind *backup_kind(struct evac_str type);

struct backup_point {
    bool found;
    bool dated;         /* it is known how old its data is */
    int64_t at_ms;      /* wall: it has everything up to then, when dated */
    int64_t created_ms; /* its own CreationDate: of a copy, perhaps that of its copying */
    struct evac_str arn;
};

/* What a call works on. */
struct backup_work {
    const struct backup_kind *kind;
    struct evac_str source; /* ARN of the resource whose recovery points count */
    bool drill;
    struct backup_point newest;
    struct evac_str unusable; /* status of one that can not be used, "" none */
    aws_then_fn *then;        /* after a search, or after the job was looked for */
    /* the job that the vault's tag names, "" none */
    struct evac_str job, job_run, job_status, job_message, created, job_point;
    int job_progress;
};

/* Sets c->state and the holes <vault> <vault_arn> <source>; of region, the vault in it; of_region:
 * whose resource counts. */
enum evac_code backup_begin(struct aws_call *c, struct evac_str region, struct evac_str of_region,
                            struct evac_err *err);
struct backup_work *backup_work(struct aws_call *c);
struct evac_str backup_other(const struct aws_call *c);

/* "A|B" has it. */
bool backup_is_one_of(struct evac_str text, const char *list);

/* Asks for all of the source's recovery points in the vault, page by page; then finds the newest
 * usable one in the work. When they could not be asked for, the call is answered instead. */
void backup_search(struct aws_call *c, aws_then_fn *then);
/* Same, as the first thing of a call, whose work says what is then done. */
enum evac_code backup_search_first(struct aws_call *c, struct evac_err *err);
/* One as a reply describes it. */
struct backup_point backup_read_point(struct aws_call *c, const struct evac_json *point);
const char *backup_no_point(struct aws_call *c);
/* It certainly has all that was written until then. */
bool backup_has_all(const struct backup_point *p, int64_t until_ms);

/* Answers what was seen, with the newest point's age among the facts. */
void backup_seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The idempotency token of a request: the same for the same run and what it is for. */
struct evac_str backup_token(struct aws_call *c, const char *what, struct evac_str more);

/* Handlers. */
aws_start_fn backup_ready, backup_observe, backup_restore, backup_observe_discard, backup_discard,
    backup_observe_protect, backup_protect, backup_measure;

#endif
