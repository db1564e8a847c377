#include "base/base.h"

#include "schema/kube_walk.h"

#include "base/map.h"
#include "base/suggest.h"
#include "json/json.h"

#define CHOICES_SHOWN 12u

/* --- places --- */

static const struct val_entry *list_entry(const struct kube_frame *item)
{
	return item->up ? item->up->entry : NULL;
}

void kube_add_path(const struct kube_frame *frame, struct str *path)
{
	if (!frame)
		return;
	kube_add_path(frame->up, path);
	if (frame->map) {
		val_path_add_key(path, frame->entry->key, frame->entry->key_len);
		return;
	}
	const char *name = frame->item_key ? val_get_str(frame->item, frame->item_key, NULL) : NULL;
	if (name && *name)
		str_addf(path, "[%s=%s]", frame->item_key, name);
	else
		val_path_add_index(path, frame->index);
}

static const char *container_of(const struct kube_frame *frame)
{
	static const char *const lists[] = { "containers", "initContainers",
		                             "ephemeralContainers" };
	for (; frame; frame = frame->up) {
		const struct val_entry *list = frame->map ? NULL : list_entry(frame);
		for (size_t i = 0; list && i < ARRAY_LEN(lists); i++)
			if (str_equal(list->key, lists[i]))
				return val_get_str(frame->item, "name", NULL);
	}
	return NULL;
}

/* --- telling --- */

static void tell(struct kube_walk *walk, const struct kube_frame *frame,
                 const struct kube_tell *tell, const char *message, const char *path)
{
	const struct kube_problem problem = {
		.kind = tell->kind,
		.at = tell->at,
		.map = frame ? frame->map : NULL,
		.entry = frame && frame->map ? frame->entry : NULL,
		.path = path,
		.message = message,
		.container = container_of(frame),
		.suggestion = tell->suggestion,
		.wanted = tell->wanted,
		.is_custom = walk->is_custom,
	};
	walk->check->report(walk->check->ctx, &problem);
}

static bool is_quiet(struct kube_walk *walk)
{
	if (walk->silent) {
		walk->n_problems++;
		return true;
	}
	return walk->n_problems++ >= KUBE_PROBLEMS_MAX;
}

void kube_tell(struct kube_walk *walk, const struct kube_frame *frame, const struct kube_tell *what,
               const char *fmt, ...)
{
	if (is_quiet(walk))
		return;
	AUTO(str) path = STR_INIT;
	AUTO(str) message = STR_INIT;
	kube_add_path(frame, &path);
	if (path.len)
		str_addf(&message, "%s: ", path.ptr);
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	tell(walk, frame, what, message.ptr, path.ptr);
}

void kube_tell_type(struct kube_walk *walk, const struct kube_frame *frame, const struct val *v,
                    enum val_kind wanted, const char *expected)
{
	const struct kube_tell what = { .kind = KUBE_WRONG_TYPE, .at = v, .wanted = wanted };
	if (v->kind == VAL_NULL)
		kube_tell(walk, frame, &what, "expected %s, found null", expected);
	else
		kube_tell(walk, frame, &what, "expected %s, found %s", expected, val_kind_text(v));
}

void kube_tell_unknown(struct kube_walk *walk, const struct kube_frame *frame,
                       const char *suggestion, const char *why)
{
	const struct kube_tell what = { .kind = KUBE_UNKNOWN_FIELD,
		                        .at = frame->entry->value,
		                        .suggestion = suggestion };
	if (suggestion)
		kube_tell(walk, frame, &what, "unknown field: did you mean '%s'?", suggestion);
	else if (why)
		kube_tell(walk, frame, &what, "unknown field: %s", why);
	else
		kube_tell(walk, frame, &what, "unknown field");
}

void kube_tell_missing(struct kube_walk *walk, const struct kube_frame *frame,
                       const struct val *map, const char *name)
{
	const struct kube_tell what = { .kind = KUBE_MISSING_FIELD, .at = map, .suggestion = name };
	kube_tell(walk, frame, &what, "the field '%s' is required", name);
}

void kube_tell_choice(struct kube_walk *walk, const struct kube_frame *frame, const struct val *v,
                      const char *const *choices, size_t n_choices)
{
	if (is_quiet(walk))
		return;
	walk->n_problems--;
	AUTO(str) list = STR_INIT;
	for (size_t i = 0; i < n_choices && i < CHOICES_SHOWN; i++)
		str_addf(&list, "%s%s", i ? ", " : "", *choices[i] ? choices[i] : "\"\"");
	if (n_choices > CHOICES_SHOWN)
		str_addf(&list, " and %zu more", n_choices - CHOICES_SHOWN);
	const char *text = v->kind == VAL_STR ? v->as.str.ptr : NULL;
	const struct kube_tell what = {
		.kind = KUBE_NOT_IN_ENUM,
		.at = v,
		.suggestion = text ? suggest_nearest(text, choices, n_choices) : NULL,
	};
	if (what.suggestion)
		kube_tell(walk, frame, &what, "'%s' is none of %s: did you mean '%s'?", text,
		          list.ptr, what.suggestion);
	else if (text)
		kube_tell(walk, frame, &what, "'%s' is none of %s", text, list.ptr);
	else
		kube_tell(walk, frame, &what, "%s is none of %s", val_kind_text(v), list.ptr);
}

bool kube_is_opaque(const struct kube_walk *walk, const struct val *v)
{
	return walk->check->is_encrypted && v->kind == VAL_STR && str_starts(v->as.str.ptr, "ENC[");
}

bool kube_is_directive(const struct kube_walk *walk, const char *key)
{
	return walk->check->is_patch && *key == '$';
}

/* --- items that must differ --- */

/* False when the item has no identity: another problem, or none. */
static bool identity_of(const struct val *item, const struct kube_unique *unique,
                        struct str *identity)
{
	str_reset(identity);
	if (!unique->n_keys) {
		json_write(item, JSON_SORTED, identity);
		return true;
	}
	for (size_t i = 0; i < unique->n_keys; i++) {
		const struct val *part = val_get(item, unique->keys[i]);
		const char *fallback = unique->defaults ? unique->defaults[i] : NULL;
		if (part && part->kind != VAL_NULL)
			json_write(part, 0, identity);
		else if (fallback && *fallback)
			str_addf(identity, "\"%s\"", fallback);
		else
			return false;
		str_addch(identity, ' ');
	}
	return identity->len > 0;
}

static void describe(const struct val *item, const struct kube_unique *unique, struct str *text)
{
	for (size_t i = 0; i < unique->n_keys; i++) {
		const struct val *part = val_get(item, unique->keys[i]);
		str_addf(text, "%s%s ", i ? ", " : "", unique->keys[i]);
		if (part && part->kind != VAL_NULL)
			json_write(part, 0, text);
		else
			str_addf(text, "\"%s\"", unique->defaults[i]);
	}
}

void kube_check_unique(struct kube_walk *walk, const struct kube_frame *frame,
                       const struct val *list, const struct kube_unique *unique)
{
	if (val_len(list) < 2)
		return;
	struct map seen = MAP_INIT;
	AUTO(str) identity = STR_INIT;
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, list)) {
		if (!identity_of(item, unique, &identity))
			continue;
		if (!map_has(&seen, identity.ptr)) {
			map_set(&seen, identity.ptr, NULL);
			continue;
		}
		const struct kube_frame at = { .up = frame, .item = item, .index = i };
		const struct kube_tell what = { .kind = KUBE_DUPLICATE_ITEM, .at = item };
		AUTO(str) text = STR_INIT;
		describe(item, unique, &text);
		if (unique->n_keys)
			kube_tell(walk, &at, &what, "another item of the list has %s, too",
			          text.ptr);
		else
			kube_tell(walk, &at, &what, "the same item is in the list already");
	}
	map_clear(&seen);
}
