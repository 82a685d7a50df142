# The rooms, lowest first. A room may use only rooms above it (docs/architecture.md); tests/include_graph checks it.
enable_testing()
burin_embed_prompts()

burin_static_lib(LIB_BOOST_JSON boost_json)
burin_static_lib(LIB_PCRE2 pcre2-8)
burin_static_lib(LIB_Z z)
burin_static_lib(LIB_ZSTD zstd)
burin_static_lib(LIB_MD md)
burin_static_lib(LIB_SQLITE sqlite3)
burin_static_lib(LIB_SECCOMP seccomp)
burin_static_lib(LIB_TREE_SITTER tree-sitter)
burin_static_lib(LIB_STB stb)
burin_static_lib(LIB_WEBP webp)
find_package(Threads REQUIRED)

include(cmake/grammar.cmake)

burin_room(base LIBS ${LIB_BOOST_JSON} ${LIB_PCRE2} ${LIB_MD})
burin_room(io NEEDS base LIBS Threads::Threads ${CMAKE_DL_LIBS} ${LIB_Z} ${LIB_MD} ${LIB_ZSTD} ${LIB_SQLITE} m)
burin_room(wire NEEDS base)
burin_room(config NEEDS base io wire)
burin_room(model NEEDS base io wire config)
burin_room(context NEEDS base io wire config model LIBS ${LIB_STB} ${LIB_WEBP})
burin_room(sandbox NEEDS base io wire config LIBS ${LIB_SECCOMP} burin_bash_grammar ${LIB_TREE_SITTER})
burin_room(tools NEEDS base io wire config model context sandbox)
burin_room(store NEEDS base io wire)
burin_room(testkit NEEDS base io wire)
burin_room(agent NEEDS base io wire config model context sandbox tools store)
burin_room(exec NEEDS agent)
burin_room(cli NEEDS exec testkit)

# Flows recorded from the reference, which agent_test plays.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/agent/flows_test.cc PROPERTIES
  COMPILE_DEFINITIONS BURIN_FLOWS="${CMAKE_SOURCE_DIR}/tests/flows")

# The program.
if(TARGET burin_cli)
  add_executable(burin ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
  target_link_libraries(burin PRIVATE burin_cli)
endif()

# Measured by bench/run; not part of the default build.
add_executable(bench_append EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/append.cc)
target_link_libraries(bench_append PRIVATE burin_store)

# fuzz/<name>_fuzz.cc is one libFuzzer program each.
if(BURIN_FUZZ)
  file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*_fuzz.cc)
  foreach(source ${targets})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE burin_tools burin_store)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()

# Checks that read the tree, and tests of the built program.
if(BURIN_TESTS)
  add_test(NAME include_graph COMMAND ${CMAKE_SOURCE_DIR}/tests/check_includes.py)
  add_test(NAME seams COMMAND ${CMAKE_SOURCE_DIR}/tests/check_seams.py)
  if(TARGET burin)
    file(GLOB e2e CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/e2e_*.py)
    foreach(script ${e2e})
      get_filename_component(name ${script} NAME_WE)
      add_test(NAME ${name} COMMAND python3 ${script} $<TARGET_FILE:burin>)
      set_tests_properties(${name} PROPERTIES TIMEOUT 600)
    endforeach()
  endif()
endif()
