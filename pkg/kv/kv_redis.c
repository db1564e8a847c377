/*
 * redis:// and rediss:// (TLS) — strings and hashes below a prefix; '/' in paths is ':' in Redis
 * (?separator=). ?db=N. Keyspace notifications tell of changes when the server sends them
 * (notify-keyspace-events), else it is asked every poll_ms.
 */
#include "base/base.h"

#include "kv/kv_all_drivers.h"

#include "base/arena.h"
#include "base/num.h"
#include "base/vec.h"
#include "crypto/secret.h"
#include "kv/kv_resp.h"
#include "pal/loop.h"
#include "val/val.h"

enum {
	DEFAULT_PORT = 6379,
	BATCH = 500, /* keys in one MGET */
	READ_BYTES = 16 << 10,
	MAX_DB = 1000000,
};

static const char *const schemes[] = { "redis", "rediss", NULL };

struct redis {
	char *url; /* for the connection */
	char *prefix;
	char separator;
	int64_t db;
};

struct link;
/* `value` is the answer to the oldest command that has none; `error` when it is one. */
typedef void link_fn(struct link *link, const struct val *value, const char *error);

/* A connection with what goes out and what came in. */
struct link {
	struct kv *kv;
	struct http_call *call;
	struct str out, in;
	struct arena arena; /* of the answer at hand */
	link_fn *on_answer;
	void (*on_fail)(struct link *link, err *take_error);
	void *owner;
	size_t skips; /* answers to AUTH and SELECT that are still to come */
	struct loop_timer *timer;
	bool is_open;
	bool is_idle; /* nothing is owed to us: a subscription. It is asked now and then whether it lives */
	bool is_pinged; /* … and has not said yet */
};

/* Of a watch. */
struct follow {
	struct kv_watch *watch;
	struct link read, news; /* commands, and the subscription */
	struct kv_set *set;
	VEC(char *) keys;   /* found by SCAN */
	size_t next;        /* of keys to be read */
	VEC(size_t) others; /* not strings: their types are asked */
	size_t next_other;
	enum { ASK_CONFIG, ASK_SCAN, ASK_VALUES, ASK_TYPES, ASK_HASHES } step;
	bool knows_push, can_push, is_subscribed, is_waiting, has_changed;
};

/* --- a connection --- */

static void link_close(struct link *link)
{
	http_call_drop(link->call);
	link->call = NULL;
	loop_timer_free(link->timer);
	link->timer = NULL;
	link->is_open = link->is_idle = link->is_pinged = false;
	secret_wipe(link->out.ptr, link->out.len);
	secret_wipe(link->in.ptr, link->in.len);
	str_clear(&link->out);
	str_clear(&link->in);
	arena_clear(&link->arena);
}

static void link_fail(struct link *link, err *take_error)
{
	link_close(link);
	link->on_fail(link, take_error);
}

static err *flush_out(struct link *link)
{
	size_t sent = 0;
	while (link->out.len > 0) {
		TRY(http_raw_send(link->call, view_str(&link->out), &sent));
		if (sent == 0)
			break;
		memmove(link->out.ptr, link->out.ptr + sent, link->out.len - sent);
		str_truncate(&link->out, link->out.len - sent);
	}
	http_raw_wait(link->call, LOOP_READ | (link->out.len ? LOOP_WRITE : 0u));
	return NULL;
}

static void send_words(struct link *link, const struct view *words, size_t count)
{
	resp_add(&link->out, words, count);
	err *e = link->is_open ? flush_out(link) : NULL;
	if (e)
		link_fail(link, e);
}

static void link_expect(struct link *link)
{
	const struct kv_policy *policy = &link->kv->options.policy;
	loop_timer_set(link->timer, link->is_idle ? policy->poll_ms : policy->request_ms);
}

/* A line may be dead without telling: answers have a time, and a subscription is asked whether it lives. */
static void on_late(void *ctx)
{
	struct link *link = ctx;
	if (!link->is_idle || link->is_pinged) {
		link_fail(link,
		          err_new(ERR_UNAVAILABLE, "'%s' does not answer", link->kv->display));
		return;
	}
	link->is_pinged = true;
	loop_timer_set(link->timer, link->kv->options.policy.request_ms);
	send_words(link, (struct view[]){ view_of("PING") }, 1);
}

static err *answer_error(const struct kv *kv, const char *text)
{
	enum err_kind kind = str_starts(text, "NOAUTH") || str_starts(text, "WRONGPASS") ? ERR_AUTH
	                     : str_starts(text, "NOPERM") ? ERR_DENIED
	                     : str_starts(text, "LOADING") || str_starts(text, "BUSY") ||
	                                     str_starts(text, "MASTERDOWN")
	                             ? ERR_UNAVAILABLE
	                             : ERR_INVALID;
	return err_new(kind, "'%s' answers: %.300s", kv->display, text);
}

/* True: there may be another one. The owner may close the link in between. */
static bool take_answer(struct link *link)
{
	struct val *value = NULL;
	size_t len = 0;
	enum resp_state state = resp_read(view_str(&link->in), &link->arena, &value, &len);
	if (state == RESP_MORE || link->in.len == 0)
		return false;
	if (state == RESP_BROKEN) {
		link_fail(link, err_new(ERR_INVALID, "'%s' does not speak Redis' protocol",
		                        link->kv->display));
		return false;
	}
	memmove(link->in.ptr, link->in.ptr + len, link->in.len - len);
	str_truncate(&link->in, link->in.len - len);
	const char *error = state == RESP_ERROR ? value->as.str.ptr : NULL;
	if (link->skips > 0) {
		link->skips--;
		if (error)
			link_fail(link, answer_error(link->kv, error));
		return !error;
	}
	link->on_answer(link, value, error);
	if (link->is_open)
		arena_reset(&link->arena);
	return link->is_open;
}

static void on_ready(void *ctx, unsigned ready)
{
	struct link *link = ctx;
	char buf[READ_BYTES];
	size_t len = 1;
	err *e = ready & LOOP_WRITE ? flush_out(link) : NULL;
	while (!e && len > 0) {
		e = http_raw_recv(link->call, buf, sizeof(buf), &len);
		if (!e && len > 0) {
			link->is_pinged = false;
			link_expect(link);
		}
		str_add(&link->in, buf, e ? 0 : len);
		if (!e && link->in.len > RESP_MAX_BYTES)
			e = err_new(ERR_LIMIT, "'%s' answers too much", link->kv->display);
	}
	while (take_answer(link))
		;
	if (e && link->is_open)
		link_fail(link, e);
	else
		err_ignore(e, "the link is closed");
}

static void on_open(void *ctx, err *take_error)
{
	struct link *link = ctx;
	if (take_error) {
		link->call = NULL;
		link_fail(link, take_error);
		return;
	}
	link->is_open = true;
	err *e = flush_out(link);
	if (e)
		link_fail(link, e);
}

/* Sign in first, then the database. */
static void greet(struct link *link)
{
	const struct kv_options *options = &link->kv->options;
	const struct redis *redis = link->kv->state;
	if (options->password.len) {
		struct view words[] = { view_of("AUTH"),
			                view_of(options->user ? options->user : "default"),
			                options->password };
		if (options->user)
			resp_add(&link->out, words, 3);
		else
			resp_add(&link->out, (struct view[]){ words[0], words[2] }, 2);
		link->skips++;
	}
	if (redis->db) {
		AUTOFREE char *number = str_format("%" PRId64, redis->db);
		resp_add(&link->out, (struct view[]){ view_of("SELECT"), view_of(number) }, 2);
		link->skips++;
	}
}

static err *link_open(struct link *link)
{
	const struct redis *redis = link->kv->state;
	struct http_raw_events events = { on_open, on_ready, link };
	struct http_loop *http;
	TRY(kv_http(link->kv, &http));
	str_init(&link->out);
	str_init(&link->in);
	arena_init(&link->arena);
	link->skips = 0;
	link->is_open = false;
	link->timer = loop_timer_new(link->kv->loop, on_late, link);
	link_expect(link);
	greet(link);
	return http_raw_open(http, redis->url, link->kv->options.policy.request_ms, &events,
	                     &link->call);
}

/* --- names --- */

/* "db/host" below "app" is "app:db:host". */
static char *redis_key(const struct redis *redis, const char *path)
{
	AUTOFREE char *joined = kv_join(redis->prefix, path);
	for (char *c = joined; *c; c++)
		*c = *c == '/' ? redis->separator : *c;
	return steal(&joined);
}

/* A pattern for what lies below the watched path; special characters quoted. */
static char *pattern_of(const struct kv_watch *watch)
{
	const struct redis *redis = watch->kv->state;
	AUTOFREE char *key = redis_key(redis, watch->path);
	AUTO(str) pattern = STR_INIT;
	for (const char *c = key; *c; c++) {
		if (strchr("*?[]\\", *c))
			str_addch(&pattern, '\\');
		str_addch(&pattern, *c);
	}
	str_addch(&pattern, '*');
	return str_detach(&pattern);
}

/* Relative to the watched path, with '/'; NULL: not below it. Caller frees. */
static char *relative(const struct kv_watch *watch, const char *key)
{
	const struct redis *redis = watch->kv->state;
	AUTOFREE char *base = redis_key(redis, watch->path);
	size_t len = strlen(base);
	if (strncmp(key, base, len) != 0 || (len && key[len] && key[len] != redis->separator))
		return NULL;
	char *rest = mem_strdup(key + len + (len && key[len] == redis->separator));
	for (char *c = rest; *c; c++)
		*c = *c == redis->separator ? '/' : *c;
	return rest;
}

/* --- reading --- */

static void drop_keys(struct follow *f)
{
	for (size_t i = 0; i < f->keys.len; i++)
		mem_free(f->keys.ptr[i]);
	f->keys.len = f->others.len = f->next = f->next_other = 0;
	kv_set_free(f->set);
	f->set = NULL;
}

static void finish_read(struct follow *f, err *take_error)
{
	struct kv_set *set = take_error ? NULL : steal(&f->set);
	link_close(&f->read);
	drop_keys(f);
	if (set)
		kv_set_seal(set);
	kv_read_done(f->watch, set, take_error);
}

static void ask(struct follow *f, const char *a, const char *b, const char *c, const char *d)
{
	struct view words[] = { view_of(a), view_of(b ? b : ""), view_of(c ? c : ""),
		                view_of(d ? d : "") };
	send_words(&f->read, words, d ? 4 : c ? 3 : b ? 2 : 1);
}

static void ask_scan(struct follow *f, const char *cursor)
{
	AUTOFREE char *pattern = pattern_of(f->watch);
	struct view words[] = { view_of("SCAN"),  view_of(cursor),  view_of("MATCH"),
		                view_of(pattern), view_of("COUNT"), view_of("1000") };
	f->step = ASK_SCAN;
	send_words(&f->read, words, ARRAY_LEN(words));
}

static void ask_values(struct follow *f)
{
	VEC(struct view) words = VEC_INIT;
	size_t end = MIN(f->next + BATCH, f->keys.len);
	f->step = ASK_VALUES;
	vec_push(&words, view_of("MGET"));
	for (size_t i = f->next; i < end; i++)
		vec_push(&words, view_of(f->keys.ptr[i]));
	send_words(&f->read, words.ptr, words.len);
	vec_clear(&words);
}

static void next_part(struct follow *f)
{
	if (f->next < f->keys.len) {
		ask_values(f);
	} else if (f->next_other < f->others.len) {
		f->step = ASK_TYPES;
		ask(f, "TYPE", f->keys.ptr[f->others.ptr[f->next_other]], NULL, NULL);
	} else {
		finish_read(f, NULL);
	}
}

static err *add_value(struct follow *f, const char *key, const char *field, const struct val *value)
{
	AUTOFREE char *name = relative(f->watch, key);
	if (!name || !val_is(value, VAL_STR) || (f->watch->scope == KV_KEY && (*name || field)))
		return NULL;
	if (f->watch->scope == KV_TREE && !*name && !field)
		return NULL; /* a tree is what lies below its path */
	AUTOFREE char *full = field ? kv_join(name, field) : mem_strdup(name);
	return kv_set_add(f->set, full, strlen(full),
	                  (struct view){ value->as.str.ptr, value->as.str.len }, 0);
}

static err *take_scan(struct follow *f, const struct val *value)
{
	const struct val *cursor = val_at(value, 0), *keys = val_at(value, 1), *key;
	if (!val_is(cursor, VAL_STR) || !val_is(keys, VAL_LIST))
		return err_new(ERR_INVALID, "'%s' answers SCAN with something else",
		               f->watch->kv->display);
	for (VAL_EACH_ITEM(i, key, keys)) {
		if (!val_is(key, VAL_STR) || f->keys.len >= KV_MAX_PAIRS)
			return err_new(ERR_LIMIT, "more than %u keys", KV_MAX_PAIRS);
		vec_push(&f->keys, mem_strdup(key->as.str.ptr));
	}
	if (strcmp(cursor->as.str.ptr, "0") == 0)
		next_part(f);
	else
		ask_scan(f, cursor->as.str.ptr);
	return NULL;
}

static err *take_values(struct follow *f, const struct val *value)
{
	const struct val *item;
	for (VAL_EACH_ITEM(i, item, value)) {
		if (f->next >= f->keys.len)
			break;
		if (item->kind == VAL_NULL)
			vec_push(&f->others, f->next);
		TRY(add_value(f, f->keys.ptr[f->next], NULL, item));
		f->next++;
	}
	next_part(f);
	return NULL;
}

static err *take_hash(struct follow *f, const struct val *value)
{
	const char *key = f->keys.ptr[f->others.ptr[f->next_other++]];
	for (size_t i = 0; i + 1 < val_len(value); i += 2)
		if (val_is(val_at(value, i), VAL_STR))
			TRY(add_value(f, key, val_at(value, i)->as.str.ptr, val_at(value, i + 1)));
	next_part(f);
	return NULL;
}

static void take_type(struct follow *f, const struct val *value)
{
	bool is_hash = val_is(value, VAL_STR) && strcmp(value->as.str.ptr, "hash") == 0;
	if (is_hash) {
		f->step = ASK_HASHES;
		ask(f, "HGETALL", f->keys.ptr[f->others.ptr[f->next_other]], NULL, NULL);
		return;
	}
	f->next_other++; /* a list, or gone meanwhile */
	next_part(f);
}

static err *subscribe(struct follow *f);

/* "K" for keyspace events, and either all kinds or those of strings, hashes and every key. */
static err *take_config(struct follow *f, const struct val *value, const char *error)
{
	const char *flags =
		error || !val_is(val_at(value, 1), VAL_STR) ? "" : val_at(value, 1)->as.str.ptr;
	f->knows_push = true;
	f->can_push = strchr(flags, 'K') &&
	              (strchr(flags, 'A') || (strchr(flags, '$') && strchr(flags, 'g')));
	if (f->can_push)
		return subscribe(f); /* before reading, so that nothing is missed */
	ask_scan(f, "0");
	return NULL;
}

static void on_read_answer(struct link *link, const struct val *value, const char *error)
{
	struct follow *f = link->owner;
	err *e = error && f->step != ASK_CONFIG ? answer_error(link->kv, error) : NULL;
	if (!e)
		switch (f->step) {
		case ASK_CONFIG:
			e = take_config(f, value, error);
			break;
		case ASK_SCAN:
			e = take_scan(f, value);
			break;
		case ASK_VALUES:
			e = take_values(f, value);
			break;
		case ASK_TYPES:
			take_type(f, value);
			break;
		case ASK_HASHES:
			e = take_hash(f, value);
			break;
		}
	if (e)
		finish_read(f, e);
}

static void on_read_fail(struct link *link, err *take_error)
{
	finish_read(link->owner, take_error);
}

static void read_redis(struct kv_watch *watch)
{
	struct follow *f = watch->state;
	if (!f) {
		f = MEM_NEW(struct follow);
		f->watch = watch;
		f->read = (struct link){ .kv = watch->kv,
			                 .on_answer = on_read_answer,
			                 .on_fail = on_read_fail,
			                 .owner = f };
		watch->state = f;
	}
	drop_keys(f);
	f->set = kv_set_new();
	f->has_changed = false;
	err *e = link_open(&f->read);
	if (e) {
		finish_read(f, e);
		return;
	}
	f->step = ASK_CONFIG;
	if (!f->knows_push)
		ask(f, "CONFIG", "GET", "notify-keyspace-events", NULL);
	else if (f->can_push && !f->is_subscribed)
		e = subscribe(f);
	else
		ask_scan(f, "0");
	if (e)
		finish_read(f, e);
}

/* --- the subscription --- */

static void wake(struct follow *f, err *take_error)
{
	if (!f->is_waiting) {
		err_ignore(take_error, "the next wait finds it");
		return;
	}
	f->is_waiting = false;
	kv_wait_done(f->watch, take_error);
}

static void on_news(struct link *link, const struct val *value, const char *error)
{
	struct follow *f = link->owner;
	const struct val *kind = val_at(value, 0);
	if (error) {
		link_fail(link, answer_error(link->kv, error));
	} else if (val_is(kind, VAL_STR) && strcmp(kind->as.str.ptr, "psubscribe") == 0) {
		f->is_subscribed = true;
		link->is_idle = true;
		link_expect(link);
		ask_scan(f, "0");
	} else if (!val_is(kind, VAL_STR) || strcmp(kind->as.str.ptr, "pong") != 0) {
		f->has_changed = true;
		wake(f, NULL);
	}
}

static void on_news_fail(struct link *link, err *take_error)
{
	struct follow *f = link->owner;
	bool was_subscribed = f->is_subscribed;
	f->is_subscribed = false;
	f->has_changed = true; /* nobody knows what was missed */
	if (was_subscribed)
		wake(f, take_error);
	else
		finish_read(f, take_error);
}

static err *subscribe(struct follow *f)
{
	const struct redis *redis = f->watch->kv->state;
	AUTOFREE char *pattern = pattern_of(f->watch);
	AUTOFREE char *channel = str_format("__keyspace@%" PRId64 "__:%s", redis->db, pattern);
	f->news = (struct link){
		.kv = f->watch->kv, .on_answer = on_news, .on_fail = on_news_fail, .owner = f
	};
	TRY(link_open(&f->news));
	send_words(&f->news, (struct view[]){ view_of("PSUBSCRIBE"), view_of(channel) }, 2);
	return NULL;
}

static void wait_redis(struct kv_watch *watch)
{
	struct follow *f = watch->state;
	if (f->can_push && f->has_changed) {
		kv_wait_done(watch, NULL);
		return;
	}
	if (!f->can_push) {
		kv_wait_later(watch);
		return;
	}
	f->is_waiting = true;
}

static void stop(struct kv_watch *watch)
{
	struct follow *f = watch->state;
	if (!f)
		return;
	link_close(&f->read);
	link_close(&f->news);
	drop_keys(f);
	vec_clear(&f->keys);
	vec_clear(&f->others);
	mem_free(f);
	watch->state = NULL;
}

/* --- changing: one transaction --- */

struct change {
	struct kv_task *task;
	struct link link;
	size_t answers; /* QUEUED ones, before that of EXEC */
};

static void end_change(struct change *change, err *take_error)
{
	/* Whoever calls is still at work with the link: it goes with the task. */
	link_close(&change->link);
	kv_task_done(change->task, take_error);
}

static void on_change_answer(struct link *link, const struct val *value, const char *error)
{
	struct change *change = link->owner;
	(void)value;
	if (error)
		end_change(change, answer_error(link->kv, error));
	else if (change->answers-- == 0)
		end_change(change, NULL);
}

static void on_change_fail(struct link *link, err *take_error)
{
	end_change(link->owner, take_error);
}

static void add_operations(struct change *change)
{
	const struct kv_task *task = change->task;
	resp_add(&change->link.out, (struct view[]){ view_of("MULTI") }, 1);
	change->answers++;
	for (size_t i = 0; i < task->count; i++) {
		const struct kv_change *c = &task->changes[i];
		AUTOFREE char *key = redis_key(task->kv->state, c->path);
		struct view words[] = { view_of(c->is_removal ? "DEL" : "SET"), view_of(key),
			                c->value };
		resp_add(&change->link.out, words, c->is_removal ? 2 : 3);
		change->answers++;
	}
	resp_add(&change->link.out, (struct view[]){ view_of("EXEC") }, 1);
}

static void change_redis(struct kv_task *task)
{
	struct change *change = MEM_NEW(struct change);
	change->task = task;
	change->link = (struct link){ .kv = task->kv,
		                      .on_answer = on_change_answer,
		                      .on_fail = on_change_fail,
		                      .owner = change };
	task->state = change;
	err *e = link_open(&change->link);
	if (e)
		end_change(change, e);
	else
		add_operations(change);
}

static void stop_task(struct kv_task *task)
{
	struct change *change = task->state;
	if (change) {
		link_close(&change->link);
		mem_free(change);
	}
}

/* --- life --- */

static err *open_redis(struct kv *kv)
{
	AUTOFREE char *db = kv_url_get(&kv->url, "db");
	AUTOFREE char *separator = kv_url_get(&kv->url, "separator");
	int64_t number = 0;
	if (!*kv->url.host)
		return err_hint(err_new(ERR_USAGE, "'%s' has no host", kv->display),
		                "for example redis://127.0.0.1:6379/app");
	if (db && (!num_parse_i64(db, strlen(db), &number) || number < 0 || number > MAX_DB))
		return err_new(ERR_USAGE, "'%s': db must be a number", kv->display);
	if (separator && strlen(separator) != 1)
		return err_new(ERR_USAGE, "'%s': separator must be one character", kv->display);
	struct redis *redis = MEM_NEW(struct redis);
	kv->state = redis;
	redis->url = kv_http_base(kv, strcmp(kv->url.scheme, "rediss") == 0, DEFAULT_PORT);
	redis->prefix = mem_strdup(kv->url.path);
	redis->separator = separator ? *separator : ':';
	redis->db = number;
	return NULL;
}

static void close_redis(struct kv *kv)
{
	struct redis *redis = kv->state;
	if (!redis)
		return;
	mem_free(redis->url);
	mem_free(redis->prefix);
	mem_free(redis);
}

const struct kv_driver kv_driver_redis = {
	.schemes = schemes,
	.features = KV_CAN_PUSH | KV_CAN_CHANGE | KV_CAN_MANY,
	.open = open_redis,
	.close = close_redis,
	.read = read_redis,
	.wait = wait_redis,
	.stop = stop,
	.change = change_redis,
	.stop_task = stop_task,
};
