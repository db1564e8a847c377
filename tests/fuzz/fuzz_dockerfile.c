/* Any bytes as a Dockerfile: places stay inside, words inside their instruction. */
#include "base/base.h"

#include "lint/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = ARENA_INIT;
	struct dockerfile file;
	dockerfile_parse((const char *)data, size, &a, &file);
	for (size_t i = 0; i < file.n_instructions; i++) {
		const struct dockerfile_instruction *in = &file.instructions[i];
		assert(in->start <= in->name_end && in->name_end <= in->end && in->end <= size);
		for (size_t k = 0; k < in->n_words; k++)
			assert(in->words[k].start <= in->words[k].end && in->words[k].end <= size);
		for (size_t k = 0; k < in->n_commands; k++)
			assert(in->commands[k].n_words > 0 && in->commands[k].end <= size);
	}
	return 0;
}
