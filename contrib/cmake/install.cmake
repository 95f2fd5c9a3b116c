# What `cmake --install` puts where, and the Debian package made of it (cpack -G DEB).
include(GNUInstallDirs)

# --- for drivers built elsewhere: headers, and the helpers that they declare as one archive ---------
# Its own copy, position independent and without sanitizers: a driver links it whatever evacd was built with.
file(GLOB driver_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/evac/*.h)
list(TRANSFORM driver_headers REPLACE ".*/([a-z_]+)\\.h$" "${PROJECT_SOURCE_DIR}/controller/base/\\1.c" OUTPUT_VARIABLE driver_sources)
set(driver_kit format plain give_back) # what those stand on
list(TRANSFORM driver_kit REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/controller/base/\\1.c")
foreach(source IN LISTS driver_sources) # contracts without code have none
  if(EXISTS ${source})
    list(APPEND driver_kit ${source})
  endif()
endforeach()
add_library(evac-driver STATIC ${driver_kit})
target_include_directories(evac-driver PUBLIC ${PROJECT_SOURCE_DIR}/include)
target_compile_options(evac-driver PRIVATE -O2 -Wall -Wextra -fvisibility=hidden -fstack-protector-strong -D_GNU_SOURCE)
set_target_properties(evac-driver PROPERTIES POSITION_INDEPENDENT_CODE ON)

file(RELATIVE_PATH EVAC_INCLUDE_FROM_LIB /${CMAKE_INSTALL_LIBDIR} /${CMAKE_INSTALL_INCLUDEDIR})
set(EVAC_DRIVER_DIR ${CMAKE_INSTALL_LIBDIR}/evac/drivers)
file(STRINGS ${PROJECT_SOURCE_DIR}/include/evac/driver.h abi REGEX "define EVAC_DRIVER_ABI")
string(REGEX MATCH "[0-9]+" EVAC_DRIVER_ABI "${abi}")
configure_file(${PROJECT_SOURCE_DIR}/contrib/cmake/evac-driver.pc.in ${PROJECT_BINARY_DIR}/evac-driver.pc @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/contrib/cmake/evac-driver-config.cmake.in
  ${PROJECT_BINARY_DIR}/evac-driver-config.cmake @ONLY)
install(TARGETS evac-driver ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${driver_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/evac)
install(FILES ${PROJECT_BINARY_DIR}/evac-driver.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_BINARY_DIR}/evac-driver-config.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/evac-driver)
install(DIRECTORY DESTINATION ${EVAC_DRIVER_DIR}
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# --- for apps that ask in their own process: the fence's judgement, with what it stands on -----------
set(fence_kit fence.c fence_word.c ../base/err.c ../base/format.c ../base/str.c)
list(TRANSFORM fence_kit PREPEND ${PROJECT_SOURCE_DIR}/controller/fence/)
add_library(evac_fence_kit STATIC ${fence_kit})
target_include_directories(evac_fence_kit PUBLIC ${PROJECT_SOURCE_DIR}/include)
target_compile_options(evac_fence_kit PRIVATE -O2 -Wall -Wextra -fstack-protector-strong -D_GNU_SOURCE)
target_link_libraries(evac_fence_kit PUBLIC PkgConfig::CJSON)
set_target_properties(evac_fence_kit PROPERTIES OUTPUT_NAME evac-fence POSITION_INDEPENDENT_CODE ON)
configure_file(${PROJECT_SOURCE_DIR}/contrib/cmake/evac-fence.pc.in ${PROJECT_BINARY_DIR}/evac-fence.pc @ONLY)
install(TARGETS evac_fence_kit ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_BINARY_DIR}/evac-fence.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- programs, and what stands around them -----------------------------------------------------------
install(TARGETS evacd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS evac RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS evac_fence_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET evac_sandbox)
  install(TARGETS evac_sandbox RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
set(contrib ${PROJECT_SOURCE_DIR}/contrib)
install(FILES ${contrib}/systemd/evacd.service ${contrib}/systemd/evac-fence@.service DESTINATION lib/systemd/system)
install(FILES ${contrib}/systemd/evac.sysusers DESTINATION lib/sysusers.d RENAME evac.conf)
install(FILES ${contrib}/systemd/evac.tmpfiles DESTINATION lib/tmpfiles.d RENAME evac.conf)
# Manual pages and the changelog as Debian has them: gzip without a name or time, so that builds can be compared.
set(pressed)
function(evac_press file name destination)
  set(out ${PROJECT_BINARY_DIR}/pressed/${name}.gz)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/pressed
    COMMAND gzip -9nc ${file} > ${out} DEPENDS ${file} VERBATIM)
  install(FILES ${out} DESTINATION ${destination})
  set(pressed ${pressed} ${out} PARENT_SCOPE)
endfunction()
file(GLOB pages CONFIGURE_DEPENDS ${contrib}/man/*.[1-8])
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  string(REGEX MATCH "[1-8]$" section ${name})
  evac_press(${page} ${name} ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
evac_press(${PROJECT_SOURCE_DIR}/CHANGELOG.md changelog ${CMAKE_INSTALL_DATADIR}/doc/evac)
add_custom_target(evac_pressed ALL DEPENDS ${pressed})

# The command prints its own completions: they can not be older than it is.
set(completions ${PROJECT_BINARY_DIR}/completions)
add_custom_command(OUTPUT ${completions}/evac ${completions}/_evac ${completions}/evac.fish
  COMMAND ${CMAKE_COMMAND} -E make_directory ${completions}
  COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:evac> completion bash > ${completions}/evac
  COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:evac> completion zsh > ${completions}/_evac
  COMMAND ${CMAKE_COMMAND} -E env ASAN_OPTIONS=detect_leaks=0 $<TARGET_FILE:evac> completion fish > ${completions}/evac.fish
  DEPENDS evac VERBATIM)
add_custom_target(evac_completions ALL DEPENDS ${completions}/evac)
install(FILES ${completions}/evac DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completions}/_evac DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${completions}/evac.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

file(GLOB runbooks CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/runbooks/*.cfg)
install(FILES ${runbooks} DESTINATION ${CMAKE_INSTALL_DATADIR}/evac/runbooks)
file(GLOB facts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/drivers/*/facts/*.cfg)
install(FILES ${facts} DESTINATION ${CMAKE_INSTALL_DATADIR}/evac/facts)
install(DIRECTORY ${contrib}/grafana ${contrib}/prometheus ${contrib}/terraform DESTINATION ${CMAKE_INSTALL_DATADIR}/evac
  PATTERN ".terraform*" EXCLUDE)
set(docs ${CMAKE_INSTALL_DATADIR}/doc/evac)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${contrib}/DRIVERS.md ${contrib}/SECURITY.md DESTINATION ${docs})
install(FILES ${PROJECT_SOURCE_DIR}/runbooks/README.md DESTINATION ${docs} RENAME runbooks.md)
install(FILES ${contrib}/debian/copyright DESTINATION ${docs})
install(DIRECTORY ${contrib}/example/ DESTINATION ${docs}/examples)
install(DIRECTORY ${contrib}/example-driver DESTINATION ${docs}/examples)

# --- the package -------------------------------------------------------------------------------------
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # what is there is packed: build first
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME evac)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "disaster recovery orchestrator and failover controller")
set(CPACK_PACKAGE_DESCRIPTION "Watches applications in several cloud regions, moves them out of a failing one,
proves how long that took and how much data it cost, and rehearses it.

Holds evacd, the controller; evac, its command line; evac-fence, the app's half of the
fence; evac-sandbox, a model of AWS on loopback; and headers for drivers of your own.")
set(EVAC_PACKAGE_CONTACT "evac <root@localhost>" CACHE STRING "Whoever makes the package")
set(CPACK_PACKAGE_CONTACT ${EVAC_PACKAGE_CONTACT})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${contrib}/cmake/package_modes.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libwebsockets loads its loop by name: no tool sees that in the binary.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata, libwebsockets-evlib-uv")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, pkg-config")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${contrib}/debian/postinst ${contrib}/debian/prerm ${contrib}/debian/postrm)
include(CPack)
