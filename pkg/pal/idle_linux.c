#include "base/base.h"

#include "pal/idle.h"

#include <link.h>
#include <sys/mman.h>

/* Only what nobody can have written to: code and constants. */
static int drop(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + part->p_vaddr, page = 4096;
		if (part->p_type != PT_LOAD || (part->p_flags & PF_W))
			continue;
		uintptr_t start = from & ~(page - 1), end = (from + part->p_memsz) & ~(page - 1);
		if (end > start)
			(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void process_shrink(void)
{
	(void)dl_iterate_phdr(drop, NULL);
}
