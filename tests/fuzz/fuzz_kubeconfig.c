/*
 * A kubeconfig: the first byte says what options stand beside it. Loading ends with a whole
 * configuration whose headers are one line each, or with an error that shows none of its text.
 */
#include "base/base.h"

#include <unistd.h>

#include "base/path.h"
#include "kube/kube_config_private.h"
#include "pal/fs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64];

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void remove_dir(void)
{
	err_ignore(fs_remove_tree(dir), "it is in the system's temp folder");
}

static void make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/fettle-fuzz-kubeconfig-%ld", (long)getpid());
	err_ignore(fs_mkdir_all(dir, 0700), "writing would fail below");
	(void)atexit(remove_dir);
}

static void check(const struct kube_config *config)
{
	require(config->server && kube_config_namespace(config) && kube_config_context(config));
	require((config->cert_pem.len || config->cert_file) == (config->key_pem.len || config->key_file));
	require(!config->is_insecure || config->ca_pem.len == 0);
	for (const char *const *at = config->headers; at && *at; at++)
		require(strstr(*at, ": ") && !strpbrk(*at, "\r\n"));
	require(!config->token || !strpbrk(config->token, "\r\n"));
	require(!config->exec || config->exec->command);
	for (size_t i = 0; i < kube_config_warning_count(config); i++)
		require(kube_config_warning(config, i) != NULL);
}

static void each(void *context, const char *name)
{
	(void)context;
	require(*name != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const groups[] = { "g", NULL };
	struct arena a = ARENA_INIT;
	const struct kube_config *config = NULL;
	if (!dir[0])
		make_dir();
	if (size == 0)
		return 0;
	AUTOFREE char *file = path_join(dir, "config");
	FILE *stream = fopen(file, "wb");
	require(stream && fwrite(data + 1, 1, size - 1, stream) == size - 1);
	(void)fclose(stream);
	const struct kube_config_options options = { .kubeconfig = file,
		                                     .context = data[0] & 1 ? "c" : NULL,
		                                     .as_user = data[0] & 2 ? "u" : NULL,
		                                     .as_groups = data[0] & 4 ? groups : NULL };
	AUTOERR err *e = kube_config_load(&options, &a, &config);
	if (e)
		require(!config && (!err_place(e) || !err_place(e)->snippet));
	else
		check(config);
	err_ignore(kube_config_contexts(file, &a, each, NULL), "only looked at");
	arena_clear(&a);
	return 0;
}
