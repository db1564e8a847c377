/*
 * The records of a project, compressed and in base64, in one key of the center, so that a laptop and a CI job see
 * the same.
 */
#include "base/base.h"

#include "target_center/internal.h"

#include "crypto/deflate.h"
#include "crypto/encode.h"

#define RECORDS "fettle-records"

enum { MAX_IMAGE_BYTES = 256 << 20 };

/* Fit for every center: a Kubernetes ConfigMap has no '/' in its keys, Nacos in none. */
static char *path_of(const struct kv *kv, const char *project)
{
	AUTO(str) path = STR_INIT;
	str_addf(&path, "%s%c%s", RECORDS, kv_features(kv) & KV_IS_FLAT ? '.' : '/', project);
	for (char *at = path.ptr + strlen(RECORDS) + 1; *at; at++)
		if (*at == '/')
			*at = '.';
	return str_detach(&path);
}

err *center_state_load(struct target *target, const char *project, const char *command,
                       bool for_change, struct str *ret_image)
{
	(void)command, (void)for_change; /* two at once: the second to save is refused */
	struct center *center = center_of(target);
	AUTOPTR(kv_set) set = NULL;
	mem_free(center->state_path);
	center->state_path = path_of(center->kv, project);
	center->state_version = 0;
	TRY(kv_read(center->kv, KV_KEY, center->state_path, center_deadline(center), &set));
	const struct kv_pair *pair = kv_set_find(set, "");
	if (!pair)
		return NULL;
	center->state_version = pair->version;
	AUTO(str) packed = STR_INIT;
	err *e = base64_decode((struct view){ pair->value, pair->len }, BASE64_LINES, &packed);
	if (!e)
		e = inflate_add(ret_image, view_str(&packed), MAX_IMAGE_BYTES);
	return e ? err_wrap(e, "the records in '%s' cannot be read", center->state_path) : NULL;
}

/* The version of what was just written, for the next time. */
static err *take_version(struct center *center)
{
	AUTOPTR(kv_set) set = NULL;
	TRY(kv_read(center->kv, KV_KEY, center->state_path, center_deadline(center), &set));
	const struct kv_pair *pair = kv_set_find(set, "");
	center->state_version = pair ? pair->version : 0;
	return NULL;
}

err *center_state_save(struct target *target, const struct target_state *state)
{
	struct center *center = center_of(target);
	AUTO(str) text = STR_INIT;
	bool compares = kv_features(center->kv) & KV_CAN_COMPARE;
	AUTO(str) packed = STR_INIT;
	TRY(deflate_add(&packed, state->image));
	base64_add(&text, packed.ptr, packed.len, 0);
	struct kv_change change = { .path = center->state_path,
		                    .value = view_str(&text),
		                    .version = compares ? center->state_version : KV_ANY_VERSION };
	AUTO(mutex_hold) hold = mutex_hold(center->mutex);
	err *e = kv_change(center->kv, &change, 1, center_deadline(center));
	if (err_is(e, ERR_CONFLICT))
		return err_hint(e,
		                "another apply of '%s' runs, or ran meanwhile: look, and run again",
		                state->project);
	TRY(e);
	return compares ? take_version(center) : NULL;
}
