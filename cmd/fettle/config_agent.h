/*
 * What `config render`, `config run` and `config explain` share: an agent made from the command line, and
 * its events as log lines.
 */
#ifndef FETTLE_CONFIG_AGENT_H
#define FETTLE_CONFIG_AGENT_H

#include "agent/agent.h"
#include "config_common.h"

struct config_agent {
	struct ui *ui;
	struct cancel *cancel;
	struct loop *loop;
	struct agent_config *config;
	struct vault_keys *keys;
	struct kv_options decrypt;
	char *state_dir;
	struct agent *agent;
	err *problem;         /* once mode: why it cannot be done */
	bool ends_on_trouble; /* once mode: credentials and mistakes end it at once */
	enum swap_outcome worst;
};

/* `path` NULL: fettle.yaml here or above. `hup` is what the loop does at HUP: reads everything again. */
NODISCARD err *config_agent_open(struct cli_ctx *ctx, const char *path, bool hup,
                                 struct config_agent *ret_agent);
/* The same with a configuration that is there already; taken. */
NODISCARD err *config_agent_open_with(struct cli_ctx *ctx, struct agent_config *take_config, bool hup,
                                      struct config_agent *ret_agent);
/* Fills what is the same for all in `options` and makes the agent. */
NODISCARD err *config_agent_make(struct config_agent *a, struct agent_options *options);
/* Where agents keep what must survive. Caller frees. */
NODISCARD err *config_state_dir(struct cli_ctx *ctx, char **ret_dir);
void config_agent_clear(struct config_agent *a);

/* Run until all units are done (once mode). TIMEOUT, CANCELLED; what ended it otherwise. */
NODISCARD err *config_agent_run_once(struct config_agent *a, int64_t timeout_ms);

void config_agent_log(void *config_agent, const struct agent_event *event);

#endif
