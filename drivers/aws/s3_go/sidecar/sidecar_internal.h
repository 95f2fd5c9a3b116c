/* The parts of the sidecar among themselves. */
#ifndef EVAC_FENCE_SIDECAR_INTERNAL_H
#define EVAC_FENCE_SIDECAR_INTERNAL_H

#include "aws.h"
#include "host_uv.h"
#include "sidecar.h"
#include "supervisor.h"

#define COPY_READS_MAX 4u /* open at once, of one copy */

/* One read under way; it lives in the sidecar, for a client that is closed forgets it. */
struct copy_read {
    struct sidecar *sidecar;
    size_t copy;
    uint64_t sent_ms, id;
    bool open;
};

struct copy_reads {
    struct copy_read slots[COPY_READS_MAX], *newest; /* NULL: that one has ended */
    uint64_t good, lost;
    bool told, was_good; /* what the log was told of it */
};

struct sidecar {
    const struct fence_options *o;
    uv_loop_t *loop;
    struct evac_host host;
    struct evac_aws *aws;
    struct evac_fence *fence;
    struct door *door;
    struct evac_supervisor supervisor;
    uv_timer_t timer;
    struct copy_reads reads[EVAC_FENCE_COPIES_MAX];
    bool said_may; /* what was last told */
    enum evac_fence_reason said_reason;
    bool said_any, running, ran_may, ran_any, stopping, closed;
    uint64_t file_until_ms; /* what stands in the file; 0: it is not there */
    uint64_t changes, file_failures;
    uint64_t leave_ms; /* how long the last command may take, once it is stopping */
    char boot_id[48];
};

uint64_t sidecar_now(const struct sidecar *sidecar);
/* Everything that follows from the state as it is now: file, log, commands, the next timer. */
void sidecar_publish(struct sidecar *sidecar);

/* sidecar_reads.c: a round of reads. */
void sidecar_read_all(struct sidecar *sidecar);

/* sidecar_file.c: the file of --file. */
enum evac_code sidecar_file_begin(struct sidecar *sidecar, struct evac_err *err);
void sidecar_file_follow(struct sidecar *sidecar, const struct evac_fence_state *state);

/* sidecar_run.c: --on-go and --on-stop, one at a time, the last word last. */
void sidecar_run(struct sidecar *sidecar, bool may_write);

/* sidecar_door.c: --listen. */
enum evac_code door_open(struct sidecar *sidecar, struct door **ret_door, struct evac_err *err);
void door_close(struct door *door); /* the loop frees it */

/* sidecar_tell.c: what is answered there. */
int sidecar_tell(struct sidecar *sidecar, struct evac_str path, struct evac_buf *body,
                 const char **ret_type);

#endif
