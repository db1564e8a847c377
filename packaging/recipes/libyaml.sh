# shellcheck shell=bash disable=SC2154
export CMAKE_C_FLAGS_ALL="$CMAKE_C_FLAGS_ALL -DYAML_DECLARE_STATIC"
cmake_build -DBUILD_TESTING=OFF
