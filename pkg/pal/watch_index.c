#include "base/base.h"
#include "pal/watch.h"

#include "base/path.h"
#include "pal/fs.h"
#include "pal/watch_impl.h"

/* As the kernel's own limit; a loop of symlinks ends here. */
#define MAX_SYMLINKS 40

/* ---- folders and links -------------------------------------------------------------------- */

static struct watch_dir *dir_get(struct watch *watch, const char *path)
{
	struct watch_dir *dir = map_get(&watch->dirs, path);
	if (dir)
		return dir;

	dir = MEM_NEW(struct watch_dir);
	dir->path = mem_strdup(path);
	dir->id = -1;
	map_set(&watch->dirs, path, dir);
	return dir;
}

static void dir_drop_if_unused(struct watch *watch, struct watch_dir *dir)
{
	if (dir->link_count > 0)
		return;
	if (dir->id >= 0)
		watch_os_disarm(watch, dir);
	map_remove(&watch->dirs, dir->path);
	map_clear(&dir->names);
	mem_free(dir->path);
	mem_free(dir);
}

static void link_push(struct watch_link **head, struct watch_link *link)
{
	link->next = *head;
	if (link->next)
		link->next->before = &link->next;
	*head = link;
	link->before = head;
}

/*
 * The first link of a name hangs in the map, whose memory moves when it grows: so its `before` is
 * NULL and the map is asked.
 */
static void link_insert(struct watch_link *link)
{
	struct watch_dir *dir = link->dir;

	dir->link_count++;
	dir->wants_contents |= link->is_last;
	if (!link->name) {
		link_push(&dir->any, link);
		return;
	}
	link->next = map_set(&dir->names, link->name, link);
	if (link->next)
		link->next->before = &link->next;
	link->before = NULL;
}

static void link_remove(struct watch *watch, struct watch_link *link)
{
	struct watch_dir *dir = link->dir;

	if (link->next)
		link->next->before = link->before;
	if (link->before)
		*link->before = link->next;
	else if (link->next)
		map_set(&dir->names, link->name, link->next);
	else
		map_remove(&dir->names, link->name);
	dir->link_count--;
	dir_drop_if_unused(watch, dir);
	mem_free(link->name);
	mem_free(link);
}

static void links_clear(struct watch *watch, struct watch_links *links)
{
	for (size_t i = 0; i < links->len; i++)
		link_remove(watch, links->ptr[i]);
	vec_clear(links);
}

void watch_unlink(struct watch *watch, struct watch_entry *entry)
{
	links_clear(watch, &entry->links);
}

/* ---- resolving ---------------------------------------------------------------------------- */

struct walk {
	struct watch *watch;
	struct watch_entry *entry;
	struct watch_links links;
	struct str dir;  /* physical: no symlinks in it */
	struct str rest; /* what is still to be walked */
	int symlinks;
	bool must_poll;
};

/* Depend on `name` (NULL: any) in the folder reached so far, and arm it. */
static void add_link(struct walk *walk, const char *name, bool is_last)
{
	struct watch_dir *dir = dir_get(walk->watch, walk->dir.ptr);
	struct watch_link *link = MEM_NEW(struct watch_link);

	link->dir = dir;
	link->entry = walk->entry;
	link->name = name ? mem_strdup(name) : NULL;
	link->is_last = is_last;
	link_insert(link);
	vec_push(&walk->links, link);

	if (dir->armed_epoch != walk->watch->epoch || (dir->wants_contents && !dir->arm_contents)) {
		dir->armed_epoch = walk->watch->epoch;
		dir->arm_contents = dir->wants_contents;
		dir->arm = watch_os_arm(walk->watch, dir);
	}
	/* A folder on the way that we may pass but not read is taken on trust. */
	if (dir->arm == WATCH_ARM_FAILED || (dir->arm == WATCH_ARM_DENIED && is_last))
		walk->must_poll = true;
}

/* Cut the first component off `rest`; false at the end. */
static bool next_component(struct walk *walk, struct str *ret_name)
{
	const char *at = walk->rest.ptr;

	while (*at == '/')
		at++;
	size_t len = strcspn(at, "/");
	str_reset(ret_name);
	str_add(ret_name, at, len);

	AUTO(str) rest = STR_INIT;
	str_addz(&rest, at + len);
	str_reset(&walk->rest);
	str_add_str(&walk->rest, &rest);
	return ret_name->len > 0;
}

static bool is_at_end(const struct walk *walk)
{
	return walk->rest.ptr[strspn(walk->rest.ptr, "/")] == '\0';
}

static void set_dir(struct walk *walk, char *take_path)
{
	str_reset(&walk->dir);
	str_addz(&walk->dir, take_path);
	mem_free(take_path);
}

static enum fs_type look(const char *path)
{
	struct fs_stat info;
	err *e = fs_lstat(path, &info);

	if (!e)
		return info.type;
	err_ignore(e, "missing or out of reach: the watch stays where it is");
	return FS_NONE;
}

/* Goes on behind the link; false when it leads nowhere. */
static bool follow(struct walk *walk, const char *path)
{
	AUTO(str) target = STR_INIT;

	if (++walk->symlinks > MAX_SYMLINKS)
		return false;
	err *e = fs_readlink(path, &target);
	if (e) {
		err_ignore(e, "gone again: its folder tells when it is back");
		return false;
	}
	size_t root_len = path_is_absolute(target.ptr) ? watch_os_root_len(target.ptr) : 0;
	if (root_len > 0)
		set_dir(walk, mem_strndup(target.ptr, root_len));
	str_addch(&target, '/');
	str_add_str(&target, &walk->rest);
	str_reset(&walk->rest);
	str_addz(&walk->rest, target.ptr + root_len);
	return true;
}

/* One component; false when the walk ends here. */
static bool step(struct walk *walk, const char *name)
{
	AUTOFREE char *path = path_join(walk->dir.ptr, name);
	bool is_last = is_at_end(walk);

	if (watch_os_needs_steps || is_last || look(path) != FS_DIR)
		add_link(walk, name, is_last);
	/* Only now, when its coming and going is noticed. */
	switch (look(path)) {
	case FS_DIR:
		set_dir(walk, steal(&path));
		if (is_last && (walk->entry->flags & WATCH_ENTRIES))
			add_link(walk, NULL, true);
		return true;
	case FS_SYMLINK:
		return follow(walk, path);
	default:
		return false;
	}
}

static void walk_path(struct walk *walk, size_t root_len)
{
	AUTO(str) name = STR_INIT;

	set_dir(walk, mem_strndup(walk->entry->full, root_len));
	str_addz(&walk->rest, walk->entry->full + root_len);
	/* The root folder has no name in any folder. */
	if (is_at_end(walk) && (walk->entry->flags & WATCH_ENTRIES))
		add_link(walk, NULL, true);
	while (next_component(walk, &name)) {
		if (str_equal(name.ptr, "."))
			continue;
		if (str_equal(name.ptr, ".."))
			set_dir(walk, path_dir(walk->dir.ptr));
		else if (!step(walk, name.ptr))
			return;
	}
}

void watch_resolve(struct watch *watch, struct watch_entry *entry)
{
	struct walk walk = { watch, entry, VEC_INIT, STR_INIT, STR_INIT, 0, false };
	size_t root_len = watch->os ? watch_os_root_len(entry->full) : 0;
	struct watch_links old = entry->links;

	if (root_len > 0)
		walk_path(&walk, root_len);
	/* The old ones last: folders that are in both stay armed. */
	entry->links = walk.links;
	links_clear(watch, &old);
	watch_set_polled(watch, entry, walk.must_poll || root_len == 0 || !watch_os_has_contents);
	str_clear(&walk.dir);
	str_clear(&walk.rest);
}

/* ---- events ------------------------------------------------------------------------------- */

static void touch(struct watch *watch, struct watch_entry *entry)
{
	if (entry->is_queued)
		return;
	entry->is_queued = true;
	vec_push(&watch->touched, entry);
}

static void touch_links(struct watch *watch, struct watch_link *first, enum watch_event event)
{
	for (struct watch_link *link = first; link; link = link->next) {
		/* Writes into a folder or its new mode do not change the way through it. */
		if (event == WATCH_EVENT_CONTENT && !link->is_last)
			continue;
		touch(watch, link->entry);
		watch_mark(watch, link->entry, WATCH_CHANGED);
		link->entry->must_resolve |= event != WATCH_EVENT_CONTENT;
	}
}

/* The kernel only said "something in this folder": the signatures know what. */
static void compare_links(struct watch *watch, struct watch_link *first)
{
	for (struct watch_link *link = first; link; link = link->next) {
		touch(watch, link->entry);
		link->entry->must_resolve = true;
		link->entry->must_compare = true;
	}
}

static void touch_all_names(struct watch *watch, struct watch_dir *dir, enum watch_event event)
{
	for (struct map_entry *item = map_first(&dir->names); item;
	     item = map_next(&dir->names, item)) {
		if (event == WATCH_EVENT_SELF)
			touch_links(watch, item->value, event);
		else
			compare_links(watch, item->value);
	}
}

void watch_event(struct watch *watch, struct watch_dir *dir, const char *name,
                 enum watch_event event)
{
	if (!name || event == WATCH_EVENT_SELF) {
		touch_all_names(watch, dir, event);
		if (event == WATCH_EVENT_SELF)
			touch_links(watch, dir->any, event);
		else
			compare_links(watch, dir->any);
		return;
	}
	touch_links(watch, map_get(&dir->names, name), event);
	touch_links(watch, dir->any, event);
}

void watch_lost(struct watch *watch)
{
	for (struct map_entry *item = map_first(&watch->entries); item;
	     item = map_next(&watch->entries, item)) {
		struct watch_entry *entry = item->value;
		touch(watch, entry);
		entry->must_resolve = true;
		watch_mark(watch, entry, WATCH_CHANGED | WATCH_LOST);
	}
}
