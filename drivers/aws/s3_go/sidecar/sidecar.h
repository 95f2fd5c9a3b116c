/*
 * The sidecar: reads the copies over the AWS client, gives every answer to the fence, and tells
 * whoever asks. Each telling reads the clock anew: nothing that was true is kept.
 */
#ifndef EVAC_FENCE_SIDECAR_H
#define EVAC_FENCE_SIDECAR_H

#include "evac/host.h"
#include "fence_options.h"

#include <uv.h>

struct sidecar;

/* options outlive it. On a failure nothing is left, but the loop must still run to its end. */
enum evac_code sidecar_new(uv_loop_t *loop, const struct fence_options *options,
                           struct sidecar **ret_sidecar, struct evac_err *err);
/* Gives the permission back, tells that, and then closes everything; the loop ends by itself.
 * Safe twice. */
void sidecar_stop(struct sidecar *sidecar);
/* After the loop has ended. NULL is fine. */
void sidecar_free(struct sidecar *sidecar);

#endif
