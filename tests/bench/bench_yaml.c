/*
 * YAML reading: yaml_load (tree, marks, limits) beside a bare loop over libyaml's events, the same
 * text, the same process, in turns. Prints: MB/s of ours and of the loop, our bytes of memory per
 * byte of text. usage: bench_yaml FILE ROUNDS
 */
#include "base/base.h"

#include <time.h>
#include <yaml.h>

#include "json/json.h"
#include "yaml/yaml.h"

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double time_events(const struct str *text)
{
	double start = cpu_seconds();
	yaml_parser_t parser;
	yaml_event_t event;
	bool is_done = false;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text->ptr, text->len);
	while (!is_done && yaml_parser_parse(&parser, &event)) {
		is_done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return cpu_seconds() - start;
}

static double time_load(const struct str *text, size_t *ret_bytes)
{
	double start = cpu_seconds();
	AUTO(arena) a = ARENA_INIT;
	struct yaml_docs docs;
	err *e = yaml_load(text->ptr, text->len, "bench", &a, &docs);
	*ret_bytes = a.total_bytes;
	arena_clear(&a);
	double seconds = cpu_seconds() - start;
	if (e)
		fprintf(stderr, "%s\n", err_message(e));
	return e ? 1e9 : seconds;
}

static void read_file(const char *path, struct str *out)
{
	FILE *file = fopen(path, "rb");
	char buf[65536];
	size_t len;
	while (file && (len = fread(buf, 1, sizeof(buf), file)) > 0)
		str_add(out, buf, len);
	if (file)
		fclose(file);
}

int main(int argc, char **argv)
{
	AUTO(str) text = STR_INIT;
	double load = 1e9, events = 1e9;
	size_t bytes = 0;
	if (argc < 3)
		return 2;
	read_file(argv[1], &text);
	for (long i = strtol(argv[2], NULL, 10); i > 0; i--) {
		events = MIN(events, time_events(&text));
		load = MIN(load, time_load(&text, &bytes));
	}
	double megabytes = (double)text.len / 1e6;
	printf("%.1f %.1f %.2f\n", megabytes / load, megabytes / events,
	       (double)bytes / (double)text.len);
	return 0;
}
