/* What is really so: for invariants, tests and people. */
#include "sandbox_internal.h"

static void put_regions(const struct evac_sandbox *sb, struct evac_buf *json)
{
    evac_buf_puts(json, ",\"regions\":[");
    for (size_t i = 0; i < sb->region_count; i++) {
        char address[32];
        const struct sb_region *r = &sb->regions[i];
        sb_region_address(i, address, sizeof address);
        evac_buf_putf(json, "%s{\"name\":\"%s\",\"state\":\"%s\",\"address\":\"%s\"}", i ? "," : "",
                      r->name,
                      r->down       ? "down"
                      : r->isolated ? "isolated"
                                    : "up",
                      address);
    }
    evac_buf_putc(json, ']');
}

/* What changes something, or what only looks. */
static void put_operations(const struct evac_sandbox *sb, bool changes, struct evac_buf *json)
{
    const char *comma = "";
    evac_buf_putf(json, ",\"%s\":[", changes ? "operations" : "looks");
    for (size_t i = 0; i < sb->counter_count; i++) {
        const struct sb_counter *n = &sb->counters[i];
        if (!(n->operation->flags & SB_MUTATES) == changes)
            continue;
        evac_buf_putf(json,
                      "%s{\"service\":\"%s\",\"operation\":\"%s\",\"region\":\"%s\","
                      "\"received\":%llu",
                      comma, n->service->row, n->operation->name, n->region,
                      (unsigned long long)n->received);
        if (changes)
            evac_buf_putf(json, ",\"effects\":%llu,\"repeated_without_observe\":%llu",
                          (unsigned long long)n->effects, (unsigned long long)n->repeated);
        evac_buf_putf(json, ",\"throttled\":%llu}", (unsigned long long)n->throttled);
        comma = ",";
    }
    evac_buf_putc(json, ']');
}

void evac_sandbox_truth(const struct evac_sandbox *sb, struct evac_buf *ret_json)
{
    evac_buf_putf(ret_json,
                  "{\"now_ms\":%llu,\"requests\":%llu,\"refused\":%llu,\"throttled\":%llu",
                  (unsigned long long)sb->now_ms, (unsigned long long)sb->requests,
                  (unsigned long long)sb->refused, (unsigned long long)sb->throttled);
    evac_buf_puts(ret_json, ",\"asked\":[");
    for (size_t i = 0; i < sb->asked_count; i++)
        evac_buf_putf(ret_json, "%s\"%s\"", i ? "," : "", sb->asked[i]);
    evac_buf_puts(ret_json, "],\"sessions\":[");
    for (size_t i = 0; i < sb->session_count; i++)
        evac_buf_putf(ret_json, "%s\"%s\"", i ? "," : "", sb->sessions[i]);
    evac_buf_puts(ret_json, "]");
    sb_shop_truth(sb, ret_json);
    put_regions(sb, ret_json);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++)
        if (sb_service((enum sb_service_id)i)->truth)
            sb_service((enum sb_service_id)i)->truth(sb, ret_json);
    put_operations(sb, true, ret_json);
    put_operations(sb, false, ret_json);
    evac_buf_putc(ret_json, '}');
}
