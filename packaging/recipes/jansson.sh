# shellcheck shell=bash disable=SC2154
# Its inner functions have common names; ours must not take their place.
for name in utf8_check_first utf8_check_full utf8_check_string utf8_encode utf8_iterate strbuffer_append_byte \
	strbuffer_append_bytes strbuffer_clear strbuffer_close strbuffer_init strbuffer_pop strbuffer_steal_value \
	strbuffer_value hashtable_clear hashtable_close hashtable_del hashtable_get hashtable_init hashtable_iter \
	hashtable_iter_at hashtable_iter_next hashtable_iter_set hashtable_set; do
	CMAKE_C_FLAGS_ALL+=" -D$name=jansson_$name"
done
export CMAKE_C_FLAGS_ALL
cmake_build -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
