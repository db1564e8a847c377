/* Which API versions there are, in which minor. */
#include "base/base.h"

#include "schema/kube_schema.h"

#include "base/num.h"
#include "base/suggest.h"
#include "schema/kube_table.h"

#define CANDIDATES_MAX 512u

static const char *string_at(uint16_t offset)
{
	return kube_table.strings + offset;
}

static const char *string_or_null(uint16_t offset)
{
	return offset ? string_at(offset) : NULL;
}

unsigned kube_minor_oldest(void)
{
	return kube_table.first_minor;
}

unsigned kube_minor_newest(void)
{
	return kube_table.first_minor + kube_table.n_minors - 1;
}

bool kube_minor_parse(const char *text, unsigned *ret_minor)
{
	uint64_t minor;
	if (*text == 'v')
		text++;
	if (!str_starts(text, "1."))
		return false;
	const char *digits = text + 2;
	size_t len = strcspn(digits, ".-+");
	if (!num_parse_u64(digits, len, 10, &minor) || minor < kube_minor_oldest() ||
	    minor > kube_minor_newest())
		return false;
	*ret_minor = (unsigned)minor;
	return true;
}

/* --- kinds --- */

static size_t first_of_kind(const char *kind)
{
	size_t low = 0, high = kube_table.n_kinds;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(string_at(kube_table.kinds[middle].kind), kind) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of_kind(size_t row, const char *kind)
{
	return row < kube_table.n_kinds && str_equal(string_at(kube_table.kinds[row].kind), kind);
}

bool kube_api_find(const char *version, const char *kind, struct kube_api *ret_api)
{
	for (size_t i = first_of_kind(kind); is_of_kind(i, kind); i++) {
		const struct kube_kind_row *row = &kube_table.kinds[i];
		if (!str_equal(string_at(row->version), version))
			continue;
		*ret_api = (struct kube_api){
			.version = string_at(row->version),
			.kind = string_at(row->kind),
			.introduced = row->introduced,
			.deprecated = row->deprecated,
			.removed = row->removed,
			.instead_version = string_or_null(row->instead_version),
			.instead_kind = string_or_null(row->instead_kind),
			.type = row->type,
			.minors = row->minors,
		};
		return true;
	}
	return false;
}

bool kube_api_is_served(const struct kube_api *api, unsigned minor)
{
	return (api->minors >> (minor - kube_table.first_minor)) & 1u;
}

static struct view group_of(const char *version)
{
	const char *slash = strchr(version, '/');
	return (struct view){ version, slash ? (size_t)(slash - version) : 0 };
}

/* "v1", "v2beta1": what stands alone only in the core group. */
static bool is_version_name(const char *text)
{
	return text[0] == 'v' && text[1] >= '1' && text[1] <= '9';
}

bool kube_api_has_group(const char *version)
{
	struct view group = group_of(version);
	if (!group.len && !is_version_name(version))
		return false;
	for (size_t i = 0; i < kube_table.n_kinds; i++)
		if (view_equal(group_of(string_at(kube_table.kinds[i].version)), group))
			return true;
	return false;
}

const char *kube_kind_nearest(const char *version, const char *kind)
{
	const char *names[CANDIDATES_MAX];
	size_t n = 0;
	struct view group = group_of(version);
	for (size_t i = 0; i < kube_table.n_kinds && n < CANDIDATES_MAX; i++)
		if (view_equal(group_of(string_at(kube_table.kinds[i].version)), group))
			names[n++] = string_at(kube_table.kinds[i].kind);
	return suggest_nearest(kind, names, n);
}

/* The more stable, the higher: v1 before v1beta1 before v1alpha1. */
static int stability(const char *version)
{
	const char *slash = strchr(version, '/');
	const char *name = slash ? slash + 1 : version;
	return strstr(name, "alpha") ? 0 : strstr(name, "beta") ? 1 : 2;
}

const char *kube_kind_version(const char *kind, unsigned minor)
{
	const char *best = NULL;
	unsigned bit = 1u << (minor - kube_table.first_minor);
	for (size_t i = first_of_kind(kind); is_of_kind(i, kind); i++) {
		const struct kube_kind_row *row = &kube_table.kinds[i];
		const char *version = string_at(row->version);
		if ((row->minors & bit) && (!best || stability(version) >= stability(best)))
			best = version;
	}
	return best;
}
