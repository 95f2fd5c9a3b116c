#include "row_batch.h"

#include <string.h>

#define MAGIC    "evacrow1"
#define COUNT_AT (sizeof MAGIC - 1 + 32)

static void put_u32(struct evac_buf *out, size_t value)
{
    const char bytes[4] = { (char)(value & 0xff), (char)(value >> 8 & 0xff),
                            (char)(value >> 16 & 0xff), (char)(value >> 24 & 0xff) };
    evac_buf_put(out, bytes, sizeof bytes);
}

static uint32_t get_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void set_u32(char *p, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (char)(value >> (8 * i) & 0xff);
}

uint32_t evac_row_batch_count(const struct evac_buf *out)
{
    return out->n >= COUNT_AT + 4 ? get_u32(out->p + COUNT_AT) : 0;
}

static void put_row(struct evac_buf *out, const struct evac_row *row)
{
    size_t at = out->n;
    put_u32(out, 0);
    evac_record_canonical(&row->record, out);
    if (!out->failed)
        set_u32(out->p + at, (uint32_t)(out->n - at - 4));
    put_u32(out, row->node.n);
    evac_buf_put_str(out, row->node);
    put_u32(out, row->boot_id.n);
    evac_buf_put_str(out, row->boot_id);
    evac_buf_put(out, row->hash, 32);
}

bool evac_row_batch_put(struct evac_buf *out, const struct evac_row *row)
{
    size_t before = out->n;
    if (before == 0) {
        evac_buf_puts(out, MAGIC);
        evac_buf_put(out, row->prev_hash, 32);
        put_u32(out, 0);
    }
    put_row(out, row);
    if (out->failed) {
        out->n = before;
        out->failed = false;
        return false;
    }
    set_u32(out->p + COUNT_AT, evac_row_batch_count(out) + 1);
    return true;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool take(struct evac_str *left, size_t n, struct evac_str *ret_bytes)
{
    if (left->n < n)
        return false;
    *ret_bytes = (struct evac_str){ n ? left->p : NULL, n };
    left->p += n;
    left->n -= n;
    return true;
}

static bool take_u32(struct evac_str *left, uint32_t *ret_value)
{
    struct evac_str bytes;
    if (!take(left, 4, &bytes))
        return false;
    *ret_value = get_u32(bytes.p);
    return true;
}

static bool take_sized(struct evac_str *left, struct evac_str *ret_bytes)
{
    uint32_t n;
    return take_u32(left, &n) && take(left, n, ret_bytes);
}

static bool take_row(struct evac_str *left, struct evac_row *row)
{
    struct evac_str record, hash;
    if (!take_sized(left, &record) || !evac_record_from_canonical(record, &row->record) ||
        !take_sized(left, &row->node) || !take_sized(left, &row->boot_id) || !take(left, 32, &hash))
        return false;
    memcpy(row->hash, hash.p, 32);
    return true;
}

static bool take_head(struct evac_str *left, uint8_t prev_hash[32], uint32_t *ret_count)
{
    struct evac_str magic, hash;
    if (!take(left, sizeof MAGIC - 1, &magic) || !evac_str_is(magic, MAGIC) ||
        !take(left, 32, &hash) || !take_u32(left, ret_count))
        return false;
    memcpy(prev_hash, hash.p, 32);
    return *ret_count > 0 && *ret_count <= EVAC_ROW_BATCH_ROWS_MAX;
}

enum evac_code evac_row_batch_read(struct evac_str value, struct evac_arena *arena,
                                   struct evac_row **ret_rows, size_t *ret_count,
                                   struct evac_err *err)
{
    struct evac_str left = value;
    uint8_t prev_hash[32];
    uint32_t count;
    if (!take_head(&left, prev_hash, &count))
        return evac_fail(err, EVAC_E_CORRUPT, "a value of %zu bytes is no rows of this version",
                         value.n);
    struct evac_row *rows = evac_arena_array(arena, count, sizeof *rows);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(rows[i].prev_hash, i ? rows[i - 1].hash : prev_hash, 32);
        if (!take_row(&left, &rows[i]))
            return evac_fail(err, EVAC_E_CORRUPT, "row %u of %u in a value is cut or malformed",
                             i + 1, count);
        if (rows[i].record.seq == 0 || rows[i].record.seq != rows[0].record.seq + i)
            return evac_fail(err, EVAC_E_CORRUPT, "rows in a value are not in order");
    }
    if (left.n)
        return evac_fail(err, EVAC_E_CORRUPT, "%zu bytes follow the last row of a value", left.n);
    *ret_rows = rows;
    *ret_count = count;
    return EVAC_OK;
}
