/*
 * A snapshot's own time is that of its copying: an instance's also says how old the data is, a
 * cluster's does not. There the source's name tells, if AWS gave it ("...-2026-01-02-03-04"), or
 * the tag evac:taken; a copy without either is undated, and no loss is ever computed from it. The
 * tag goes before all: SnapshotDatabaseTime is that of the last transaction, and where nothing is
 * written any more that is older than the data is.
 */
#include "rds_points.h"

#include "aws_time.h"

#include <string.h>

/* c->state is owned by the handlers; the search is found through its first member. */
static struct db_search *search_of(struct aws_call *c)
{
    return *(struct db_search **)c->state;
}

static void offer(struct db_search *s, const struct db_point *p)
{
    if (p->found && (!s->newest.found || p->at_ms > s->newest.at_ms))
        s->newest = *p;
}

/* --- snapshots ---------------------------------------------------------------------------------
 */

/* "...-2026-01-02-03-04": the beginning of the minute in which AWS's own snapshots are taken. */
static bool time_in_name(struct evac_str name, int64_t *ret_ms)
{
    static const char form[] = "-dddd-dd-dd-dd-dd";
    const size_t n = sizeof form - 1;
    unsigned number[5] = { 0 };
    int at = -1;
    if (name.n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char ch = name.p[name.n - n + i];
        bool digit = ch >= '0' && ch <= '9';
        if (form[i] == '-' ? ch != '-' : !digit)
            return false;
        if (form[i] == '-')
            at++;
        else
            number[at] = number[at] * 10 + (unsigned)(ch - '0');
    }
    struct evac_aws_date date = { .year = number[0],
                                  .month = number[1],
                                  .day = number[2],
                                  .hour = number[3],
                                  .minute = number[4] };
    return evac_aws_date_ms(&date, ret_ms);
}

static bool date_snapshot(const struct evac_xml *x, int64_t *ret_ms)
{
    static const char *const members[] = { "SnapshotDatabaseTime", "OriginalSnapshotCreateTime" };
    struct evac_str from = evac_xml_text(x, "SourceDBClusterSnapshotArn");
    if (evac_str_i64(db_tag_of(x, DB_TAG_TAKEN), ret_ms))
        return true;
    for (size_t i = 0; i < 2; i++)
        if (evac_aws_time_iso(evac_xml_text(x, members[i]), ret_ms))
            return true;
    if (from.n)
        return time_in_name(from, ret_ms);
    return evac_xml_text(x, "SourceDBSnapshotIdentifier").n == 0 &&
           evac_aws_time_iso(evac_xml_text(x, "SnapshotCreateTime"), ret_ms);
}

/* With one identifier in both regions, what was not copied is of this region's own database. */
static bool is_foreign(struct aws_call *c, const struct db_kind *kind, const struct evac_xml *x)
{
    struct evac_str own = evac_args_regional(&c->args, kind->members, db_here(c));
    struct evac_str source = evac_args_regional(&c->args, kind->members, db_other(c));
    bool copied =
        evac_xml_text(x, "SourceRegion").n || evac_xml_text(x, "SourceDBClusterSnapshotArn").n;
    return copied || !evac_str_eq(own, source);
}

static bool is_being_made(const struct evac_xml *x)
{
    struct evac_str status = evac_xml_text(x, "Status");
    return evac_str_is(status, "creating") || evac_str_is(status, "copying") ||
           evac_str_is(status, "pending");
}

static void offer_snapshot(struct aws_call *c, struct db_search *s, const struct evac_xml *x)
{
    struct db_point p = { .found = evac_str_is(evac_xml_text(x, "Status"), "available") &&
                                   is_foreign(c, s->kind, x),
                          .id = db_keep(c, evac_xml_text(x, s->kind->snapshot_id)),
                          .engine = db_keep(c, evac_xml_text(x, "Engine")) };
    if (is_foreign(c, s->kind, x) && is_being_made(x))
        s->newer = AWS_NEWER_BEGUN;
    p.dated = date_snapshot(x, &p.at_ms);
    if (!p.dated)
        p.found &= evac_aws_time_iso(evac_xml_text(x, "SnapshotCreateTime"), &p.at_ms);
    offer(s, &p);
}

/* --- automated backups -------------------------------------------------------------------------
 */

static void offer_backup(struct aws_call *c, struct db_search *s, const struct evac_xml *x)
{
    struct evac_str status = evac_xml_text(x, "Status");
    struct db_point p = { .automated = true,
                          .dated = true,
                          .id = db_keep(c, evac_xml_text(x, "DBInstanceAutomatedBackupsArn")),
                          .engine = db_keep(c, evac_xml_text(x, "Engine")) };
    p.found = evac_str_eq(evac_xml_text(x, "Region"), db_other(c)) &&
              !evac_str_is(status, "pending") && !evac_str_is(status, "creating") &&
              evac_aws_time_iso(evac_xml_text(x, "RestoreWindow/LatestTime"), &p.at_ms);
    if (evac_str_eq(evac_xml_text(x, "Region"), db_other(c)) && !evac_str_is(status, "retained"))
        s->newer = AWS_NEWER_SOON;
    offer(s, &p);
}

/* --- a point in time of the region's own -------------------------------------------------------
 */

static void on_own(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_search *s = search_of(c);
    const struct evac_xml *x = evac_xml_path(r->xml, s->kind->path);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !evac_str_is(r->code, s->kind->not_found)) {
        aws_answer_no_look(c, r);
        return;
    }
    struct db_point p = { .automated = true,
                          .own = true,
                          .dated = true,
                          .id = db_keep(c, evac_xml_text(x, s->kind->id)),
                          .engine = db_keep(c, evac_xml_text(x, "Engine")) };
    p.found = r->outcome == EVAC_OUTCOME_ACCEPTED &&
              evac_aws_time_iso(evac_xml_text(x, "LatestRestorableTime"), &p.at_ms);
    s->newer = p.found ? AWS_NEWER_SOON : AWS_NEWER_NONE;
    if (p.found && s->wanted_ms > 0 && s->wanted_ms <= p.at_ms)
        p.at_ms = s->wanted_ms;
    else if (s->wanted_ms > 0)
        p.found = false;
    s->then(c, &p);
}

/* --- page by page ------------------------------------------------------------------------------
 */

static void fill(struct aws_call *c, struct db_search *s, struct evac_str marker,
                 struct db_fields *fields)
{
    db_field(fields, s->kind->id,
             evac_args_regional(&c->args, s->kind->members, s->own ? db_here(c) : db_other(c)));
    if (!s->own)
        db_field(fields, "MaxRecords", EVAC_STR("100"));
    db_field(fields, "Marker", marker);
}

static void on_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct db_search *s = search_of(c);
    const char *rows = s->in_backups ? "DescribeDBInstanceAutomatedBackupsResult/"
                                       "DBInstanceAutomatedBackups/DBInstanceAutomatedBackup"
                                     : s->kind->snapshot_path;
    if (!aws_looked(c, r))
        return;
    for (const struct evac_xml *x = evac_xml_path(r->xml, rows); x; x = evac_xml_again(x))
        (s->in_backups ? offer_backup : offer_snapshot)(c, s, x);
    struct evac_str marker = db_keep(
        c, evac_xml_text(r->xml, s->in_backups ? "DescribeDBInstanceAutomatedBackupsResult/Marker"
                                               : s->kind->snapshots_marker));
    struct db_fields fields = { .count = 0 };
    if (marker.n == 0 && (s->in_backups || s->kind->cluster)) {
        s->then(c, &s->newest);
        return;
    }
    s->in_backups |= marker.n == 0;
    fill(c, s, marker, &fields);
    db_ask(c, s->in_backups ? "DescribeDBInstanceAutomatedBackups" : s->kind->snapshots, db_here(c),
           &fields, on_page);
}

enum evac_code db_points_first(struct aws_call *c, struct db_search *search, struct evac_err *err)
{
    struct db_fields fields = { .count = 0 };
    fill(c, search, EVAC_STR_NONE, &fields);
    return db_ask_first(c, search->own ? search->kind->describe : search->kind->snapshots,
                        db_here(c), &fields, search->own ? on_own : on_page, err);
}

void db_points(struct aws_call *c, struct db_search *search)
{
    struct db_fields fields = { .count = 0 };
    fill(c, search, EVAC_STR_NONE, &fields);
    db_ask(c, search->own ? search->kind->describe : search->kind->snapshots, db_here(c), &fields,
           search->own ? on_own : on_page);
}
