#include "rds_look.h"

#include <string.h>

void db_field(struct db_fields *fields, const char *name, struct evac_str value)
{
    if (value.n && fields->count < sizeof fields->items / sizeof fields->items[0])
        fields->items[fields->count++] = (struct evac_arg){ evac_str(name), value };
}

void db_field_list(struct aws_call *c, struct db_fields *fields, const char *name,
                   const char *member, struct evac_str list)
{
    struct evac_json *json = NULL;
    int n = 0;
    if (list.n == 0)
        return;
    if (list.p[0] != '[' || evac_json_parse(list, &json, NULL)) {
        db_field(fields, aws_printf(c, "%s.%s.1", name, member).p, list);
        return;
    }
    for (const struct evac_json *x = evac_json_first(json); x; x = evac_json_next(x))
        db_field(fields, aws_printf(c, "%s.%s.%d", name, member, ++n).p,
                 db_keep(c, evac_json_text(x)));
    evac_json_free(json);
}

void db_field_tag(struct aws_call *c, struct db_fields *fields, const char *key,
                  struct evac_str value)
{
    int n = 1;
    for (size_t i = 0; i < fields->count; i++)
        n += evac_str_starts(fields->items[i].name, "Tags.") &&
             evac_str_ends(fields->items[i].name, ".Key");
    if (value.n == 0)
        return;
    db_field(fields, aws_printf(c, "Tags.Tag.%d.Key", n).p, evac_str(key));
    db_field(fields, aws_printf(c, "Tags.Tag.%d.Value", n).p, value);
}

static struct evac_aws_request request(const char *operation, struct evac_str region,
                                       const struct db_fields *fields)
{
    return (struct evac_aws_request){ .service = "rds",
                                      .operation = operation,
                                      .region = region,
                                      .params = fields->items,
                                      .param_count = fields->count };
}

enum evac_code db_ask_first(struct aws_call *c, const char *operation, struct evac_str region,
                            const struct db_fields *fields, aws_reply_fn *then,
                            struct evac_err *err)
{
    struct evac_aws_request asked = request(operation, region, fields);
    return aws_send(c, &asked, then, err);
}

void db_ask(struct aws_call *c, const char *operation, struct evac_str region,
            const struct db_fields *fields, aws_reply_fn *then)
{
    struct evac_aws_request asked = request(operation, region, fields);
    aws_next(c, &asked, then);
}

void db_change(struct aws_call *c, const char *operation, const struct db_fields *fields,
               aws_reply_fn *then)
{
    struct evac_aws_request asked = request(operation, c->region, fields);
    asked.mutates = true;
    aws_next(c, &asked, then);
}

struct evac_str db_here(const struct aws_call *c)
{
    return c->verb == EVAC_VERB_MEASURE ? c->to : c->region;
}

struct evac_str db_other(const struct aws_call *c)
{
    return evac_str_eq(db_here(c), c->from) ? c->to : c->from;
}

struct evac_str db_tag_of(const struct evac_xml *x, const char *key)
{
    for (const struct evac_xml *t = evac_xml_path(x, "TagList/Tag"); t; t = evac_xml_again(t))
        if (evac_str_is(evac_xml_text(t, "Key"), key))
            return evac_xml_text(t, "Value");
    return EVAC_STR_NONE;
}

bool db_is_true(const struct evac_xml *x, const char *name)
{
    return evac_str_is(evac_xml_text(x, name), "true");
}

static bool listed(const char *const *list, struct evac_str status)
{
    while (*list && !evac_str_starts(status, *list))
        list++;
    return *list != NULL;
}

/* "Viewing Amazon RDS DB instance status": those in which it can be connected to. */
bool db_serves(struct evac_str status)
{
    static const char *const serving[] = {
        "available", "backing-up", "configuring-", "storage-optimization", "storage-config-upgrade",
        NULL
    };
    return listed(serving, status);
}

bool db_is_stuck(struct evac_str status)
{
    static const char *const stuck[] = { "failed",        "inaccessible-encryption-credentials",
                                         "incompatible",  "insufficient-capacity",
                                         "restore-error", "stopped",
                                         "storage-full",  NULL };
    return listed(stuck, status);
}

struct evac_str db_keep(struct aws_call *c, struct evac_str text)
{
    return evac_arena_str(c->arena, text);
}

static bool replicates(const struct evac_xml *x)
{
    for (const struct evac_xml *s = evac_xml_path(x, "StatusInfos/DBInstanceStatusInfo"); s;
         s = evac_xml_again(s))
        if (evac_str_is(evac_xml_text(s, "StatusType"), "read replication"))
            return db_is_true(s, "Normal") &&
                   evac_str_is(evac_xml_text(s, "Status"), "replicating");
    return false;
}

bool db_look(struct aws_call *c, const struct evac_aws_reply *r, struct db_view *v)
{
    *v = (struct db_view){ 0 };
    if (evac_str_is(r->code, "DBInstanceNotFound"))
        return true;
    if (!aws_looked(c, r))
        return false;
    const struct evac_xml *x =
        evac_xml_path(r->xml, "DescribeDBInstancesResult/DBInstances/DBInstance");
    const struct evac_xml *pending = evac_xml_child(x, "PendingModifiedValues");
    *v = (struct db_view){
        .found = x != NULL,
        .multi_az = db_is_true(x, "MultiAZ"),
        .replicating = replicates(x),
        .pending = evac_xml_child(pending, "DBInstanceClass") || evac_xml_child(pending, "MultiAZ"),
        .id = db_keep(c, evac_xml_text(x, "DBInstanceIdentifier")),
        .status = db_keep(c, evac_xml_text(x, "DBInstanceStatus")),
        .arn = db_keep(c, evac_xml_text(x, "DBInstanceArn")),
        .class = db_keep(c, evac_xml_text(x, "DBInstanceClass")),
        .source = db_keep(c, evac_xml_text(x, "ReadReplicaSourceDBInstanceIdentifier")),
        .run = db_keep(c, db_tag_of(x, DB_TAG_RUN)),
    };
    return true;
}
