/* What a restore finds out before it does anything: the table that is there already, the one that
 * is restored from, and the newest recovery point. */
#ifndef EVAC_DYNAMODB_RESTORE_H
#define EVAC_DYNAMODB_RESTORE_H

#include "dynamodb.h"

/* A backup has everything up to a minute before its time. */
#define DYNAMODB_BACKUP_MARGIN_MS 60000

/* What is known so far; filled by the looks below, one after the other. */
struct dynamodb_work {
    aws_then_fn *then;
    struct evac_str id, run; /* id: the restored table's name */
    struct evac_str source_region, source_name;
    bool drill, backups, in_ready;
    int64_t wanted_ms; /* 0: the latest */
    struct dynamodb_view target, source;
    struct evac_str its_run, its_drill, claim;
    bool pitr_on, making; /* making: a backup that is not there yet */
    int64_t at_ms; /* wall: the recovery point has everything up to then; -1: there is none */
    struct evac_str backup;
    /* finishing it: */
    size_t setting; /* the one that is looked at */
    bool changed;   /* this attempt has changed something already */
    bool in_doubt;  /* the last change was not answered */
};

/* dynamodb_source.c. Reads the arguments into c->state; then() is for when everything has been
 * found out. */
enum evac_code dynamodb_begin(struct aws_call *c, aws_then_fn *then, struct evac_err *err);
/* All of it, from the beginning. A finished table says itself whose it is: then nothing else is
 * asked. */
enum evac_code dynamodb_look_around(struct aws_call *c, aws_then_fn *then, struct evac_err *err);
/* After dynamodb_begin(): what is restored from alone, from inside a reply; and as the first
 * exchange. */
void dynamodb_look_at_source(struct aws_call *c);
enum evac_code dynamodb_look_at_source_first(struct aws_call *c, struct evac_err *err);
/* Why there is no recovery point. */
const char *dynamodb_no_point(struct aws_call *c);

/* dynamodb_finish.c. Settings and tags of a table that has been restored: answers the apply. */
void dynamodb_finish(struct aws_call *c);

#endif
