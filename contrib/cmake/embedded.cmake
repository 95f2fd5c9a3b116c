# Files that become text in the binary: struct evac_conf_text NAMEs[], as HEADER declares, in a library called NAMEs.
function(evac_embed name header pattern)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
  set(generated ${PROJECT_BINARY_DIR}/${name}s.c)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -DOUT=${generated} -DNAME=${name} -DHEADER=${header}
            -P ${PROJECT_SOURCE_DIR}/contrib/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/contrib/cmake/embed.cmake VERBATIM)
  add_library(${name}s STATIC ${generated})
  target_link_libraries(${name}s PUBLIC evac_conf)
endfunction()

# Runbooks, and what the drivers' folders know of planes and dependencies (for the lint).
evac_embed(evac_builtin_runbook builtin_runbooks.h runbooks/*.cfg)
evac_embed(evac_builtin_fact builtin_facts.h drivers/*/facts/*.cfg)
# The reports' style.
evac_embed(evac_builtin_page builtin_pages.h controller/report/*.css)
target_include_directories(evac_builtin_pages PUBLIC controller/report)
# Which part of the evidence answers which requirement.
evac_embed(evac_builtin_mapping mapping.h controller/evidence/mapping/*.cfg)
target_include_directories(evac_builtin_mappings PUBLIC controller/evidence)

# The dashboard: one document in a library called evac_dashboard.
file(GLOB dashboard_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/controller/web/*.js
  ${PROJECT_SOURCE_DIR}/controller/web/*.css ${PROJECT_SOURCE_DIR}/controller/web/*.html)
add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/dashboard.c BYPRODUCTS ${PROJECT_BINARY_DIR}/dashboard.html
  COMMAND ${CMAKE_COMMAND} -DDIR=${PROJECT_SOURCE_DIR}/controller/web -DOUT=${PROJECT_BINARY_DIR}/dashboard.c
          -DHTML=${PROJECT_BINARY_DIR}/dashboard.html -P ${PROJECT_SOURCE_DIR}/contrib/cmake/dashboard.cmake
  DEPENDS ${dashboard_sources} ${PROJECT_SOURCE_DIR}/contrib/cmake/dashboard.cmake VERBATIM)
add_library(evac_dashboard STATIC ${PROJECT_BINARY_DIR}/dashboard.c)
target_include_directories(evac_dashboard PRIVATE ${PROJECT_SOURCE_DIR}/controller/web)
# What the API's requests and answers look like.
evac_embed(evac_api_schema body_schema.h controller/api/schemas/*.json)
target_include_directories(evac_api_schemas PUBLIC controller/api)
