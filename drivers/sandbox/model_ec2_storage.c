/* EC2's images, snapshots and volumes: copies between regions, and volumes out of snapshots. */
#include "ec2_internal.h"

#include <stdio.h>
#include <string.h>

/* AWS's durations, in real time. */
#define COPY_MS     60000u
#define COPY_GIB_MS 15000u
#define VOLUME_MS   8000u
#define WAIT_MS     1000u
#define COPIES_MAX  20u /* at the same time into a region: AWS's own limit */

#define STORED(item) ((const struct ec2_stored *)(item))

static bool is_copy(const struct ec2_stored *s)
{
    return s->source[0] != '\0';
}

/* A copy whose source can not be reached waits. */
static bool move(struct evac_sandbox *sb, struct ec2_item *item)
{
    const struct ec2_stored *s = STORED(item);
    if (is_copy(s) && !sb_reaches(sb, s->source_region, item->region)) {
        item->due_ms = sb->now_ms + WAIT_MS;
        return true;
    }
    item->state = EC2_MADE;
    item->due_ms = SB_NEVER;
    return true;
}

static int percent(const struct evac_sandbox *sb, const struct ec2_item *item)
{
    if (item->state != EC2_MAKING)
        return item->state == EC2_MADE ? 100 : 0;
    if (item->due_ms <= item->since_ms)
        return 99;
    uint64_t gone = sb->now_ms - item->since_ms, all = item->due_ms - item->since_ms;
    return gone >= all ? 99 : (int)(gone * 99 / all);
}

/* --- what is written of them ------------------------------------------------------------------ */

static void put_image(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_stored *s = STORED(item);
    struct evac_buf *out = &c->out;
    sb_tag(out, "imageId", evac_str(item->id));
    sb_tagf(out, "imageLocation", SB_ACCOUNT "/%s", s->name);
    sb_tag(out, "imageState", evac_str(ec2_state_name(EC2_IMAGE, item->state)));
    evac_buf_puts(out, "<imageOwnerId>" SB_ACCOUNT "</imageOwnerId><isPublic>false</isPublic>"
                       "<architecture>x86_64</architecture><imageType>machine</imageType>");
    sb_tag(out, "name", evac_str(s->name));
    sb_tag(out, "creationDate", sb_iso(c->arena, item->made_ms));
    evac_buf_puts(out, "<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda"
                       "</rootDeviceName><blockDeviceMapping>");
    if (s->snapshot[0]) {
        evac_buf_puts(out, "<item><deviceName>/dev/xvda</deviceName><ebs>");
        sb_tag(out, "snapshotId", evac_str(s->snapshot));
        sb_tagf(out, "volumeSize", "%lld", (long long)s->gib);
        evac_buf_puts(out, "<volumeType>gp3</volumeType></ebs></item>");
    }
    evac_buf_puts(out, "</blockDeviceMapping><virtualizationType>hvm</virtualizationType>"
                       "<hypervisor>xen</hypervisor>");
    if (is_copy(s)) {
        sb_tag(out, "sourceImageId", evac_str(s->source));
        sb_tag(out, "sourceImageRegion", evac_str(sb_region_name(c->sb, s->source_region)));
    }
    ec2_put_tags(c, item);
}

static void put_snapshot(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_stored *s = STORED(item);
    struct evac_buf *out = &c->out;
    sb_tag(out, "snapshotId", evac_str(item->id));
    sb_tag(out, "volumeId", evac_str(s->volume));
    sb_tag(out, "status", evac_str(ec2_state_name(EC2_SNAPSHOT, item->state)));
    sb_tag(out, "startTime", sb_iso(c->arena, item->made_ms));
    sb_tagf(out, "progress", "%d%%", percent(c->sb, item));
    evac_buf_puts(out, "<ownerId>" SB_ACCOUNT "</ownerId>");
    sb_tagf(out, "volumeSize", "%lld", (long long)s->gib);
    sb_tag(out, "description", evac_str(s->name));
    evac_buf_puts(out, "<encrypted>false</encrypted><storageTier>standard</storageTier>");
    ec2_put_tags(c, item);
}

static void put_volume(struct sb_call *c, const struct ec2_item *item)
{
    const struct ec2_stored *s = STORED(item);
    struct evac_buf *out = &c->out;
    sb_tag(out, "volumeId", evac_str(item->id));
    sb_tagf(out, "size", "%lld", (long long)s->gib);
    sb_tag(out, "snapshotId", evac_str(s->snapshot));
    sb_tag(out, "availabilityZone", evac_str(s->zone));
    sb_tag(out, "status", evac_str(ec2_state_name(EC2_VOLUME, item->state)));
    sb_tag(out, "createTime", sb_iso(c->arena, item->made_ms));
    evac_buf_puts(out, "<attachmentSet/><volumeType>gp3</volumeType><encrypted>false</encrypted>");
    ec2_put_tags(c, item);
}

#define STATE(name, kind)                                                                          \
    static struct evac_str name(struct sb_call *c, const struct ec2_item *item)                    \
    {                                                                                              \
        (void)c;                                                                                   \
        return evac_str(ec2_state_name(kind, item->state));                                        \
    }
STATE(image_state, EC2_IMAGE)
STATE(snapshot_state, EC2_SNAPSHOT)
STATE(volume_state, EC2_VOLUME)
#undef STATE

#define GET(field)                                                                                 \
    static struct evac_str get_##field(struct sb_call *c, const struct ec2_item *item)             \
    {                                                                                              \
        (void)c;                                                                                   \
        return evac_str(STORED(item)->field);                                                      \
    }
GET(name)
GET(zone)
GET(snapshot)
GET(volume)
#undef GET

static struct evac_str get_owner(struct sb_call *c, const struct ec2_item *item)
{
    (void)c;
    (void)item;
    return EVAC_STR(SB_ACCOUNT);
}

static const struct ec2_filter image_filters[] = {
    { "image-id", ec2_get_id },
    { "name", get_name },
    { "state", image_state },
    { "owner-id", get_owner },
    { 0 },
};
static const struct ec2_filter snapshot_filters[] = {
    { "snapshot-id", ec2_get_id }, { "status", snapshot_state }, { "volume-id", get_volume },
    { "description", get_name },   { "owner-id", get_owner },    { 0 },
};
static const struct ec2_filter volume_filters[] = {
    { "volume-id", ec2_get_id },
    { "status", volume_state },
    { "snapshot-id", get_snapshot },
    { "availability-zone", get_zone },
    { 0 },
};

const struct ec2_row ec2_image_row = {
    .prefix = "ami",
    .type = "image",
    .id_param = "ImageId",
    .not_found = "InvalidAMIID.NotFound",
    .malformed = "InvalidAMIID.Malformed",
    .set = "imagesSet",
    .bytes = sizeof(struct ec2_stored),
    .filters = image_filters,
    .put = put_image,
    .move = move,
};
const struct ec2_row ec2_snapshot_row = {
    .prefix = "snap",
    .type = "snapshot",
    .id_param = "SnapshotId",
    .not_found = "InvalidSnapshot.NotFound",
    .malformed = "InvalidSnapshotID.Malformed",
    .set = "snapshotSet",
    .bytes = sizeof(struct ec2_stored),
    .filters = snapshot_filters,
    .put = put_snapshot,
    .move = move,
};
const struct ec2_row ec2_volume_row = {
    .prefix = "vol",
    .type = "volume",
    .id_param = "VolumeId",
    .not_found = "InvalidVolume.NotFound",
    .malformed = "InvalidVolumeID.Malformed",
    .set = "volumeSet",
    .bytes = sizeof(struct ec2_stored),
    .filters = volume_filters,
    .put = put_volume,
    .move = move,
};

/* --- copies ----------------------------------------------------------------------------------- */

/* The source as the service finds it, or an error: it must be there, made, and in reach. */
static const struct ec2_stored *source(struct sb_call *c, enum ec2_kind kind, const char *id_param)
{
    struct evac_str name = sb_in(c, "SourceRegion");
    if (!ec2_require(c, (const char *const[]){ "SourceRegion", id_param, NULL }))
        return NULL;
    size_t region = sb_region_find(c->sb, name);
    if (region >= SB_REGIONS_MAX) {
        sb_error(c, 400, "InvalidParameterValue", "Invalid value '%.*s' for SourceRegion.",
                 EVAC_STR_ARG(name));
        return NULL;
    }
    if (!sb_reaches(c->sb, region, c->region)) {
        sb_error(c, 503, "Unavailable", "The source region can not be reached.");
        return NULL;
    }
    const struct ec2_stored *s = ec2_named(c, kind, region, sb_in(c, "%s", id_param));
    if (s && s->item.state != EC2_MADE)
        sb_error(c, 400, kind == EC2_IMAGE ? "InvalidAMIID.Unavailable" : "IncorrectState",
                 "%s is in the state %s", s->item.id, ec2_state_name(kind, s->item.state));
    return c->failed ? NULL : s;
}

static struct ec2_stored *copy(struct sb_call *c, enum ec2_kind kind, const struct ec2_stored *s)
{
    struct ec2_stored *to = (struct ec2_stored *)ec2_new(c, kind);
    if (!to)
        return NULL;
    to->gib = s->gib;
    to->source_region = s->item.region;
    (void)evac_str_copy(to->source, sizeof to->source, evac_str(s->item.id));
    ec2_due(c->sb, &to->item, COPY_MS + (uint64_t)to->gib * COPY_GIB_MS);
    return to;
}

/* The copy's creation date is its own; what it holds is as old as the source. */
void ec2_copy_image(struct sb_call *c)
{
    static const char *const types[] = { "image", "snapshot", NULL };
    if (!ec2_require(c, (const char *const[]){ "Name", NULL }) ||
        !ec2_check_tags(c, "TagSpecification", types))
        return;
    const struct ec2_item *made = ec2_again(c, EC2_IMAGE);
    const struct ec2_stored *s = made ? NULL : source(c, EC2_IMAGE, "SourceImageId");
    if (ec2_is_dry(c) || (!made && !s))
        return;
    if (!made) {
        struct ec2_stored *snapshot = copy(c, EC2_SNAPSHOT, s), *image = copy(c, EC2_IMAGE, s);
        if (!snapshot || !image)
            return;
        (void)evac_str_copy(image->name, sizeof image->name, sb_in(c, "Name"));
        (void)evac_str_copy(image->snapshot, sizeof image->snapshot, evac_str(snapshot->item.id));
        (void)evac_str_copy(snapshot->volume, sizeof snapshot->volume, EVAC_STR("vol-ffffffff"));
        ec2_mark(c, EC2_IMAGE, &image->item, "TagSpecification");
        made = &image->item;
        sb_effect(c);
    }
    sb_tag(&c->out, "imageId", evac_str(made->id));
}

static unsigned copies_under_way(const struct sb_call *c)
{
    const struct ec2_item *item;
    unsigned n = 0;
    for (size_t i = 0; (item = ec2_nth(c->sb, EC2_SNAPSHOT, i)) != NULL; i++)
        n += item->region == c->region && item->state == EC2_MAKING && is_copy(STORED(item));
    return n;
}

/* There is no token for it: each request that arrives makes a snapshot. */
void ec2_copy_snapshot(struct sb_call *c)
{
    static const char *const types[] = { "snapshot", NULL };
    const struct ec2_stored *s = source(c, EC2_SNAPSHOT, "SourceSnapshotId");
    if (!ec2_check_tags(c, "TagSpecification", types) || ec2_is_dry(c) || !s)
        return;
    if (copies_under_way(c) >= COPIES_MAX) {
        sb_error(c, 400, "ResourceLimitExceeded",
                 "You have exceeded the limit of %u concurrent snapshot copies to a single "
                 "destination.",
                 COPIES_MAX);
        return;
    }
    struct ec2_stored *to = copy(c, EC2_SNAPSHOT, s);
    if (!to)
        return;
    (void)evac_str_copy(to->name, sizeof to->name, sb_in(c, "Description"));
    (void)evac_str_copy(to->volume, sizeof to->volume, EVAC_STR("vol-ffffffff"));
    ec2_mark(c, EC2_SNAPSHOT, &to->item, "TagSpecification");
    sb_tag(&c->out, "snapshotId", evac_str(to->item.id));
    ec2_put_tags(c, &to->item);
    sb_effect(c);
}

/* --- volumes ---------------------------------------------------------------------------------- */

static void check_size(struct sb_call *c, const struct ec2_stored *snapshot, int64_t gib)
{
    if (snapshot && snapshot->item.state != EC2_MADE)
        sb_error(c, 400, "IncorrectState", "Snapshot %s is not completed.", snapshot->item.id);
    else if (snapshot && gib < snapshot->gib)
        sb_error(c, 400, "InvalidParameterValue",
                 "The size of a volume must be at least its snapshot's, %lld GiB.",
                 (long long)snapshot->gib);
    else if (gib < 1 || gib > 16384)
        sb_error(c, 400, "InvalidParameterValue", "The size of a volume: from 1 to 16384 GiB.");
}

void ec2_create_volume(struct sb_call *c)
{
    static const char *const types[] = { "volume", NULL };
    struct evac_str id = sb_in(c, "SnapshotId");
    if (!ec2_require(c, (const char *const[]){ "AvailabilityZone", NULL }) ||
        (id.n == 0 && !ec2_require(c, (const char *const[]){ "Size", NULL })))
        return;
    struct evac_str zone = ec2_zone(c, "AvailabilityZone");
    const struct ec2_stored *from = id.n ? ec2_named(c, EC2_SNAPSHOT, c->region, id) : NULL;
    int64_t gib = sb_in_i64(c, "Size", from ? from->gib : 0);
    if (!c->failed)
        check_size(c, from, gib);
    if (c->failed || !ec2_check_tags(c, "TagSpecification", types))
        return;
    struct ec2_item *item = ec2_again(c, EC2_VOLUME);
    if (ec2_is_dry(c))
        return;
    if (!item && (item = ec2_new(c, EC2_VOLUME)) != NULL) {
        struct ec2_stored *volume = (struct ec2_stored *)item;
        volume->gib = gib;
        (void)evac_str_copy(volume->zone, sizeof volume->zone, zone);
        (void)evac_str_copy(volume->snapshot, sizeof volume->snapshot, id);
        ec2_mark(c, EC2_VOLUME, item, "TagSpecification");
        ec2_due(c->sb, item, VOLUME_MS);
        sb_effect(c);
    }
    if (item)
        put_volume(c, item);
}
