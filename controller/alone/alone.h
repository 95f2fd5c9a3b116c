/*
 * Breaking the glass: `evac --standalone CMD` is a controller of one's own, for when none answers.
 * The same daemon, engine, store and drivers run in a child of this command on a private socket;
 * the command then talks to it as it would to any. The child does nothing by itself (see
 * evac_model_alone), outlives the terminal, and ends when no run goes on and nobody has asked it
 * anything for a while. Killed, it is begun anew by the next command and takes its run up again
 * from the journal.
 *
 * The danger is a second controller that acts: so it refuses while one is alive, as far as can be
 * seen from here (alive.h), and what was looked at is in the journal. One that is alive and can not
 * be reached from here is beyond any look: the person is told so.
 */
#ifndef EVAC_ALONE_H
#define EVAC_ALONE_H

#include "options.h"

/* Finds the child, or begins it, and makes cli->socket its socket. DONE: go on with the command.
 * Otherwise why not was printed. */
enum evac_exit evac_alone_take(struct evac_cli *cli, const struct evac_cli_command *command);

/* With the client open: waits for what a move has to know, and asks where the app serves when the
 * journal does not know. Does nothing for commands that need neither. */
enum evac_exit evac_alone_learn(struct evac_cli *cli, const struct evac_cli_command *command);
#endif
