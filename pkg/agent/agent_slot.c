#include "base/base.h"

#include "agent/agent_slot.h"

#include "json/json.h"
#include "pal/clock.h"
#include "pal/loop.h"
#include "pal/proc.h"
#include "pal/random.h"
#include "pal/user.h"
#include "schema/schema.h"

enum {
	SLOT_MS = 120000,
	LOOK_MS = 500,
	REQUEST_MS = 10000,
	GIVE_UP_SLOTS = 10, /* as many times the life of a slot are waited for one */
};

struct agent_slot {
	struct agent_slot_options options;
	struct loop *loop;
	struct kv *kv;
	const char *key;
	int64_t count, life_ms;
	char *holder; /* "host:pid:unit" */
};

static void slot_free(struct agent_slot *slot)
{
	kv_free(slot->kv);
	loop_free(slot->loop);
	mem_free(slot->holder);
	mem_free(slot);
}

/* --- who is at it: {"host:1:unit": "until, in ms since 1970"} --- */

static err *read_holders(struct agent_slot *slot, struct arena *a, struct val **ret_holders,
                         uint64_t *ret_version)
{
	AUTOPTR(kv_set) set = NULL;
	struct val *all = NULL;
	const struct val_entry *entry;
	TRY(kv_read(slot->kv, KV_KEY, slot->key, deadline_after(REQUEST_MS), &set));
	const struct kv_pair *pair = kv_set_find(set, "");
	*ret_version = pair ? pair->version : 0;
	if (pair && pair->len)
		TRY(json_read(pair->value, pair->len, slot->key, a, &all));
	struct val *holders = val_new_map(a);
	int64_t now_ms = clock_wall_ns() / CLOCK_NS_PER_MS;
	for (VAL_EACH_ENTRY(i, entry, all))
		if (val_get_int(all, entry->key, 0) > now_ms)
			val_set(a, holders, arena_strdup(a, entry->key), val_copy(a, entry->value));
	*ret_holders = holders;
	return NULL;
}

static err *write_holders(struct agent_slot *slot, const struct val *holders, uint64_t version)
{
	AUTO(str) text = STR_INIT;
	json_write(holders, JSON_SORTED, &text);
	const struct kv_change change = { .path = slot->key,
		                          .value = view_str(&text),
		                          .version = version };
	return kv_change(slot->kv, &change, 1, deadline_after(REQUEST_MS));
}

/* *ret_is_done stays false when all slots are taken, or somebody was faster. */
static err *try_take(struct agent_slot *slot, bool *ret_is_done)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *holders;
	uint64_t version;
	TRY(read_holders(slot, &arena, &holders, &version));
	if ((int64_t)val_len(holders) >= slot->count && !val_get(holders, slot->holder))
		return NULL;
	int64_t until_ms = clock_wall_ns() / CLOCK_NS_PER_MS + slot->life_ms;
	val_set(&arena, holders, slot->holder, val_new_int(&arena, until_ms));
	err *e = write_holders(slot, holders, version);
	if (err_is(e, ERR_CONFLICT)) {
		err_ignore(e, "somebody was faster");
		return NULL;
	}
	*ret_is_done = !e;
	return e;
}

static err *try_give(struct agent_slot *slot, bool *ret_is_done)
{
	AUTO(arena) arena = ARENA_INIT;
	struct val *holders;
	uint64_t version;
	TRY(read_holders(slot, &arena, &holders, &version));
	val_remove(holders, slot->holder);
	err *e = write_holders(slot, holders, version);
	*ret_is_done = !e;
	if (!err_is(e, ERR_CONFLICT))
		return e;
	err_ignore(e, "somebody was faster");
	return NULL;
}

/* --- taking one --- */

static err *open_slot(struct agent_slot *slot)
{
	const struct val *settings = slot->options.settings;
	AUTO(str) host = STR_INIT;
	user_host_name(&host);
	slot->key = val_get_str(settings, "key", "");
	slot->count = val_get_int(settings, "count", 1);
	slot->life_ms = schema_duration_of(settings, "for");
	if (!slot->life_ms)
		slot->life_ms = SLOT_MS;
	slot->holder = str_format("%s:%" PRId64 ":%s", host.ptr, proc_self(), slot->options.unit);
	TRY(loop_new(NULL, &slot->loop));
	TRY(agent_source_open(slot->options.source, slot->loop, slot->options.decrypt, &slot->kv));
	if (!(kv_features(slot->kv) & KV_CAN_COMPARE))
		return err_hint(err_new(ERR_UNSUPPORTED,
		                        "'%s' cannot keep slots: it cannot compare before it "
		                        "changes",
		                        kv_display(slot->kv)),
		                "etcd and Consul can");
	return NULL;
}

static err *wait_for_it(struct agent_slot *slot)
{
	struct deadline deadline = deadline_after(slot->life_ms * GIVE_UP_SLOTS);
	bool is_done = false;
	TRY(try_take(slot, &is_done));
	while (!is_done) {
		if (slot->options.cancel && atomic_load(slot->options.cancel))
			return err_new(ERR_CANCELLED, "the agent ends");
		if (deadline_is_over(deadline))
			return err_new(ERR_TIMEOUT, "no slot of '%s' became free", slot->key);
		clock_sleep_ms(random_jitter_ms(LOOK_MS, 50));
		TRY(try_take(slot, &is_done));
	}
	return NULL;
}

err *agent_slot_take(const struct agent_slot_options *options, struct agent_slot **ret_slot)
{
	struct agent_slot *slot = MEM_NEW(struct agent_slot);
	slot->options = *options;
	err *e = open_slot(slot);
	if (!e)
		e = wait_for_it(slot);
	if (e) {
		slot_free(slot);
		return err_wrap(e, "cannot get a slot to reload in");
	}
	*ret_slot = slot;
	return NULL;
}

void agent_slot_give(struct agent_slot *slot)
{
	enum { TRIES = 20 };
	bool is_done = false;
	err *e = NULL;
	if (!slot)
		return;
	for (int i = 0; i < TRIES && !is_done && !e; i++)
		e = try_give(slot, &is_done);
	err_ignore(e, "it ends by itself");
	slot_free(slot);
}
