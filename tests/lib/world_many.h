/*
 * Worlds with several controllers (world_options.controllers): each a process of its own, with its
 * clocks, its way to AWS and its way to etcd; their journals are copies of the one that they share
 * on a model of etcd (etcd_model.h) by the production code, controller/share. Controller n lives
 * beside etcd's member n. "The controller" of world.h is then the one that leads, as etcd has it,
 * the journal is what lies in etcd, and everything that world.h checks is checked of that.
 */
#ifndef EVAC_WORLD_MANY_H
#define EVAC_WORLD_MANY_H

#include "etcd_model.h"
#include "world.h"

/* Times of the shared journal (evac_share_times must allow them), and what becomes of questions. */
struct world_share {
    uint32_t ttl_ms, request_ms, poll_ms, election_ms; /* all 0: 6, 1, 1 and 1 s */
    struct etcd_chances chances;
};

unsigned world_controllers(const struct world *w); /* 1: alone, and nothing of what follows */
unsigned world_leads(struct world *w);             /* which; world_controllers(): none does */
/* Takeover takes at most so long. */
uint32_t world_takeover_ms(const struct world *w);

void world_node_crash(struct world *w, unsigned node, uint64_t down_ms);
/* It dies for good, and with it the member of etcd beside it. */
void world_node_gone(struct world *w, unsigned node);
void world_node_pause(struct world *w, unsigned node, uint64_t ms); /* SIGSTOP, SIGCONT */
/* When the n-th commit from now lands that is its own, before it hears of it: it stops for so long,
 * or dies. */
void world_node_pause_at_commit(struct world *w, unsigned node, uint32_t n, uint64_t ms);
void world_node_crash_at_commit(struct world *w, unsigned node, uint32_t n, uint64_t down_ms);
void world_node_cut(struct world *w, unsigned node, bool cut);     /* from etcd alone */
void world_node_alone(struct world *w, unsigned node, bool alone); /* from everything */
void world_node_blind(struct world *w, unsigned node, const char *region);
/* The one that leads only looks, since leads were lost again and again: somebody stops it in an
 * orderly way, and it starts. */
void world_unpark(struct world *w);
/* Somebody speaks to that controller, whoever leads. UNREACHABLE also when no answer came in time.
 */
enum evac_code world_node_hear(struct world *w, unsigned node, const struct evac_command *word);

/* "alone 1 2000": that member stands apart, and says for so long that leases live; "joined 1",
 * "headless" (no leader among them), "elect", "full", "free". False: it is none of these. */
bool world_etcd(struct world *w, struct evac_str what);

/* What a controller that follows thinks otherwise than the one that leads, "" nothing, once rows
 * had the time to arrive. */
const char *world_differ(struct world *w, char *text, size_t bytes);

/* Faults of the shared journal stop; who is gone stays gone. */
void world_many_calm(struct world *w);
#endif
