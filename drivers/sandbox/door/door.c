#include "door.h"

#include "door_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

void door_hold(struct evac_door *door)
{
    door->held++;
}

void door_let_go(struct evac_door *door)
{
    if (--door->held > 0)
        return;
    evac_sandbox_free(door->sandbox);
    free(door);
}

void door_advance(struct evac_door *door)
{
    evac_sandbox_advance(door->sandbox, uv_now(door->loop) - door->start_ms);
}

static void on_wake(uv_timer_t *timer)
{
    struct evac_door *door = timer->data;
    door_advance(door);
    door_rearm(door);
}

void door_rearm(struct evac_door *door)
{
    uint64_t at = evac_sandbox_wake_ms(door->sandbox);
    uint64_t now = uv_now(door->loop) - door->start_ms;
    if (uv_is_closing((uv_handle_t *)&door->wake))
        return;
    if (at == UINT64_MAX)
        uv_timer_stop(&door->wake);
    else
        uv_timer_start(&door->wake, on_wake, at > now ? at - now : 1, 0);
}

void evac_door_region_address(size_t region, char *to, size_t to_bytes)
{
    (void)snprintf(to, to_bytes, "127.0.10.%zu", region + 1);
}

static size_t count_regions(const struct evac_door_options *options)
{
    size_t n = 0;
    while (options->model.regions[n])
        n++;
    return n;
}

static struct evac_door *make(uv_loop_t *loop, const struct evac_door_options *options)
{
    struct evac_door *door = calloc(1, sizeof *door);
    if (!door)
        abort();
    struct timespec now;
    struct evac_sandbox_options model = options->model;
    clock_gettime(CLOCK_REALTIME, &now);
    model.wall_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    uv_update_time(loop);
    door->loop = loop;
    door->start_ms = uv_now(loop);
    door->region_count = count_regions(options);
    door->held = 2; /* the owner's and the timer's */
    door->sandbox = evac_sandbox_new(&model);
    uv_timer_init(loop, &door->wake);
    door->wake.data = door;
    return door;
}

static enum evac_code enforce(struct evac_door *door, const char *iam, struct evac_err *err)
{
    struct evac_buf command;
    if (!iam)
        return EVAC_OK;
    evac_buf_init(&command, 1u << 20);
    evac_buf_putf(&command, "iam self policy %s", iam);
    enum evac_code code = evac_sandbox_control(door->sandbox, evac_buf_str(&command), err);
    evac_buf_done(&command);
    return code;
}

enum evac_code evac_door_new(uv_loop_t *loop, const struct evac_door_options *options,
                             struct evac_door **ret_door, struct evac_err *err)
{
    size_t regions = count_regions(options);
    if (regions == 0 || regions > EVAC_DOOR_REGIONS_MAX)
        return evac_fail(err, EVAC_E_BADARG, "%zu regions; 1 to %u are allowed", regions,
                         EVAC_DOOR_REGIONS_MAX);

    struct evac_door *door = make(loop, options);
    enum evac_code code = enforce(door, options->iam, err);
    if (!code)
        code = door_http_open(door, options->http_port, err);
    if (!code)
        code = door_dns_open(door, options->dns_port, err);
    if (code) {
        evac_door_close(door);
        return code;
    }
    if (options->shop)
        evac_sandbox_shop(door->sandbox, door_http_port(door));
    door_rearm(door);
    *ret_door = door;
    return EVAC_OK;
}

static void on_wake_closed(uv_handle_t *handle)
{
    door_let_go(handle->data);
}

void evac_door_close(struct evac_door *door)
{
    if (!door)
        return;
    door_http_close(door);
    door_dns_close(door);
    uv_close((uv_handle_t *)&door->wake, on_wake_closed);
    door_let_go(door);
}

uint16_t evac_door_http_port(const struct evac_door *door)
{
    return door_http_port(door);
}

uint16_t evac_door_dns_port(const struct evac_door *door)
{
    return door_dns_port(door);
}
