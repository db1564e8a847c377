#include "base/base.h"

#include "inventory/inventory.h"
#include "inventory/private.h"
#include "base/vec.h"

/* --- reading the two lists --- */

static const char objects_sql[] =
	"SELECT key, location, uid, origin, state, is_sensitive, before IS NOT NULL, digest,"
	" pending_digest, run, time_ms FROM object WHERE project=?1 ORDER BY key";

/* What a killed run intended; the next run turns it into rows of `object` (recover.c). */
static const char open_sql[] =
	"SELECT c.key, c.location, c.action, c.is_sensitive, c.before IS NOT NULL, c.digest, c.run,"
	" r.started_ms FROM run AS r JOIN change AS c ON c.project=r.project AND c.run=r.number"
	" WHERE r.project=?1 AND r.result='running' AND c.outcome='pending' AND c.action<>'forget'"
	" ORDER BY c.key, c.run";

static err *load_object(struct db_stmt *stmt, struct arena *arena, struct inv_object *ret_object)
{
	struct inv_object object = {
		.key = inv_column_copy(stmt, 0, arena),
		.location = inv_column_copy(stmt, 1, arena),
		.uid = inv_column_copy(stmt, 2, arena),
		.is_sensitive = db_column_int(stmt, 5) != 0,
		.has_before = db_column_int(stmt, 6) != 0,
		.run = db_column_int(stmt, 9),
		.time_ms = db_column_int(stmt, 10),
	};
	TRY(inv_parse_origin(db_column_text(stmt, 3), &object.origin));
	TRY(inv_parse_state(db_column_text(stmt, 4), &object.state));
	object.has_digest = inv_column_digest(stmt, 7, object.digest);
	object.has_pending_digest = inv_column_digest(stmt, 8, object.pending_digest);
	*ret_object = object;
	return NULL;
}

/* Lay one open change over the object as it is recorded (zeroes: not recorded yet). */
static err *lay_over(struct db_stmt *stmt, struct arena *arena, struct inv_object *object)
{
	enum inv_action action;
	TRY(inv_parse_action(db_column_text(stmt, 2), &action));
	if (!object->key) {
		object->key = inv_column_copy(stmt, 0, arena);
		object->origin = action == INV_CREATE ? INV_CREATED : INV_ADOPTED;
	}
	if (!object->has_digest)
		object->location = inv_column_copy(stmt, 1, arena);
	object->is_sensitive = object->is_sensitive || db_column_int(stmt, 3) != 0;
	object->has_before = object->has_before || db_column_int(stmt, 4) != 0;
	object->state = inv_pending_state(action, object->has_digest, object->origin);
	object->has_pending_digest = inv_column_digest(stmt, 5, object->pending_digest);
	object->run = db_column_int(stmt, 6);
	object->time_ms = db_column_int(stmt, 7);
	return NULL;
}

typedef VEC(struct inv_object) object_vec;

/* Both lists are sorted by key: one pass merges them. */
static err *merge(struct db_stmt *objects, struct db_stmt *open, struct arena *arena,
                  object_vec *list)
{
	bool has_object = false, has_open = false;
	TRY(db_step(objects, &has_object));
	TRY(db_step(open, &has_open));
	while (has_object || has_open) {
		struct inv_object object = { 0 };
		int order = !has_object ? 1
		            : !has_open
		                    ? -1
		                    : strcmp(db_column_text(objects, 0), db_column_text(open, 0));
		if (order <= 0) {
			TRY(load_object(objects, arena, &object));
			TRY(db_step(objects, &has_object));
		}
		const char *key = order < 0 ? NULL : arena_strdup(arena, db_column_text(open, 0));
		while (key && has_open && str_equal(key, db_column_text(open, 0))) {
			TRY(lay_over(open, arena, &object));
			TRY(db_step(open, &has_open));
		}
		vec_push(list, object);
	}
	return NULL;
}

static err *load_objects(struct inv_project *project, struct arena *arena, object_vec *list)
{
	struct db *db = project->inv->db;
	AUTOPTR(db_stmt) objects = NULL;
	AUTOPTR(db_stmt) open = NULL;
	TRY(db_prepare(db, objects_sql, &objects));
	TRY(db_prepare(db, open_sql, &open));
	db_bind_int(objects, 1, project->id);
	db_bind_int(open, 1, project->id);
	return merge(objects, open, arena, list);
}

err *inv_objects(struct inv_project *project, struct arena *arena, struct inv_object_list *ret_list)
{
	*ret_list = (struct inv_object_list){ NULL, 0 };
	if (!project->id)
		return NULL;
	HOLD(project->inv->mutex);
	object_vec list = VEC_INIT;
	err *e = load_objects(project, arena, &list);
	if (!e && list.len) {
		ret_list->ptr = arena_zalloc(arena, list.len, sizeof(*list.ptr));
		memcpy(ret_list->ptr, list.ptr, list.len * sizeof(*list.ptr));
		ret_list->len = list.len;
	}
	vec_clear(&list);
	return e;
}

const struct inv_object *inv_object_find(const struct inv_object_list *list, const char *key)
{
	size_t low = 0, high = list->len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key, list->ptr[middle].key);
		if (order == 0)
			return &list->ptr[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* --- one object --- */

/*
 * The change that may have put the object there: still open, else of unknown outcome, else the
 * present version. One that repeats the present version has no text of its own: it falls through.
 */
/* CROSS JOIN keeps the order: else the planner goes through all changes for each object. */
static const char manifest_sql[] =
	"SELECT c.is_sensitive, t.bytes FROM ("
	"SELECT 1 AS rank, c.run, c.seq FROM run AS r CROSS JOIN change AS c"
	" ON c.project=r.project AND c.run=r.number"
	" WHERE r.project=?1 AND r.result='running' AND c.key=?2 AND c.outcome='pending'"
	" UNION ALL SELECT 2, pending_run, pending_seq FROM object WHERE project=?1 AND key=?2"
	" UNION ALL SELECT 3, version_run, version_seq FROM object WHERE project=?1 AND key=?2"
	") AS v CROSS JOIN change AS c ON c.project=?1 AND c.run=v.run AND c.seq=v.seq"
	" LEFT JOIN text AS t ON t.id=c.manifest"
	" WHERE c.is_sensitive OR t.bytes IS NOT NULL ORDER BY v.rank LIMIT 1";

static err *unknown_key(const struct inv_project *project, const char *key)
{
	return err_new(ERR_NOT_FOUND, "cannot find '%s': project '%s' does not own it", key,
	               project->name);
}

static err *find_manifest(struct inv_project *project, const char *key, struct str *ret_manifest)
{
	struct db_stmt *stmt = project->find_manifest;
	bool has_row = false;
	db_bind_int(stmt, 1, project->id);
	db_bind_text(stmt, 2, key);
	TRY(db_step(stmt, &has_row));
	if (!has_row)
		return unknown_key(project, key);
	if (db_column_int(stmt, 0))
		return err_new(ERR_UNSUPPORTED,
		               "cannot give the manifest of '%s': it is sensitive and was not kept",
		               key);
	struct view bytes = db_column_blob(stmt, 1);
	str_reset(ret_manifest);
	str_add(ret_manifest, bytes.ptr, bytes.len);
	return NULL;
}

err *inv_manifest(struct inv_project *project, const char *key, struct str *ret_manifest)
{
	if (!project->id)
		return unknown_key(project, key);
	HOLD(project->inv->mutex);
	if (!project->find_manifest)
		TRY(db_prepare(project->inv->db, manifest_sql, &project->find_manifest));
	err *e = find_manifest(project, key, ret_manifest);
	db_reset(project->find_manifest);
	return e;
}

static const char before_sql[] =
	"SELECT coalesce("
	"(SELECT before FROM object WHERE project=?1 AND key=?2),"
	"(SELECT before FROM change WHERE project=?1 AND key=?2 AND before IS NOT NULL"
	" ORDER BY run LIMIT 1))";

static err *find_before(struct inv_project *project, const char *key, struct str *ret_before)
{
	AUTOPTR(db_stmt) stmt = NULL;
	bool has_row = false;
	TRY(db_prepare(project->inv->db, before_sql, &stmt));
	db_bind_int(stmt, 1, project->id);
	db_bind_text(stmt, 2, key);
	TRY(db_step(stmt, &has_row));
	int64_t id = db_column_int(stmt, 0);
	if (!id)
		return err_new(ERR_NOT_FOUND,
		               "cannot give the former content of '%s': none is kept", key);
	return inv_read_text(project->inv->db, id, ret_before);
}

err *inv_before(struct inv_project *project, const char *key, struct str *ret_before)
{
	if (!project->id)
		return unknown_key(project, key);
	HOLD(project->inv->mutex);
	return find_before(project, key, ret_before);
}

/* --- other projects --- */

static const char claims_sql[] =
	"SELECT o.location, p.name, o.key FROM project AS p JOIN object AS o ON o.project=p.id"
	" WHERE p.target=?1 AND p.name<>?2 ORDER BY o.location, p.name";

static err *load_claims(struct inv_project *project, struct arena *arena,
                        struct inv_claim_list *ret_list)
{
	AUTOPTR(db_stmt) stmt = NULL;
	TRY(db_prepare(project->inv->db, claims_sql, &stmt));
	db_bind_text(stmt, 1, project->target);
	db_bind_text(stmt, 2, project->name);
	struct inv_claim *items = NULL;
	size_t len = 0, cap = 0;
	for (bool has_row = true;;) {
		TRY(db_step(stmt, &has_row));
		if (!has_row)
			break;
		if (len == cap) { /* the arena gives old arrays back at its end: double */
			struct inv_claim *larger =
				arena_zalloc(arena, cap ? cap * 2 : 64, sizeof(*larger));
			if (len)
				memcpy(larger, items, len * sizeof(*larger));
			items = larger;
			cap = cap ? cap * 2 : 64;
		}
		items[len++] = (struct inv_claim){
			.location = inv_column_copy(stmt, 0, arena),
			.project = inv_column_copy(stmt, 1, arena),
			.key = inv_column_copy(stmt, 2, arena),
		};
	}
	*ret_list = (struct inv_claim_list){ items, len };
	return NULL;
}

err *inv_other_claims(struct inv_project *project, struct arena *arena,
                      struct inv_claim_list *ret_list)
{
	*ret_list = (struct inv_claim_list){ NULL, 0 };
	if (!project->inv->db)
		return NULL;
	HOLD(project->inv->mutex);
	return load_claims(project, arena, ret_list);
}

/* --- forget --- */

/* What the key still holds: its versions end with the newest run, its texts of `before` go. */
static const char *const forget_sql[] = {
	"DELETE FROM text WHERE id=(SELECT before FROM object WHERE project=?1 AND key=?2)",
	("UPDATE change SET until_run=(SELECT max(number) FROM run WHERE project=?1)"
	 " WHERE project=?1 AND key=?2 AND until_run IS NULL"),
	"DELETE FROM object WHERE project=?1 AND key=?2",
};

static err *forget(struct inv_project *project, const char *key)
{
	struct db *db = project->inv->db;
	AUTO(db_tx) tx = DB_TX_INIT;
	TRY(db_begin(db, &tx));
	TRY(inv_recover_project(db, project->id));
	for (size_t i = 0; i < ARRAY_LEN(forget_sql); i++) {
		AUTOPTR(db_stmt) stmt = NULL;
		TRY(db_prepare(db, forget_sql[i], &stmt));
		db_bind_int(stmt, 1, project->id);
		db_bind_text(stmt, 2, key);
		TRY(db_run(stmt));
	}
	if (db_changes(db) == 0)
		return unknown_key(project, key);
	return db_commit(&tx);
}

err *inv_forget(struct inv_project *project, const char *key)
{
	if (!project->id)
		return unknown_key(project, key);
	mutex_lock(project->inv->mutex);
	err *e = forget(project, key);
	mutex_unlock(project->inv->mutex);
	return e ? e : inv_flush(project->inv);
}
