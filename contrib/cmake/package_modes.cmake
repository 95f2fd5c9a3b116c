# Before the package is packed: folders as Debian has them. CPack makes them below the umask of whoever builds, and a package whose
# /usr is closed would close that of the machine it is installed on.
file(CHMOD_RECURSE ${CPACK_TEMPORARY_INSTALL_DIRECTORY}
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
