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
    for (unsigned i = 0; i < bytes; i++)
        evac_buf_putc(out, (char)(unsigned char)(value >> (8 * i)));
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
