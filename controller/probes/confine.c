#include "confine.h"

#include "evac/arena.h"
#include "host_uv.h"
#include "jail.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define HIDDEN_MAX 63u

struct list {
    struct evac_arena *arena;
    const char *paths[HIDDEN_MAX + 1];
    size_t count;
};

static void hide(struct list *l, struct evac_str path)
{
    if (evac_str_starts(path, "/") && l->count < HIDDEN_MAX)
        l->paths[l->count++] = evac_arena_str(l->arena, path).p;
}

/* "~/.config" and its like: what keys of other tools lie in. */
static void hide_dotted(struct list *l, const char *home)
{
    const struct dirent *entry;
    DIR *dir = home && home[0] == '/' && home[1] ? opendir(home) : NULL;
    while (dir && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && entry->d_type == DT_DIR)
            hide(l, evac_arena_printf(l->arena, "%s/%s", home, entry->d_name));
    if (dir)
        closedir(dir);
}

static void find_hidden(struct list *l, const struct evac_controller_conf *conf)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    hide(l, conf->store);
    hide(l, conf->evidence_key);
    hide(l, conf->traces_headers);
    hide(l, evac_str(credentials ? credentials : ""));
    for (size_t i = 0; i < conf->listen_count; i++)
        hide(l, conf->listen[i].key);
    for (size_t i = 0; i < conf->approver_count; i++)
        hide(l, conf->approvers[i].key);
    for (size_t i = 0; i < conf->notify.channel_count; i++)
        hide(l, conf->notify.channels[i].secret);
    hide_dotted(l, getenv("HOME"));
}

void evac_confine(struct evac_host *host, const struct evac_model *model)
{
    const struct evac_controller_conf *conf = &model->controller;
    struct list l = { .arena = NULL };
    if (!conf->exec_allowed) {
        evac_host_uv_jail(host, NULL);
        return;
    }
    l.arena = evac_arena_new();
    find_hidden(&l, conf);
    const struct evac_jail_conf jail = {
        .user = evac_arena_str(l.arena, conf->exec_user).p,
        .cpu_s = conf->exec_cpu_ms / 1000,
        .memory_bytes = (uint64_t)conf->exec_memory_mib << 20,
        .file_bytes = (uint64_t)conf->exec_file_mib << 20,
        .files = conf->exec_files,
        .processes = conf->exec_processes,
        .hidden = l.paths,
    };
    evac_host_uv_jail(host, &jail);
    evac_arena_free(l.arena);
}
