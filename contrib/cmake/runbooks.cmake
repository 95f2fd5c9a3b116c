# runbooks/*.cfg become text in the binary: struct evac_conf_text evac_builtin_runbooks[].
file(GLOB runbooks CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runbooks/*.cfg)
set(generated ${PROJECT_BINARY_DIR}/builtin_runbooks.c)
add_custom_command(OUTPUT ${generated}
  COMMAND ${CMAKE_COMMAND} "-DFILES=${runbooks}" -DOUT=${generated}
          -P ${PROJECT_SOURCE_DIR}/contrib/cmake/embed.cmake
  DEPENDS ${runbooks} ${PROJECT_SOURCE_DIR}/contrib/cmake/embed.cmake VERBATIM)
add_library(evac_builtin_runbooks STATIC ${generated})
target_link_libraries(evac_builtin_runbooks PUBLIC evac_conf)
