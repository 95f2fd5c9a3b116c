/* The process's environment, with secrets kept apart from it. One thread. */
#ifndef EVAC_HOST_ENV_H
#define EVAC_HOST_ENV_H

/* Once, before anything else is begun: variables whose name says that they hold a secret (redact.h:
 * ..._SECRET..., ..._TOKEN, ..._PASSWORD ...) leave the environment, and their bytes are cleared
 * there.
 */
void evac_host_env_seal(void);

/* Of what was sealed, or else the environment's. NULL: it is not set. Lives as long as the process.
 */
const char *evac_host_env_get(const char *name);
#endif
