#include "record.h"

#include "evac/buf.h"

#define X(name, text, doc) text,
static const char *const kind_names[EVAC_RECORD_KIND_COUNT] = { EVAC_RECORD_KINDS(X) };
#undef X

const char *evac_record_kind_name(enum evac_record_kind kind)
{
    return (unsigned)kind < EVAC_RECORD_KIND_COUNT ? kind_names[kind] : "?";
}

bool evac_record_kind_parse(struct evac_str name, enum evac_record_kind *ret_kind)
{
    for (unsigned i = 0; i < EVAC_RECORD_KIND_COUNT; i++)
        if (evac_str_is(name, kind_names[i])) {
            *ret_kind = (enum evac_record_kind)i;
            return true;
        }
    return false;
}

static void put_number(struct evac_buf *out, uint64_t value, unsigned bytes)
{
    unsigned char little[8];
    for (unsigned i = 0; i < bytes; i++)
        little[i] = (unsigned char)(value >> (8 * i));
    evac_buf_put(out, little, bytes);
}

static void put_text(struct evac_buf *out, struct evac_str text)
{
    put_number(out, text.n, 4);
    evac_buf_put_str(out, text);
}

void evac_record_canonical(const struct evac_record *r, struct evac_buf *out)
{
    put_number(out, 1, 1);
    put_number(out, r->seq, 8);
    put_number(out, r->kind, 2);
    put_number(out, r->run, 8);
    put_number(out, r->step, 4);
    put_number(out, r->attempt, 4);
    put_number(out, r->epoch, 8);
    put_number(out, r->t_boot_ms, 8);
    put_number(out, (uint64_t)r->t_wall_ms, 8);
    put_number(out, (uint64_t)r->number, 8);
    const struct evac_str texts[] = { r->app, r->name, r->from,       r->event, r->to,
                                      r->who, r->text, r->request_id, r->data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(out, texts[i]);
}

struct reader {
    struct evac_str left;
    bool bad;
};

static uint64_t take_number(struct reader *r, size_t bytes)
{
    uint64_t value = 0;
    if (r->bad || r->left.n < bytes) {
        r->bad = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)r->left.p[i] << (8 * i);
    r->left.p += bytes;
    r->left.n -= bytes;
    return value;
}

static struct evac_str take_text(struct reader *r)
{
    uint64_t n = take_number(r, 4);
    if (r->bad || n > r->left.n) {
        r->bad = true;
        return EVAC_STR_NONE;
    }
    struct evac_str text = { n ? r->left.p : NULL, (size_t)n };
    r->left.p += n;
    r->left.n -= (size_t)n;
    return text;
}

bool evac_record_from_canonical(struct evac_str bytes, struct evac_record *ret_record)
{
    struct reader r = { bytes, false };
    struct evac_record record = { .seq = 0 };
    uint64_t version = take_number(&r, 1);
    record.seq = take_number(&r, 8);
    uint64_t kind = take_number(&r, 2);
    record.kind = kind < EVAC_RECORD_KIND_COUNT ? (enum evac_record_kind)kind : 0;
    record.run = take_number(&r, 8);
    record.step = (uint32_t)take_number(&r, 4);
    record.attempt = (uint32_t)take_number(&r, 4);
    record.epoch = take_number(&r, 8);
    record.t_boot_ms = take_number(&r, 8);
    record.t_wall_ms = (int64_t)take_number(&r, 8);
    record.number = (int64_t)take_number(&r, 8);
    struct evac_str *texts[] = { &record.app,   &record.name,       &record.from,
                                 &record.event, &record.to,         &record.who,
                                 &record.text,  &record.request_id, &record.data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = take_text(&r);
    if (r.bad || r.left.n || version != 1 || kind >= EVAC_RECORD_KIND_COUNT)
        return false;
    *ret_record = record;
    return true;
}
