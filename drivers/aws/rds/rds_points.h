/* Recovery points: of the other region's database, snapshots and automated backups that are in this
 * one; or of the region's own database, a point in time. */
#ifndef EVAC_RDS_POINTS_H
#define EVAC_RDS_POINTS_H

#include "aws_fence.h"
#include "rds_restore.h"

struct db_point {
    bool found, dated; /* dated: it is known how old its data is */
    bool automated;    /* a point in time of automated backups; else a snapshot */
    bool own;          /* of the region's own database */
    int64_t at_ms;     /* wall: it has everything up to then, when dated; else when it was made */
    struct evac_str id, engine; /* id: a snapshot's identifier, or the ARN of automated backups */
};

typedef void db_points_fn(struct aws_call *c, const struct db_point *newest);

/* Asks for all of them, page by page; then gets the newest one that can be used. When they could
 * not be asked for, the call is answered instead. */
struct db_search {
    const struct db_kind *kind;
    db_points_fn *then;
    struct db_point newest;
    bool own;          /* a point in time of the region's own */
    int64_t wanted_ms; /* of own: that instant; 0 the latest */
    enum aws_newer newer;
    bool in_backups;
};
enum evac_code db_points_first(struct aws_call *c, struct db_search *search, struct evac_err *err);
void db_points(struct aws_call *c, struct db_search *search);

#endif
