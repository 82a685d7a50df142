# Compile and link settings, and the functions that declare a room, its tests, and embedded text.

add_library(burin_options INTERFACE)
target_compile_options(burin_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-fpch-instantiate-templates -Wnon-virtual-dtor -Werror=unused-result -Werror=dangling>
  -fno-omit-frame-pointer -ffunction-sections -fdata-sections
  -Wall -Wextra -Wshadow -Wimplicit-fallthrough -Werror=return-type -Wno-missing-field-initializers)
target_compile_definitions(burin_options INTERFACE
  BURIN_VERSION="${PROJECT_VERSION}" BURIN_COMPAT_VERSION="${BURIN_COMPAT_VERSION}"
  TOML_HEADER_ONLY=0 TOML_EXCEPTIONS=0 BOOST_JSON_NO_LIB=1)
target_link_options(burin_options INTERFACE
  -fuse-ld=mold -Wl,--gc-sections -static-libstdc++ -static-libgcc -Wl,-z,relro,-z,now)
if(NOT BURIN_SANITIZE)
  # Folding equal functions; mold crashes on it together with the sanitizers.
  target_link_options(burin_options INTERFACE -Wl,--icf=safe)
endif()
if(BURIN_SANITIZE)
  target_compile_options(burin_options INTERFACE -fsanitize=${BURIN_SANITIZE} -fno-sanitize-recover=undefined)
  target_link_options(burin_options INTERFACE -fsanitize=${BURIN_SANITIZE})
endif()
if(BURIN_FUZZ)
  # Coverage of the rooms themselves guides the fuzzers.
  target_compile_options(burin_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(burin_options INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

# Static archives of Debian packages: start-up time is dominated by the number of shared libraries.
function(burin_static_lib out name)
  find_library(BURIN_LIB_${name} NAMES lib${name}.a REQUIRED)
  set(${out} ${BURIN_LIB_${name}} PARENT_SCOPE)
endfunction()

# burin_room(<name> [NEEDS rooms...] [LIBS libraries...]): src/<name>/*.cc is one static library,
# src/<name>/*_test.cc one test program.
function(burin_room name)
  cmake_parse_arguments(ROOM "" "" "NEEDS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(burin_${name} STATIC ${sources})
  target_link_libraries(burin_${name} PUBLIC burin_options ${ROOM_LIBS})
  foreach(need ${ROOM_NEEDS})
    if(TARGET burin_${need})
      target_link_libraries(burin_${name} PUBLIC burin_${need})
    endif()
  endforeach()
  if(name STREQUAL "base")
    target_precompile_headers(burin_base PRIVATE ${CMAKE_SOURCE_DIR}/src/base/pch.h)
  else()
    target_precompile_headers(burin_${name} REUSE_FROM burin_base)
  endif()
  if(TARGET burin_prompts)
    add_dependencies(burin_${name} burin_prompts)
  endif()
  if(BURIN_UNITY)
    set_target_properties(burin_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  if(tests AND BURIN_TESTS)
    find_package(GTest REQUIRED)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE burin_${name} burin_io GTest::gtest GTest::gmock)
    if(TARGET burin_sandbox)
      target_sources(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/src/testing/main_sandboxed.cc)
      target_link_libraries(${name}_test PRIVATE burin_sandbox)
    else()
      target_sources(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/src/testing/main.cc)
    endif()
    if(TARGET burin_testkit OR name STREQUAL "testkit")
      target_link_libraries(${name}_test PRIVATE burin_testkit)
    endif()
    if(TARGET base_test AND NOT name STREQUAL "base")
      target_precompile_headers(${name}_test REUSE_FROM base_test)
    else()
      target_precompile_headers(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/src/testing/pch.h)
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endif()
endfunction()

# Markdown prompts become string constants: prompts/<name>.md -> burin::prompts::<name>.
function(burin_embed_prompts)
  file(GLOB prompts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/prompts/*.md)
  list(FILTER prompts EXCLUDE REGEX "README.md$")
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/generated/prompts.h
    COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/generated/prompts.h "-DFILES=${prompts}"
            -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${prompts} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
  add_custom_target(burin_prompts DEPENDS ${CMAKE_BINARY_DIR}/generated/prompts.h)
endfunction()
