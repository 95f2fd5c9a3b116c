/*
 * AWS Backup: vaults, recovery points, and the jobs that restore, copy and make them (AWS.md 2.9).
 * A job is what its request asked for until it is over; whether it could be done is found out then.
 * A restored RDS DB instance and EFS file system is really there, in its own model; of other kinds
 * only the job knows.
 *
 *     make backup us-west-2 {"kind":"vault","name":"shop-dr"}
 *     make backup us-west-2
 * {"kind":"point","name":"arn:aws:rds:us-west-2:123456789012:snapshot:awsbackup:job-1",
 *       "BackupVaultName":"shop-dr","ResourceArn":"arn:aws:rds:us-east-1:123456789012:db:orders",
 *       "ResourceType":"RDS","age_s":600,"backup_age_s":900,"metadata":{"Engine":"postgres"}}
 *       age_s: since its CreationDate; backup_age_s: since its InitiationDate, which it has not
 * without
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#define BEGIN_MS   20000u
#define RESTORE_MS 1500000u
#define COPY_MS    600000u
#define BACKUP_MS  300000u

static void made_point(struct evac_sandbox *sb, struct sb_doc *p);

static const struct sb_kind kinds[] = {
    { "vault",
      "{\"BackupVaultName\":\"{name}\",\"BackupVaultArn\":\"arn:aws:backup:{region}:{account}:"
      "backup-vault:{name}\",\"VaultType\":\"BACKUP_VAULT\",\"VaultState\":\"AVAILABLE\","
      "\"Locked\":false}",
      false, NULL },
    { "point",
      "{\"RecoveryPointArn\":\"{name}\",\"Status\":\"COMPLETED\",\"IsEncrypted\":true,\"IsParent\":"
      "false,\"metadata\":{}}",
      false, made_point },
    { "tags", "{}", false, NULL }, /* of the ARN that is its name */
    { "restore", "{}", false, NULL },
    { "copy", "{}", false, NULL },
    { "backup", "{}", false, NULL },
    { 0 },
};

static double seconds(const struct evac_sandbox *sb, int64_t ago_s)
{
    return (double)(sb_wall_ms(sb) - ago_s * 1000) / 1000.0;
}

static void made_point(struct evac_sandbox *sb, struct sb_doc *p)
{
    int64_t backup_age_s = sb_doc_num(p, "backup_age_s", -1);
    sb_doc_set_num(p, "CreationDate", seconds(sb, sb_doc_num(p, "age_s", 0)));
    if (backup_age_s >= 0)
        sb_doc_set_num(p, "InitiationDate", seconds(sb, backup_age_s));
    sb_doc_unset(p, "age_s");
    sb_doc_unset(p, "backup_age_s");
}

/* --- what the requests name --------------------------------------------------------------------
 */

static struct sb_doc *vault(struct sb_call *c, struct evac_str name)
{
    return sb_doc_named(c, c->region, "vault", name, 400, "ResourceNotFoundException");
}

static struct sb_doc *point(struct sb_call *c, struct evac_str vault_name, struct evac_str arn)
{
    struct sb_doc *p = sb_doc_named(c, c->region, "point", arn, 400, "ResourceNotFoundException");
    if (p && vault_name.n && !evac_str_eq(sb_doc_text(p, "BackupVaultName"), vault_name)) {
        sb_error(c, 400, "ResourceNotFoundException", "That recovery point is in another vault.");
        return NULL;
    }
    return p;
}

/* A filter that is not given fits everything. */
static bool fits(const struct sb_call *c, const char *filter, const struct sb_doc *d,
                 const char *path)
{
    struct evac_str wanted = sb_in(c, "%s", filter);
    return wanted.n == 0 || evac_str_eq(wanted, sb_doc_text(d, path));
}

/* Without what only the model knows of it. */
static void put_point(struct evac_buf *out, const struct sb_doc *p)
{
    cJSON *shown = cJSON_Duplicate(p->json, true);
    cJSON_DeleteItemFromObject(shown, "metadata");
    char *text = cJSON_PrintUnformatted(shown);
    evac_buf_puts(out, text);
    cJSON_free(text);
    cJSON_Delete(shown);
}

static struct sb_doc *by_token(struct sb_call *c, const char *kind)
{
    struct evac_str token = sb_in(c, "IdempotencyToken");
    struct sb_doc *j = NULL;
    while (token.n && (j = sb_doc_next(c->sb, c->id, c->region, kind, j)))
        if (evac_str_eq(sb_doc_text(j, "token"), token))
            return j;
    return NULL;
}

/* "is" is what is shown of a job. */
static struct sb_doc *new_job(struct sb_call *c, const char *kind, const char *id_member)
{
    char id[33];
    sb_random_id(c->sb, id, 32);
    struct sb_doc *j = sb_doc_new(c->sb, c->id, c->region, kind, evac_str(id));
    const char *path = evac_arena_printf(c->arena, "is.%s", id_member).p;
    sb_doc_set_text(j, path, evac_str(id));
    sb_doc_set_text(j, "is.AccountId", EVAC_STR(SB_ACCOUNT));
    sb_doc_set_num(j, "is.CreationDate", seconds(c->sb, 0));
    sb_doc_set_text(j, "token", sb_in(c, "IdempotencyToken"));
    sb_doc_take(c, j, "is.IamRoleArn", "IamRoleArn");
    return j;
}

static void put_jobs(struct sb_call *c, const char *kind, const char *list, const char *state,
                     const char *state_filter)
{
    struct sb_doc *j = NULL;
    bool first = true;
    evac_buf_putf(&c->out, "{\"%s\":[", list);
    while ((j = sb_doc_next(c->sb, c->id, c->region, kind, j))) {
        if (!fits(c, state_filter, j, state) || !fits(c, "resourceArn", j, "is.ResourceArn") ||
            !fits(c, "resourceType", j, "is.ResourceType") ||
            !fits(c, "destinationVaultArn", j, "is.DestinationBackupVaultArn"))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, j, "is");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- looking -----------------------------------------------------------------------------------
 */

static void describe_vault(struct sb_call *c)
{
    const struct sb_doc *v = vault(c, c->label[0]);
    if (v)
        sb_doc_put(&c->out, v, "");
}

/* Two a page: so that whoever reads only the first page is found out. */
static void list_points(struct sb_call *c)
{
    const int page = 2;
    int64_t skip = sb_in_i64(c, "nextToken", 0), n = 0;
    struct sb_doc *p = NULL;
    if (!vault(c, c->label[0]))
        return;
    evac_buf_puts(&c->out, "{\"RecoveryPoints\":[");
    while ((p = sb_doc_next(c->sb, c->id, c->region, "point", p))) {
        if (!evac_str_eq(sb_doc_text(p, "BackupVaultName"), c->label[0]) ||
            !fits(c, "resourceArn", p, "ResourceArn") ||
            !fits(c, "resourceType", p, "ResourceType"))
            continue;
        n++;
        if (n > skip && n <= skip + page) {
            evac_buf_puts(&c->out, n > skip + 1 ? "," : "");
            put_point(&c->out, p);
        }
    }
    evac_buf_putc(&c->out, ']');
    if (n > skip + page)
        evac_buf_putf(&c->out, ",\"NextToken\":\"%lld\"", (long long)skip + page);
    evac_buf_putc(&c->out, '}');
}

static void describe_point(struct sb_call *c)
{
    const struct sb_doc *p = point(c, c->label[0], c->label[1]);
    if (p)
        put_point(&c->out, p);
}

static void restore_metadata(struct sb_call *c)
{
    const struct sb_doc *p = point(c, c->label[0], c->label[1]);
    if (!p)
        return;
    evac_buf_puts(&c->out, "{\"RecoveryPointArn\":");
    sb_doc_put(&c->out, p, "RecoveryPointArn");
    evac_buf_puts(&c->out, ",\"RestoreMetadata\":");
    sb_doc_put(&c->out, p, "metadata");
    evac_buf_putc(&c->out, '}');
}

/* --- tags --------------------------------------------------------------------------------------
 */

static bool is_there(struct sb_call *c, struct evac_str arn)
{
    struct sb_doc *d = NULL;
    while ((d = sb_doc_next(c->sb, c->id, c->region, "vault", d)))
        if (evac_str_eq(sb_doc_text(d, "BackupVaultArn"), arn))
            return true;
    if (sb_doc_find(c->sb, c->id, c->region, "point", arn))
        return true;
    sb_error(c, 400, "ResourceNotFoundException", "There is no such vault or recovery point.");
    return false;
}

static void list_tags(struct sb_call *c)
{
    if (!is_there(c, c->label[0]))
        return;
    const struct sb_doc *t = sb_doc_find(c->sb, c->id, c->region, "tags", c->label[0]);
    evac_buf_puts(&c->out, "{\"Tags\":");
    if (t)
        sb_doc_put(&c->out, t, "");
    else
        evac_buf_puts(&c->out, "{}");
    evac_buf_putc(&c->out, '}');
}

static void tag(struct sb_call *c)
{
    if (!is_there(c, c->label[0]))
        return;
    struct sb_doc *t = sb_doc_find(c->sb, c->id, c->region, "tags", c->label[0]);
    const struct evac_json *e = evac_json_first(evac_json_get(c->json, "Tags"));
    if (!t)
        t = sb_doc_new(c->sb, c->id, c->region, "tags", c->label[0]);
    for (; t && e; e = evac_json_next(e)) {
        cJSON_DeleteItemFromObjectCaseSensitive(t->json, evac_json_key(e).p);
        cJSON_AddStringToObject(t->json, evac_json_key(e).p, evac_json_text(e).p);
    }
    sb_effect(c);
    c->raw = true;
}

/* --- restoring ---------------------------------------------------------------------------------
 */

struct shape {
    const char *type, *name; /* name: of the metadata that says what it will be called, NULL none */
    const char *service, *prefix; /* of its ARN */
    enum sb_service_id model;     /* with make: where it really appears */
    const char *make; /* what that model's make is told, up to the name; NULL: nowhere */
};
/* clang-format off */
static const struct shape shapes[] = {
    { "RDS", "DBInstanceIdentifier", "rds", "db:", SB_RDS, "\"kind\":\"instance\",\"id\":" },
    { "Aurora", "DBClusterIdentifier", "rds", "cluster:", SB_BACKUP, NULL },
    { "DocumentDB", "DBClusterIdentifier", "rds", "cluster:", SB_BACKUP, NULL },
    { "Neptune", "DBClusterIdentifier", "rds", "cluster:", SB_BACKUP, NULL },
    { "DynamoDB", "targetTableName", "dynamodb", "table/", SB_DYNAMODB, "\"pitr\":false,\"table\":" },
    { "EFS", NULL, "elasticfilesystem", "file-system/", SB_EFS, "\"kind\":\"file-system\",\"NumberOfMountTargets\":0,\"name\":" },
    { "EBS", NULL, "ec2", "volume/", SB_BACKUP, NULL },
    { "EC2", NULL, "ec2", "instance/", SB_BACKUP, NULL },
    { 0 },
};
/* clang-format on */

static const struct shape *shape_of(struct evac_str type)
{
    const struct shape *s = shapes;
    while (s->type && !evac_str_is(type, s->type))
        s++;
    return s->type ? s : NULL;
}

/* What the other region's resource had and this region can not give: it must be replaced. */
static bool names_a_foreign_zone(const struct evac_sandbox *sb, const struct sb_doc *j)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(j->json, "metadata"))
    {
        for (size_t r = 0; r < sb->region_count; r++)
            if (r != j->region && evac_str_is(evac_str(e->string), "AvailabilityZone") &&
                evac_str_starts(evac_str(cJSON_GetStringValue(e)), sb_region_name(sb, r)))
                return true;
    }
    return false;
}

/* It is there by that name, in its own model; else why not. */
static void appear(struct evac_sandbox *sb, const struct shape *s, size_t region,
                   struct evac_str name, struct evac_err *err)
{
    struct evac_buf text;
    struct evac_json *json = NULL;
    evac_buf_init(&text, 1024);
    evac_buf_putf(&text, "{%s", s->make);
    evac_buf_json(&text, name);
    evac_buf_putc(&text, '}');
    if (!evac_json_parse(evac_buf_str(&text), &json, err))
        (void)sb_service(s->model)->make(sb, region, json, err);
    evac_json_free(json);
    evac_buf_done(&text);
}

/* AWS's own names: "fs-", "vol-", "i-" and 17 digits. */
static void own_name(struct evac_sandbox *sb, const struct shape *s, char *ret_name, size_t bytes)
{
    static const char *const begins[][2] = { { "EFS", "fs" }, { "EBS", "vol" }, { "EC2", "i" } };
    const char *begin = "r";
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (evac_str_is(evac_str(s->type), begins[i][0]))
            begin = begins[i][1];
    (void)snprintf(ret_name, bytes, "%s-%017llx", begin,
                   (unsigned long long)sb_random(sb, UINT64_MAX));
}

static void end_restore(struct evac_sandbox *sb, struct sb_doc *j)
{
    const struct shape *s = shape_of(sb_doc_text(j, "is.ResourceType"));
    struct evac_err err = { EVAC_OK, "" };
    char own[32], path[80], arn[300];
    if (!s)
        return; /* a job of another type is not begun */
    (void)snprintf(path, sizeof path, "metadata.%s", s->name ? s->name : "");
    own_name(sb, s, own, sizeof own);
    struct evac_str name = s->name ? sb_doc_text(j, path) : evac_str(own);
    if (names_a_foreign_zone(sb, j))
        (void)evac_fail(&err, EVAC_E_BADARG, "The availability zone is in another region.");
    else if (name.n == 0)
        (void)evac_fail(&err, EVAC_E_BADARG, "The metadata does not say %s.", s->name);
    else if (sb_fault(sb, SB_BACKUP, j->region)->capacity_refused)
        (void)evac_fail(&err, EVAC_E_BADARG, "Insufficient capacity.");
    else if (s->make)
        appear(sb, s, j->region, name, &err);
    sb_doc_set_num(j, "is.CompletionDate", seconds(sb, 0));
    sb_doc_set(j, "is.PercentDone", "\"100.00%\"");
    sb_doc_set(j, "is.Status", err.code ? "\"FAILED\"" : "\"COMPLETED\"");
    if (err.code) {
        sb_doc_set_text(j, "is.StatusMessage", evac_str(err.text));
        return;
    }
    (void)snprintf(arn, sizeof arn, "arn:aws:%s:%s:" SB_ACCOUNT ":%s%.*s", s->service,
                   sb_region_name(sb, j->region), s->prefix, EVAC_STR_ARG(name));
    sb_doc_set_text(j, "is.CreatedResourceArn", evac_str(arn));
}

static void put_id(struct sb_call *c, const struct sb_doc *j, const char *member)
{
    evac_buf_putf(&c->out, "{\"%s\":\"%s\"}", member, j->name);
}

static void start_restore(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "RecoveryPointArn");
    struct evac_str wanted = sb_in(c, "ResourceType");
    struct sb_doc *j = by_token(c, "restore"), *p = j ? NULL : point(c, EVAC_STR_NONE, arn);
    if (j) { /* what is asked for again is not done again */
        put_id(c, j, "RestoreJobId");
        return;
    }
    if (!p)
        return;
    struct evac_str type = wanted.n ? wanted : sb_doc_text(p, "ResourceType");
    if (!sb_doc_is(p, "Status", "COMPLETED"))
        sb_error(c, 400, "InvalidRequestException", "The recovery point can not be restored.");
    else if (!evac_str_starts(sb_in(c, "IamRoleArn"), "arn:aws:iam::"))
        sb_error(c, 400, "InvalidParameterValueException", "IamRoleArn is no role.");
    else if (!evac_str_eq(type, sb_doc_text(p, "ResourceType")) || !shape_of(type))
        sb_error(c, 400, "InvalidParameterValueException", "ResourceType does not fit.");
    if (c->failed)
        return;
    j = new_job(c, "restore", "RestoreJobId");
    sb_doc_take(c, j, "metadata", "Metadata");
    sb_doc_set_text(j, "is.RecoveryPointArn", arn);
    sb_doc_set_text(j, "is.SourceResourceArn", sb_doc_text(p, "ResourceArn"));
    sb_doc_set_text(j, "is.ResourceType", type);
    sb_doc_set(j, "is.Status", "\"PENDING\"");
    sb_doc_set(j, "is.PercentDone", "\"0.00%\"");
    sb_doc_later(c->sb, j, BEGIN_MS, "is.Status", "\"RUNNING\"");
    sb_doc_later(c->sb, j, RESTORE_MS / 2, "is.PercentDone", "\"50.00%\"");
    sb_doc_later(c->sb, j, RESTORE_MS, "ends", "true");
    sb_effect(c);
    put_id(c, j, "RestoreJobId");
}

static void describe_restore(struct sb_call *c)
{
    const struct sb_doc *j =
        sb_doc_named(c, c->region, "restore", c->label[0], 400, "ResourceNotFoundException");
    if (j)
        sb_doc_put(&c->out, j, "is");
}

static void list_restores(struct sb_call *c)
{
    put_jobs(c, "restore", "RestoreJobs", "is.Status", "status");
}

/* --- copying -----------------------------------------------------------------------------------
 */

static struct sb_doc *new_point(struct sb_call *c, size_t region, struct evac_str arn,
                                struct evac_str in_vault, const struct sb_doc *of,
                                struct evac_str resource)
{
    struct sb_doc *p = sb_doc_of_kind(c->sb, c->id, kinds, "point", region, arn);
    sb_doc_set(p, "Status", "\"CREATING\"");
    sb_doc_set_text(p, "BackupVaultName", in_vault);
    sb_doc_set_text(p, "ResourceArn", resource);
    sb_doc_set_num(p, "CreationDate", seconds(c->sb, 0));
    sb_doc_set_num(p, "InitiationDate", seconds(c->sb, 0));
    if (!of)
        return p;
    sb_doc_set_text(p, "ResourceType", sb_doc_text(of, "ResourceType"));
    cJSON_DeleteItemFromObject(p->json, "InitiationDate");
    const char *const kept[] = { "InitiationDate", "metadata" };
    for (size_t i = 0; i < 2; i++) {
        cJSON *member = cJSON_GetObjectItem(of->json, kept[i]);
        cJSON_DeleteItemFromObject(p->json, kept[i]);
        if (member)
            cJSON_AddItemToObject(p->json, kept[i], cJSON_Duplicate(member, true));
    }
    return p;
}

/* Where the copy goes: "arn:aws:backup:us-west-2:1234:backup-vault:shop-dr". */
static struct sb_doc *destination(struct sb_call *c, struct evac_str arn)
{
    size_t region = sb_region_find(c->sb, evac_aws_arn_region(arn));
    struct sb_doc *v = region < SB_REGIONS_MAX
                           ? sb_doc_find(c->sb, c->id, region, "vault", sb_short_name(arn))
                           : NULL;
    if (!v)
        sb_error(c, 400, "ResourceNotFoundException", "There is no such destination vault.");
    return v;
}

static void copy_to(struct sb_call *c, struct sb_doc *j, const struct sb_doc *p,
                    const struct sb_doc *to)
{
    struct evac_str arn =
        evac_arena_printf(c->arena, "arn:aws:backup:%s:" SB_ACCOUNT ":recovery-point:copy-%s",
                          sb_region_name(c->sb, to->region), j->name);
    struct sb_doc *copy =
        new_point(c, to->region, arn, evac_str(to->name), p, sb_doc_text(p, "ResourceArn"));
    sb_doc_later(c->sb, copy, COPY_MS, "Status", "\"COMPLETED\"");
    sb_doc_set_text(j, "is.DestinationRecoveryPointArn", arn);
}

static void start_copy(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "RecoveryPointArn");
    struct sb_doc *j = by_token(c, "copy");
    if (j) {
        put_id(c, j, "CopyJobId");
        return;
    }
    struct sb_doc *v = vault(c, sb_in(c, "SourceBackupVaultName"));
    struct sb_doc *p = v ? point(c, evac_str(v->name), arn) : NULL;
    struct sb_doc *to = p ? destination(c, sb_in(c, "DestinationBackupVaultArn")) : NULL;
    if (p && !sb_doc_is(p, "Status", "COMPLETED"))
        sb_error(c, 400, "InvalidRequestException", "The recovery point can not be copied.");
    if (!to || c->failed)
        return;
    bool reaches = sb_reaches(c->sb, c->region, to->region);
    j = new_job(c, "copy", "CopyJobId");
    sb_doc_set_text(j, "is.SourceRecoveryPointArn", arn);
    sb_doc_set_text(j, "is.SourceBackupVaultArn", sb_doc_text(v, "BackupVaultArn"));
    sb_doc_take(c, j, "is.DestinationBackupVaultArn", "DestinationBackupVaultArn");
    sb_doc_set_text(j, "is.ResourceArn", sb_doc_text(p, "ResourceArn"));
    sb_doc_set_text(j, "is.ResourceType", sb_doc_text(p, "ResourceType"));
    sb_doc_set(j, "is.State", "\"CREATED\"");
    sb_doc_later(c->sb, j, BEGIN_MS, "is.State", "\"RUNNING\"");
    sb_doc_set_text(j, "ends_as", reaches ? EVAC_STR("COMPLETED") : EVAC_STR("FAILED"));
    sb_doc_later(c->sb, j, COPY_MS, "ends", "true");
    if (reaches)
        copy_to(c, j, p, to);
    sb_effect(c);
    put_id(c, j, "CopyJobId");
}

static void describe_copy(struct sb_call *c)
{
    const struct sb_doc *j =
        sb_doc_named(c, c->region, "copy", c->label[0], 400, "ResourceNotFoundException");
    if (!j)
        return;
    evac_buf_puts(&c->out, "{\"CopyJob\":");
    sb_doc_put(&c->out, j, "is");
    evac_buf_putc(&c->out, '}');
}

static void list_copies(struct sb_call *c)
{
    put_jobs(c, "copy", "CopyJobs", "is.State", "state");
}

/* --- backing up --------------------------------------------------------------------------------
 */

static const char *type_of(struct evac_str arn)
{
    static const char *const services[][2] = {
        { ":rds:", "RDS" },    { ":dynamodb:", "DynamoDB" }, { ":elasticfilesystem:", "EFS" },
        { ":volume/", "EBS" }, { ":instance/", "EC2" },
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (evac_str_has(arn, services[i][0]))
            return evac_str_has(arn, ":cluster:") ? "Aurora" : services[i][1];
    return NULL;
}

static void start_backup(struct sb_call *c)
{
    struct evac_str resource = sb_in(c, "ResourceArn");
    struct sb_doc *j = by_token(c, "backup");
    if (j) {
        put_id(c, j, "BackupJobId");
        return;
    }
    const struct sb_doc *v = vault(c, sb_in(c, "BackupVaultName"));
    if (v && !type_of(resource))
        sb_error(c, 400, "InvalidParameterValueException", "ResourceArn is not supported.");
    if (!v || c->failed)
        return;
    j = new_job(c, "backup", "BackupJobId");
    struct evac_str arn =
        evac_arena_printf(c->arena, "arn:aws:backup:%s:" SB_ACCOUNT ":recovery-point:%s",
                          sb_region_name(c->sb, c->region), j->name);
    struct sb_doc *p = new_point(c, c->region, arn, evac_str(v->name), NULL, resource);
    sb_doc_set_text(p, "ResourceType", evac_str(type_of(resource)));
    sb_doc_later(c->sb, p, BACKUP_MS, "Status", "\"COMPLETED\"");
    sb_doc_set_text(j, "is.ResourceArn", resource);
    sb_doc_set_text(j, "is.RecoveryPointArn", arn);
    sb_doc_set(j, "is.State", "\"CREATED\"");
    sb_doc_later(c->sb, j, BEGIN_MS, "is.State", "\"RUNNING\"");
    sb_doc_later(c->sb, j, BACKUP_MS, "is.State", "\"COMPLETED\"");
    sb_effect(c);
    put_id(c, j, "BackupJobId");
}

static void describe_backup(struct sb_call *c)
{
    const struct sb_doc *j =
        sb_doc_named(c, c->region, "backup", c->label[0], 400, "ResourceNotFoundException");
    if (j)
        sb_doc_put(&c->out, j, "is");
}

/* --- time --------------------------------------------------------------------------------------
 */

static void end_copy(struct sb_doc *j)
{
    sb_doc_set_text(j, "is.State", sb_doc_text(j, "ends_as"));
    if (sb_doc_is(j, "ends_as", "FAILED"))
        sb_doc_set(j, "is.StatusMessage", "\"The destination region does not answer.\"");
}

static void advance(struct evac_sandbox *sb)
{
    for (size_t r = 0; r < sb->region_count; r++) {
        struct sb_doc *j = NULL;
        while ((j = sb_doc_next(sb, SB_BACKUP, r, "restore", j)))
            if (sb_doc_has(j, "ends")) {
                sb_doc_unset(j, "ends");
                end_restore(sb, j);
            }
        while ((j = sb_doc_next(sb, SB_BACKUP, r, "copy", j)))
            if (sb_doc_has(j, "ends")) {
                sb_doc_unset(j, "ends");
                end_copy(j);
            }
    }
}

/* clang-format off */
#define V "/backup-vaults/{backupVaultName}"
static const struct sb_operation operations[] = {
    { "DescribeBackupVault", describe_vault, 0, "GET", V, .takes = "backupVaultAccountId" },
    { "ListRecoveryPointsByBackupVault", list_points, 0, "GET", V "/recovery-points",
      .takes = "resourceArn resourceType nextToken maxResults createdAfter createdBefore" },
    { "DescribeRecoveryPoint", describe_point, 0, "GET", V "/recovery-points/{recoveryPointArn}", .takes = "backupVaultAccountId" },
    { "GetRecoveryPointRestoreMetadata", restore_metadata, 0, "GET", V "/recovery-points/{recoveryPointArn}/restore-metadata",
      .takes = "backupVaultAccountId" },
    { "ListTags", list_tags, 0, "GET", "/tags/{resourceArn}", .takes = "nextToken maxResults" },
    { "TagResource", tag, SB_MUTATES, "POST", "/tags/{resourceArn}", .takes = "Tags!" },
    { "StartRestoreJob", start_restore, SB_MUTATES, "PUT", "/restore-jobs",
      .takes = "RecoveryPointArn! Metadata! IamRoleArn IdempotencyToken ResourceType CopySourceTagsToRestoredResource" },
    { "DescribeRestoreJob", describe_restore, 0, "GET", "/restore-jobs/{restoreJobId}", .takes = "" },
    { "ListRestoreJobs", list_restores, 0, "GET", "/restore-jobs", .takes = "nextToken maxResults resourceType status" },
    { "StartCopyJob", start_copy, SB_MUTATES, "PUT", "/copy-jobs",
      .takes = "RecoveryPointArn! SourceBackupVaultName! DestinationBackupVaultArn! IamRoleArn! IdempotencyToken Lifecycle" },
    { "DescribeCopyJob", describe_copy, 0, "GET", "/copy-jobs/{copyJobId}", .takes = "" },
    { "ListCopyJobs", list_copies, 0, "GET", "/copy-jobs",
      .takes = "nextToken maxResults resourceArn state resourceType destinationVaultArn" },
    { "StartBackupJob", start_backup, SB_MUTATES, "PUT", "/backup-jobs",
      .takes = "BackupVaultName! ResourceArn! IamRoleArn! IdempotencyToken Lifecycle RecoveryPointTags StartWindowMinutes CompleteWindowMinutes" },
    { "DescribeBackupJob", describe_backup, 0, "GET", "/backup-jobs/{backupJobId}", .takes = "" },
    { 0 },
};
/* clang-format on */

SB_DOCS(BACKUP, kinds)

const struct sb_service sb_service_backup = { .signing_name = "backup",
                                              .row = "backup",
                                              .operations = operations,
                                              .advance = advance,
                                              .make = make,
                                              .truth = truth };
