#include "base/base.h"

#include "base/path.h"

size_t path_drive_len(const char *path)
{
	bool is_letter = (path[0] >= 'a' && path[0] <= 'z') || (path[0] >= 'A' && path[0] <= 'Z');
	return is_letter && path[1] == ':' ? 2 : 0;
}

bool path_is_absolute(const char *path)
{
	size_t drive = path_drive_len(path);
	return path[drive] == '/' || (drive && path[drive] == '\\');
}

char *path_join(const char *a, const char *b)
{
	if (path_is_absolute(b) || !*a)
		return mem_strdup(b);
	if (!*b)
		return mem_strdup(a);
	return str_format(str_ends(a, "/") ? "%s%s" : "%s/%s", a, b);
}

static void pop_component(struct str *out, size_t root_len, bool is_absolute)
{
	size_t cut = out->len;
	while (cut > root_len && out->ptr[cut - 1] != '/')
		cut--;
	bool is_parent = out->len - cut == 2 && memcmp(out->ptr + cut, "..", 2) == 0;
	if (out->len == root_len || is_parent) {
		if (!is_absolute) {
			if (out->len > root_len)
				str_addch(out, '/');
			str_addz(out, "..");
		}
		return;
	}
	str_truncate(out, cut > root_len ? cut - 1 : cut);
}

/* Behind a drive a backslash separates; elsewhere it is a byte of a name. */
static char *slashed(const char *path)
{
	char *copy = mem_strdup(path);
	if (path_drive_len(path))
		for (char *at = strchr(copy, '\\'); at; at = strchr(at, '\\'))
			*at = '/';
	return copy;
}

char *path_clean(const char *given)
{
	struct str out = STR_INIT;
	AUTOFREE char *path = slashed(given);
	size_t drive = path_drive_len(path);
	bool is_absolute = path_is_absolute(path);
	str_add(&out, path, drive);
	if (is_absolute)
		str_addch(&out, '/');
	size_t root_len = out.len;
	struct view rest = view_of(path + drive), part;
	while (view_split(&rest, '/', &part)) {
		if (part.len == 0 || view_is(part, "."))
			continue;
		if (view_is(part, "..")) {
			pop_component(&out, root_len, is_absolute);
			continue;
		}
		if (out.len > root_len)
			str_addch(&out, '/');
		str_add(&out, part.ptr, part.len);
	}
	if (out.len == 0)
		str_addch(&out, '.');
	return str_detach(&out);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return mem_strdup(".");
	if (slash == path || (path_drive_len(path) && slash == path + 2))
		return mem_strndup(path, (size_t)(slash - path) + 1);
	return mem_strndup(path, (size_t)(slash - path));
}

bool path_is_inside(const char *path)
{
	AUTOFREE char *clean = path_clean(path);
	return !path_is_absolute(clean) && path_drive_len(clean) == 0 && !str_equal(clean, "..") &&
	       !str_starts(clean, "../");
}

const char *path_extension(const char *path)
{
	const char *base = path_base(path);
	const char *dot = strrchr(base, '.');
	return dot && dot != base ? dot : "";
}

char *path_resolve(const char *dir, const char *path)
{
	if (path_is_absolute(path))
		return mem_strdup(path);
	AUTOFREE char *joined = path_join(dir, path);
	return path_clean(joined);
}
