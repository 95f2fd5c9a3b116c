/*
 * Restoring from backups, of an instance and of a cluster alike: find the newest recovery point
 * that is in the region, restore it under a name of its own, tagged with the run, and say how old
 * its data is. The handlers serve both drivers.
 */
#ifndef EVAC_RDS_RESTORE_H
#define EVAC_RDS_RESTORE_H

#include "rds_look.h"

/* What differs between the two. */
struct db_kind {
    const char *members; /* the parameter with the regions' own ones: "instances" */
    const char *describe, *path, *id, *status, *not_found, *exists;
    const char *snapshots, *snapshot_path, *snapshots_marker, *snapshot_id;
    const char *restore, *restore_from, *parameter_group, *remove;
    /* taking and copying a snapshot: the operations, and their names of things */
    const char *take, *copy, *copy_from, *copy_to, *snapshot_arn, *no_snapshot;
    /* to a point in time of the region's own: the operation, and its names of things */
    const char *to_time, *to_time_id, *to_time_source, *to_time_when;
    bool cluster;
};
extern const struct db_kind db_kind_instance, db_kind_cluster;

/* clang-format off */
/* The settings of both drivers that a restore uses. */
#define RDS_RESTORE_PARAMS(class_flags) \
    { "recover_from", EVAC_PARAM_CHOICE, 0, "copies", "copies|point-in-time", \
      "copies of the other region's data that are here; or a point in time of the region's own" }, \
    { "restore_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "identifier that a restore gets; without it, the region's own" }, \
    { "rehearse_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "identifier of a drill's copy; without it, the restored one's with \"-drill\"" }, \
    { "class", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL | (class_flags), NULL, NULL, "instance class of what is created, as db.r6g.large" }, \
    { "subnet_group", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "DB subnet group of what is created" }, \
    { "security_groups", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "VPC security groups of what is created" }, \
    { "parameter_group", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "parameter group of what is created" }

extern const struct evac_param db_recover_params[];

/* In a command for people: of those that are there, what the run made. A name may be somebody else's. */
#define RDS_OF_RUN(list) list "[?TagList[?Key=='" DB_TAG_RUN "' && Value=='<run>']]"

/* What a capture leaves is a good backup, until somebody needs the room. */
#define RDS_CAPTURE_ACTION(take, delete_snapshot, id) \
    { "capture", "planned: the region that takes over has a snapshot of what was written before the fence; where backups are replicated none is taken", \
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 900000, 14400000, NULL, take, \
      "aws rds " delete_snapshot " --region <from> " id " <was.id> ; aws rds " delete_snapshot " --region <to> " id " <was.id>" }

#define RDS_RESTORE_ACTIONS(change, remove, both, clear) \
    { "recover", "a copy of the data runs here, from the newest recovery point; planned, from one at or after the fence, else what is newer is lost", \
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_STATE, 1500000, 7200000, db_recover_params, change, clear }, \
    { "rehearse", "a drill's copy of it runs here; nothing else is touched", \
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_STATE, 1500000, 7200000, db_recover_params, both, clear }, \
    { "discard", "the drill's copy is gone; only one that rehearse has made is ever deleted", \
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 300000, 3600000, NULL, remove }
/* clang-format on */

/* Each for an instance and for a cluster. MEASURE: the age of the newest recovery point in the
 * region that would take over. */
#define DB_HANDLERS(X)                                                                             \
    X(db_ready, ready)                                                                             \
    X(db_observe, observe)                                                                         \
    X(db_restore, restore)                                                                         \
    X(db_observe_discard, observe_discard)                                                         \
    X(db_discard, discard)                                                                         \
    X(db_measure, measure)
#define X(name, fn) aws_start_fn name##_instance, name##_cluster;
DB_HANDLERS(X)
#undef X
/* rds_capture.c: observe and apply */
aws_start_fn db_capture_instance, db_capture_cluster;

#endif
